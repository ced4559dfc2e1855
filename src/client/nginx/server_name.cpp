#include "client/nginx/server_name.h"

#include <algorithm>
#include <array>
#include <memory>

#include <fmt/format.h>

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

namespace cairn::client::nginx {
namespace {

std::string lower(std::string_view text) {
    std::string result(text);
    std::ranges::transform(result, result.begin(), [](unsigned char c) {
        return static_cast<char>(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
    });
    return result;
}

/// Steps that a match may take: the library's usual ten millions can last a second.
constexpr std::uint32_t max_steps = 1000000;

template <auto free>
struct Freed {
    template <class T>
    void operator()(T* object) const {
        free(object);
    }
};

base::Error regex_error(std::string_view pattern, int code) {
    std::array<PCRE2_UCHAR, 200> text{};
    ::pcre2_get_error_message(code, text.data(), text.size());
    return {fmt::format("server_name ~{}: {}", base::printable(pattern),
                        reinterpret_cast<const char*>(text.data()))};
}

base::Result<bool> matches(std::string_view pattern, std::string_view host) {
    int code = 0;
    std::size_t offset = 0;
    // As nginx compiles it.
    const std::unique_ptr<pcre2_code, Freed<&::pcre2_code_free>> compiled(
        ::pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(),
                        PCRE2_CASELESS, &code, &offset, nullptr));
    if (!compiled) return std::unexpected(regex_error(pattern, code));
    const std::unique_ptr<pcre2_match_data, Freed<&::pcre2_match_data_free>> match(
        ::pcre2_match_data_create(1, nullptr));
    const std::unique_ptr<pcre2_match_context, Freed<&::pcre2_match_context_free>> context(
        ::pcre2_match_context_create(nullptr));
    if (!match || !context) return base::fail("there is not enough memory");
    ::pcre2_set_match_limit(context.get(), max_steps);
    const int result = ::pcre2_match(compiled.get(), reinterpret_cast<PCRE2_SPTR>(host.data()),
                                     host.size(), 0, 0, match.get(), context.get());
    // Zero: more groups than were asked for.
    if (result >= 0) return true;
    if (result == PCRE2_ERROR_NOMATCH) return false;
    return std::unexpected(regex_error(pattern, result));
}

}  // namespace

ServerName ServerName::from_text(std::string_view text) {
    ServerName name;
    name.said = text;
    if (text.starts_with('~')) {
        name.kind = Kind::regex;
        name.text = text.substr(1);
        return name;
    }
    auto rest = text;
    if (text.starts_with("*.")) {
        name.kind = Kind::leading_star;
        rest.remove_prefix(2);
    } else if (text.starts_with('.')) {
        name.kind = Kind::dotted;
        rest.remove_prefix(1);
    } else if (text.ends_with(".*")) {
        name.kind = Kind::trailing_star;
        rest.remove_suffix(2);
    }
    name.text = lower(rest);
    return name;
}

base::Result<NameMatch> match_of(const ServerName& name, std::string_view host) {
    const auto is_below = [&](std::string_view parent) {
        return host.size() > parent.size() + 1 && host.ends_with(parent) &&
               host[host.size() - parent.size() - 1] == '.';
    };
    switch (name.kind) {
        case ServerName::Kind::exact:
            return name.text == host ? NameMatch::exact : NameMatch::none;
        case ServerName::Kind::leading_star:
            return is_below(name.text) ? NameMatch::leading_star : NameMatch::none;
        case ServerName::Kind::dotted:
            if (name.text == host) return NameMatch::exact;
            return is_below(name.text) ? NameMatch::leading_star : NameMatch::none;
        case ServerName::Kind::trailing_star:
            return host.size() > name.text.size() + 1 && host.starts_with(name.text) &&
                           host[name.text.size()] == '.'
                       ? NameMatch::trailing_star
                       : NameMatch::none;
        case ServerName::Kind::regex: {
            // No expression says whether it answers for all that a wildcard stands for.
            if (host.starts_with("*.")) return NameMatch::none;
            const auto found = matches(name.text, host);
            if (!found) return std::unexpected(found.error());
            return *found ? NameMatch::regex : NameMatch::none;
        }
    }
    return NameMatch::none;
}

}  // namespace cairn::client::nginx
