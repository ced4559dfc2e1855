#include "client/dns/solver_options.h"

#include <charconv>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "client/dns/query_text.h"

namespace cairn::client {
namespace {

constexpr std::string_view dns_solver = "dns";
constexpr std::string_view persist_solver = "dns-persist";
// The year 9999, as PersistentRecord has it.
constexpr std::int64_t last_second = 253'402'300'799;
constexpr std::uint16_t dns_port = 53;

base::Result<std::string> percent_decoded(std::string_view text) {
    std::string decoded;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            decoded += text[i];
            continue;
        }
        const auto octets = base::from_hex(text.substr(i + 1, 2));
        if (!octets || octets->size() != 1) return base::fail("a % has no two digits behind it");
        decoded += static_cast<char>(octets->front());
        i += 2;
    }
    return decoded;
}

/// So that paths and addresses stay readable.
std::string encoded(std::string_view text) {
    std::string result;
    for (const char character : text) {
        if (character == '/' || character == ':' || character == '[' || character == ']')
            result += character;
        else
            result += percent_encoded(std::string_view(&character, 1));
    }
    return result;
}

base::Result<void> take_of_persistent(DnsSolverOptions& options, std::string_view name,
                                      const std::string& value) {
    if (name == "policy") {
        if (value != "wildcard") return base::fail("policy: can be wildcard alone");
        options.covers_subdomains = true;
        return {};
    }
    std::int64_t seconds = 0;
    const auto* const end = value.data() + value.size();
    const auto [rest, error] = std::from_chars(value.data(), end, seconds);
    if (error != std::errc{} || rest != end || seconds < 0 || seconds > last_second)
        return base::fail("until: is no count of seconds since 1970");
    options.until = base::Time(base::Seconds(seconds));
    return {};
}

base::Result<void> take(DnsSolverOptions& options, DnsMethod method, std::string_view name,
                        const std::string& value) {
    if (method == DnsMethod::persistent && (name == "policy" || name == "until"))
        return take_of_persistent(options, name, value);
    if (method == DnsMethod::challenge && name == "challenge") {
        const auto type = protocol::challenge_type_from(value);
        if (type != protocol::ChallengeType::dns_01 &&
            type != protocol::ChallengeType::dns_account_01)
            return base::fail("challenge: is dns-01 or dns-account-01");
        options.challenge = *type;
    } else if (name == "credentials") {
        options.credentials = std::filesystem::absolute(value).lexically_normal();
    } else if (name == "propagation") {
        const auto propagation = Propagation::from_text(value);
        if (!propagation) return std::unexpected(propagation.error().within("propagation"));
        options.propagation = *propagation;
    } else if (name == "resolver") {
        const auto resolver = net::SocketAddress::from_text(value, dns_port);
        if (!resolver) return std::unexpected(resolver.error().within("resolver"));
        options.resolver = *resolver;
    } else if (name == "port") {
        const auto port = net::SocketAddress::from_text("0.0.0.0:" + value);
        if (!port || port->port == 0) return base::fail("port: must be a port number");
        options.port = port->port;
    } else {
        return base::fail(
            fmt::format("there is no option \"{}\"; there are credentials, "
                        "propagation, resolver, port and challenge",
                        base::printable(name)));
    }
    return {};
}

}  // namespace

base::Result<DnsSolverOptions> DnsSolverOptions::from_text(std::string_view text,
                                                           DnsMethod method) {
    DnsSolverOptions options;
    const auto mark = text.find('?');
    options.provider = text.substr(0, mark);
    if (options.provider.empty() && method == DnsMethod::challenge)
        return base::fail("wants a provider: dns:PROVIDER");
    auto rest = mark == std::string_view::npos ? std::string_view() : text.substr(mark + 1);
    while (!rest.empty()) {
        const auto end = rest.find('&');
        const auto part = rest.substr(0, end);
        rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
        const auto equals = part.find('=');
        if (equals == std::string_view::npos) return base::fail("wants options as NAME=VALUE");
        const auto value = percent_decoded(part.substr(equals + 1));
        if (!value) return std::unexpected(value.error());
        if (auto taken = take(options, method, part.substr(0, equals), *value); !taken)
            return std::unexpected(taken.error());
    }
    return options;
}

std::string DnsSolverOptions::to_text() const {
    std::string text = provider;
    char mark = '?';
    const auto add = [&](std::string_view name, const std::string& value) {
        text += fmt::format("{}{}={}", mark, name, encoded(value));
        mark = '&';
    };
    if (!credentials.empty()) add("credentials", credentials.string());
    if (propagation) add("propagation", propagation->to_text());
    if (resolver) add("resolver", resolver->to_string());
    if (port) add("port", std::to_string(*port));
    if (challenge) add("challenge", std::string(protocol::to_string(*challenge)));
    if (covers_subdomains) add("policy", "wildcard");
    if (until) add("until", std::to_string(until->time_since_epoch().count()));
    return text;
}

DnsSolverOptions DnsSolverOptions::with_defaults(const DnsSolverOptions& others) const {
    auto result = *this;
    if (others.provider != provider) return result;
    if (result.credentials.empty()) result.credentials = others.credentials;
    if (!result.propagation) result.propagation = others.propagation;
    if (!result.resolver) result.resolver = others.resolver;
    if (!result.port) result.port = others.port;
    if (!result.challenge) result.challenge = others.challenge;
    if (!result.until) result.until = others.until;
    result.covers_subdomains = result.covers_subdomains || others.covers_subdomains;
    return result;
}

std::optional<base::Result<DnsSpecification>> DnsSpecification::from_text(
    std::string_view specification) {
    const auto colon = specification.find(':');
    const auto name = specification.substr(0, colon);
    const bool is_persistent = name == persist_solver;
    if (!is_persistent && (name != dns_solver || colon == std::string_view::npos))
        return std::nullopt;
    const auto method = is_persistent ? DnsMethod::persistent : DnsMethod::challenge;
    auto options = DnsSolverOptions::from_text(
        colon == std::string_view::npos ? std::string_view() : specification.substr(colon + 1),
        method);
    if (!options) return std::unexpected(options.error());
    return DnsSpecification{method, std::move(*options)};
}

std::string DnsSpecification::to_text() const {
    const auto text = options.to_text();
    if (method == DnsMethod::challenge) return fmt::format("{}:{}", dns_solver, text);
    return text.empty() ? std::string(persist_solver) : fmt::format("{}:{}", persist_solver, text);
}

std::string keeping_dns_options(const std::string& specification, std::string_view former) {
    const auto ours = DnsSpecification::from_text(specification);
    const auto others = DnsSpecification::from_text(former);
    if (!ours || !*ours || !others || !*others || (*ours)->method != (*others)->method)
        return specification;
    return DnsSpecification{(*ours)->method, (*ours)->options.with_defaults((*others)->options)}
        .to_text();
}

}  // namespace cairn::client
