#include "client/dns/solver_options.h"

#include <vector>

#include <fmt/format.h>

#include "client/dns/query_text.h"

namespace cairn::client {
namespace {

constexpr std::string_view prefix = "dns:";
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

base::Result<void> take(DnsSolverOptions& options, std::string_view name,
                        const std::string& value) {
    if (name == "credentials") {
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
                        "propagation, resolver and port",
                        base::printable(name)));
    }
    return {};
}

}  // namespace

base::Result<DnsSolverOptions> DnsSolverOptions::from_text(std::string_view text) {
    DnsSolverOptions options;
    const auto mark = text.find('?');
    options.provider = text.substr(0, mark);
    if (options.provider.empty()) return base::fail("wants a provider: dns:PROVIDER");
    auto rest = mark == std::string_view::npos ? std::string_view() : text.substr(mark + 1);
    while (!rest.empty()) {
        const auto end = rest.find('&');
        const auto part = rest.substr(0, end);
        rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
        const auto equals = part.find('=');
        if (equals == std::string_view::npos) return base::fail("wants options as NAME=VALUE");
        const auto value = percent_decoded(part.substr(equals + 1));
        if (!value) return std::unexpected(value.error());
        if (auto taken = take(options, part.substr(0, equals), *value); !taken)
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
    return text;
}

DnsSolverOptions DnsSolverOptions::with_defaults(const DnsSolverOptions& others) const {
    auto result = *this;
    if (others.provider != provider) return result;
    if (result.credentials.empty()) result.credentials = others.credentials;
    if (!result.propagation) result.propagation = others.propagation;
    if (!result.resolver) result.resolver = others.resolver;
    if (!result.port) result.port = others.port;
    return result;
}

std::string keeping_dns_options(const std::string& specification, std::string_view former) {
    if (!specification.starts_with(prefix) || !former.starts_with(prefix)) return specification;
    const auto ours =
        DnsSolverOptions::from_text(std::string_view(specification).substr(prefix.size()));
    const auto others = DnsSolverOptions::from_text(former.substr(prefix.size()));
    if (!ours || !others) return specification;
    return std::string(prefix) + ours->with_defaults(*others).to_text();
}

}  // namespace cairn::client
