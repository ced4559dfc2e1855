#include "protocol/persistent_record.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/bytes.h"

namespace cairn::protocol {
namespace {

// More seconds than any clock of the CA knows: the year 9999.
constexpr std::int64_t last_second = 253'402'300'799;

constexpr bool is_space(char c) {
    return c == ' ' || c == '\t';
}

constexpr char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

constexpr bool is_alphanumeric(char c) {
    return (c >= '0' && c <= '9') || (lower(c) >= 'a' && lower(c) <= 'z');
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
    return text;
}

bool equals_ignoring_case(std::string_view text, std::string_view lower_case) {
    return std::ranges::equal(text, lower_case, {}, lower);
}

// tag = (ALPHA / DIGIT) *( *("-") (ALPHA / DIGIT)).
bool is_tag(std::string_view text) {
    return !text.empty() && is_alphanumeric(text.front()) && is_alphanumeric(text.back()) &&
           std::ranges::all_of(text, [](char c) { return c == '-' || is_alphanumeric(c); });
}

// value = *(%x21-3A / %x3C-7E).
bool is_value(std::string_view text) {
    return std::ranges::all_of(text, [](char c) { return c >= 0x21 && c <= 0x7e && c != ';'; });
}

std::pair<std::string_view, std::string_view> split(std::string_view text, char separator) {
    const auto at = text.find(separator);
    if (at == std::string_view::npos) return {text, {}};
    return {text.substr(0, at), text.substr(at + 1)};
}

base::Result<base::Time> seconds_since_1970(std::string_view text) {
    std::int64_t seconds = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seconds);
    if (text.empty() || error != std::errc() || end != text.data() + text.size() || seconds < 0 ||
        seconds > last_second)
        return base::fail("persistUntil is no count of seconds since 1970: \"" +
                          base::printable(text, 30) + "\"");
    return base::Time(base::Seconds(seconds));
}

/// Gathers the parameters of one record.
class ParameterReader {
  public:
    explicit ParameterReader(PersistentRecord& record) : record_(record) {}

    /// What is wrong with the parameter, or nothing.
    base::Result<void> read(std::string_view parameter) {
        const auto equals = parameter.find('=');
        if (equals == std::string_view::npos)
            return base::fail("\"" + base::printable(parameter, 60) + "\" is no tag=value");
        const auto tag = trimmed(parameter.substr(0, equals));
        const auto value = trimmed(parameter.substr(equals + 1));
        if (!is_tag(tag)) return base::fail("\"" + base::printable(tag, 60) + "\" is no tag");
        if (!is_value(value))
            return base::fail("the value of " + std::string(tag) +
                              " holds other characters than "
                              "visible ASCII");
        if (equals_ignoring_case(tag, "accounturi")) return read_account(value);
        if (equals_ignoring_case(tag, "policy")) return read_policy(value);
        if (equals_ignoring_case(tag, "persistuntil")) return read_end(value);
        return {};
    }
    [[nodiscard]] bool has_account() const { return has_account_; }

  private:
    base::Result<void> once(bool& seen, std::string_view tag) {
        if (std::exchange(seen, true)) return base::fail(std::string(tag) + " stands there twice");
        return {};
    }
    base::Result<void> read_account(std::string_view value) {
        if (auto first = once(has_account_, "accounturi"); !first) return first;
        if (value.empty()) return base::fail("accounturi is empty");
        record_.account_uri = value;
        return {};
    }
    base::Result<void> read_policy(std::string_view value) {
        if (auto first = once(has_policy_, "policy"); !first) return first;
        record_.covers_subdomains = equals_ignoring_case(value, "wildcard");
        return {};
    }
    base::Result<void> read_end(std::string_view value) {
        if (auto first = once(has_end_, "persistUntil"); !first) return first;
        const auto end = seconds_since_1970(value);
        if (!end) return std::unexpected(end.error());
        record_.until = *end;
        return {};
    }

    PersistentRecord& record_;
    bool has_account_ = false, has_policy_ = false, has_end_ = false;
};

}  // namespace

base::Result<DnsName> PersistentRecord::issuer_of(std::string_view text) {
    if (text.size() > max_length) return base::fail("longer than 4096 octets");
    auto name = trimmed(split(text, ';').first);
    if (name.ends_with('.')) name.remove_suffix(1);
    auto issuer = DnsName::from_text(name);
    if (!issuer) return std::unexpected(issuer.error().within("the issuer's name"));
    return issuer;
}

base::Result<PersistentRecord> PersistentRecord::from_text(std::string_view text) {
    const auto issuer = issuer_of(text);
    if (!issuer) return std::unexpected(issuer.error());
    PersistentRecord record{*issuer, {}, false, std::nullopt};
    ParameterReader reader(record);
    bool has_more = text.contains(';');
    auto rest = split(text, ';').second;
    while (has_more) {
        has_more = rest.contains(';');
        const auto [parameter, behind] = split(rest, ';');
        if (trimmed(parameter).empty())
            return base::fail("a semicolon with no parameter behind it");
        if (const auto read = reader.read(trimmed(parameter)); !read)
            return std::unexpected(read.error());
        rest = behind;
    }
    if (!reader.has_account()) return base::fail("it has no accounturi");
    return record;
}

std::string PersistentRecord::to_text() const {
    std::string text = issuer.text() + "; accounturi=" + account_uri;
    if (covers_subdomains) text += "; policy=wildcard";
    if (until) text += "; persistUntil=" + std::to_string(until->time_since_epoch().count());
    return text;
}

}  // namespace cairn::protocol
