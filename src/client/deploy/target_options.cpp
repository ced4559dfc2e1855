#include "client/deploy/target_options.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>

#include "base/enum_table.h"
#include "client/command_words.h"
#include "client/settings.h"
#include "client/tls_place.h"

namespace cairn::client {
namespace {

namespace fs = std::filesystem;

constexpr base::EnumTable<net::StartTls, std::string_view> start_tls_names({
    {net::StartTls::none, "none"},
    {net::StartTls::smtp, "smtp"},
    {net::StartTls::lmtp, "lmtp"},
    {net::StartTls::imap, "imap"},
    {net::StartTls::pop3, "pop3"},
    {net::StartTls::sieve, "sieve"},
    {net::StartTls::nntp, "nntp"},
    {net::StartTls::ftp, "ftp"},
    {net::StartTls::xmpp_client, "xmpp"},
    {net::StartTls::xmpp_server, "xmpp-server"},
    {net::StartTls::ldap, "ldap"},
    {net::StartTls::postgresql, "postgresql"},
    {net::StartTls::mysql, "mysql"},
});

/// The parts between commas. A comma with a backslash before it, or within quotes that end, is part
/// of a value; the backslash goes, the quotes stay.
std::vector<std::string> parts_of(std::string_view text) {
    std::vector<std::string> parts{{}};
    char quote = '\0';
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char character = text[i];
        if (character == '\\' && i + 1 < text.size() && text[i + 1] == ',' && quote == '\0') {
            parts.back() += text[++i];
        } else if (quote == '\0' && character == ',') {
            parts.emplace_back();
        } else {
            if (quote != '\0') {
                if (character == quote) quote = '\0';
            } else if ((character == '"' || character == '\'') &&
                       text.find(character, i + 1) != std::string_view::npos) {
                quote = character;
            }
            parts.back() += character;
        }
    }
    return parts;
}

/// A value as it is to stand between commas: the reverse of `parts_of`.
std::string with_commas_marked(std::string_view value) {
    std::string text;
    char quote = '\0';
    for (std::size_t i = 0; i < value.size(); ++i) {
        const char character = value[i];
        if (quote != '\0') {
            if (character == quote) quote = '\0';
        } else if ((character == '"' || character == '\'') &&
                   value.find(character, i + 1) != std::string_view::npos) {
            quote = character;
        } else if (character == ',') {
            text += '\\';
        }
        text += character;
    }
    return text;
}

bool is_key(std::string_view text) {
    return !text.empty() && text.size() <= 40 && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    });
}

template <class Number>
std::optional<Number> number_from(std::string_view text, int base) {
    Number number{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
}

}  // namespace

std::string_view to_string(net::StartTls kind) {
    return start_tls_names[kind];
}

base::Result<net::StartTls> start_tls_from(std::string_view text) {
    if (const auto kind = start_tls_names.find(text)) return *kind;
    return base::fail(fmt::format("\"{}\" is no kind of STARTTLS; there are {}",
                                  base::printable(text), base::listed(start_tls_names)));
}

base::Result<uid_t> user_from(std::string_view text) {
    if (const auto number = number_from<uid_t>(text, 10)) return *number;
    const std::string name(text);
    passwd entry{};
    passwd* found = nullptr;
    std::string buffer(16384, '\0');
    if (::getpwnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) == 0 &&
        found != nullptr)
        return found->pw_uid;
    return base::fail(
        fmt::format("there is no user \"{}\" on this machine", base::printable(text)));
}

base::Result<gid_t> group_from(std::string_view text) {
    if (const auto number = number_from<gid_t>(text, 10)) return *number;
    const std::string name(text);
    group entry{};
    group* found = nullptr;
    std::string buffer(65536, '\0');
    if (::getgrnam_r(name.c_str(), &entry, buffer.data(), buffer.size(), &found) == 0 &&
        found != nullptr)
        return found->gr_gid;
    return base::fail(
        fmt::format("there is no group \"{}\" on this machine", base::printable(text)));
}

base::Result<mode_t> mode_from(std::string_view text) {
    const auto number = number_from<mode_t>(text, 8);
    if (!number || text.size() > 4)
        return base::fail(fmt::format("\"{}\" is no mode such as 0640", base::printable(text)));
    if ((*number & ~mode_t{0775}) != 0)
        return base::fail(fmt::format("{} lets others write, or has a special bit", text));
    if ((*number & mode_t{0400}) == 0)
        return base::fail(fmt::format("{} does not let the owner read", text));
    return *number;
}

base::Result<DeployProbe> probe_from(std::string_view text) {
    const auto place = ServedPlace::from_text(text);
    if (!place) return std::unexpected(place.error());
    return DeployProbe{.host = place->host, .port = place->port};
}

base::Result<TargetOptions> TargetOptions::from_text(std::string_view text) {
    const auto failed = [&](std::string_view why) {
        return base::fail(
            fmt::format("the target \"{}\" {}", base::printable(text.substr(0, 200)), why));
    };
    if (text.size() > max_text) return failed("is too long");
    if (std::ranges::any_of(text, [](unsigned char c) { return c < 0x20 || c == 0x7f; }))
        return failed("has a control character in it");
    TargetOptions options;
    bool is_first = true;
    for (const auto& part : parts_of(text)) {
        if (is_first) {
            is_first = false;
            const auto colon = part.find(':');
            options.kind_ = part.substr(0, colon);
            if (!is_key(options.kind_)) return failed("does not begin with the name of a kind");
            if (colon != std::string::npos) options.argument_ = part.substr(colon + 1);
            continue;
        }
        const auto equals = part.find('=');
        const auto key = part.substr(0, equals);
        if (equals == std::string::npos || !is_key(key))
            return failed(fmt::format(
                "has \"{}\" where KEY=VALUE is expected; a comma within a value has a backslash "
                "before it",
                base::printable(part)));
        if (options.find(key) != nullptr) return failed(fmt::format("says {} twice", key));
        options.values_.emplace_back(key, part.substr(equals + 1));
    }
    return options;
}

const std::string* TargetOptions::find(std::string_view key) const {
    const auto found = std::ranges::find(values_, key, &decltype(values_)::value_type::first);
    return found == values_.end() ? nullptr : &found->second;
}

std::string TargetOptions::argument() {
    is_argument_taken_ = true;
    return argument_;
}

bool TargetOptions::has(std::string_view key) const {
    return find(key) != nullptr;
}

std::optional<std::string> TargetOptions::take(std::string_view key) {
    taken_.emplace(key);
    const auto* const value = find(key);
    if (value == nullptr) return std::nullopt;
    if (value->empty()) refuse(key, "is empty");
    return *value;
}

std::string TargetOptions::take_or_keep(std::string_view key, const std::string& usual) {
    if (auto value = take(key)) return std::move(*value);
    if (!usual.empty()) values_.emplace_back(key, usual);
    return usual;
}

std::optional<fs::path> TargetOptions::take_path(std::string_view key) {
    const auto value = take(key);
    if (!value) return std::nullopt;
    auto path = fs::absolute(*value).lexically_normal();
    settle(key, path.string());
    return path;
}

bool TargetOptions::take_flag(std::string_view key) {
    const auto value = take(key);
    if (value && *value != "yes" && *value != "no") refuse(key, "must be yes or no");
    return value && *value == "yes";
}

std::string TargetOptions::take_command(std::string_view key) {
    const auto value = take(key);
    if (!value || value->empty()) return {};
    const auto words = CommandWords::from_text(*value);
    if (!words) {
        refuse(key, words.error().message);
        return {};
    }
    // One that is not found is told by `obstacles`: it may be installed later.
    const auto found = CommandWords::find(*value);
    auto line = found ? found->text() : words->text();
    settle(key, line);
    return line;
}

FileRights TargetOptions::take_rights(std::string_view prefix) {
    FileRights rights;
    const auto take_one = [&](std::string_view name, auto& target, auto read) {
        const auto key = fmt::format("{}{}", prefix, name);
        const auto value = take(key);
        if (!value) return;
        if (const auto read_value = read(*value))
            target = *read_value;
        else
            refuse(key, read_value.error().message);
    };
    take_one("owner", rights.owner, &user_from);
    take_one("group", rights.group, &group_from);
    take_one("mode", rights.mode, &mode_from);
    return rights;
}

std::vector<DeployProbe> TargetOptions::take_probes() {
    std::vector<DeployProbe> probes;
    const auto places = take("probe");
    const auto kind_text = take("starttls");
    const auto name = take("server-name");
    auto kind = net::StartTls::none;
    if (kind_text) {
        if (const auto read = start_tls_from(*kind_text))
            kind = *read;
        else
            refuse("starttls", read.error().message);
    }
    if (!places || *places == "none") return probes;
    std::string_view rest = *places;
    while (!rest.empty()) {
        const auto blank = rest.find(' ');
        const auto word = rest.substr(0, blank);
        rest = blank == std::string_view::npos ? std::string_view() : rest.substr(blank + 1);
        if (word.empty()) continue;
        if (auto probe = probe_from(word)) {
            probe->start_tls = kind_text ? kind : usual_start_tls(probe->port);
            probe->server_name = name.value_or("");
            probes.push_back(std::move(*probe));
        } else {
            refuse("probe", probe.error().message);
        }
    }
    return probes;
}

std::optional<crypto::KeyType> TargetOptions::take_key_type() {
    const auto value = take("key-type");
    if (!value) return std::nullopt;
    if (const auto type = crypto::key_type_from(*value)) return *type;
    refuse("key-type", "is no kind of key such as rsa2048");
    return std::nullopt;
}

void TargetOptions::settle(std::string_view key, std::string_view value) {
    const auto found = std::ranges::find(values_, key, &decltype(values_)::value_type::first);
    if (found != values_.end()) found->second = value;
}

void TargetOptions::refuse(std::string_view key, std::string_view what) {
    faults_.push_back(key.empty() ? std::string(what) : fmt::format("{}: {}", key, what));
}

std::string TargetOptions::text() const {
    auto text = kind_;
    if (!argument_.empty()) text += ":" + with_commas_marked(argument_);
    for (const auto& [key, value] : values_)
        text += fmt::format(",{}={}", key, with_commas_marked(value));
    return text;
}

std::optional<base::Error> TargetOptions::error() const {
    auto faults = faults_;
    if (!argument_.empty() && !is_argument_taken_)
        faults.push_back(fmt::format("nothing is expected behind {}:", kind_));
    for (const auto& [key, value] : values_)
        if (!taken_.contains(key))
            faults.push_back(
                fmt::format("\"{}\" is no option of {}; there are {}", key, kind_, [&] {
                    std::string known;
                    for (const auto& each : taken_) known += (known.empty() ? "" : ", ") + each;
                    return known.empty() ? std::string("none") : known;
                }()));
    if (faults.empty()) return std::nullopt;
    std::string all;
    for (const auto& fault : faults) all += (all.empty() ? "" : "; ") + fault;
    return base::Error{all};
}

}  // namespace cairn::client
