#include "client/nginx/https_enforcement.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "client/nginx/present_names.h"
#include "client/nginx/server_choice.h"

namespace cairn::client::nginx {
namespace {

/// Where a `return` or `rewrite` sends a request, if that is another URL: "https://$host/x".
std::optional<std::string_view> target_of(const Directive& directive) {
    if (!directive.is("return") && !directive.is("rewrite")) return std::nullopt;
    for (std::size_t i = 1; i < directive.words.size(); ++i)
        if (directive.parameter(i).starts_with("https://")) return directive.parameter(i);
    return std::nullopt;
}

/// Targets of redirects that every request meets: those of the server itself, and of its
/// `location /`.
std::vector<std::string_view> redirect_targets(const ServerBlock& server) {
    std::vector<std::string_view> targets;
    const auto take = [&targets](const Directive& directive) {
        if (const auto target = target_of(directive)) targets.push_back(*target);
    };
    for (const auto& each : server.directives) {
        take(*each.directive);
        if (each.directive->is("location") && each.directive->words.size() == 2 &&
            each.directive->parameter(1) == "/")
            for (const auto& inner : each.directive->children) take(inner);
    }
    return targets;
}

/// True if requests are sent to HTTPS, perhaps under a condition.
bool sends_to_https(const ServerBlock& server) {
    if (!redirect_targets(server).empty()) return true;
    for (const auto& each : server.directives)
        if (each.directive->is("if"))
            for (const auto& inner : each.directive->children)
                if (target_of(inner)) return true;
    return false;
}

bool has_header(const std::vector<PlacedDirective>& directives, std::string_view name) {
    return std::ranges::any_of(directives, [name](const PlacedDirective& each) {
        return each.directive->is("add_header") &&
               (name.empty() || each.directive->parameter(1) == name);
    });
}

bool has_header_in_a_location(const Directive& block) {
    return std::ranges::any_of(block.children, [](const Directive& child) {
        return (child.is("location") || child.is("if")) &&
               (std::ranges::any_of(
                    child.children,
                    [](const Directive& inner) { return inner.is("add_header"); }) ||
                has_header_in_a_location(child));
    });
}

}  // namespace

bool sends_itself_to_https(const ServerBlock& server) {
    constexpr std::array<std::string_view, 6> own = {
        "$host", "${host}", "$server_name", "${server_name}", "$http_host", "${http_host}"};
    for (const auto target : redirect_targets(server)) {
        const auto rest = target.substr(std::string_view("https://").size());
        if (std::ranges::any_of(own,
                                [rest](std::string_view name) { return rest.starts_with(name); }))
            return true;
        const auto host = rest.substr(0, rest.find_first_of("/?:$"));
        for (const auto& name : server.names) {
            const auto match = match_of(name, host);
            if (match && *match != NameMatch::none) return true;
        }
    }
    return false;
}

void add_redirects(const Configuration& configuration, const Installation& installation,
                   FileSplices& splices, InstallationPlan& plan) {
    const auto& options = installation.options;
    const auto port =
        options.https_port == 443 ? std::string() : fmt::format(":{}", options.https_port);
    std::set<std::size_t> servers;
    for (const auto& name : installation.names) {
        bool is_answered = false;
        for (const auto& socket : sockets_at(configuration, options.http_port)) {
            if (socket.is_tls) continue;
            const auto choice = choose_server(configuration, socket, name.value());
            if (!choice || choice->match == NameMatch::none) continue;
            is_answered = true;
            servers.insert(choice->server);
        }
        if (!is_answered)
            plan.remarks.push_back(fmt::format(
                "no server block has {} at port {}, so that nothing sends it on to HTTPS",
                name.value(), options.http_port));
    }
    for (const auto number : servers) {
        const auto& server = configuration.servers()[number];
        if (sends_to_https(server)) continue;
        const bool is_all_covered = std::ranges::all_of(server.names, [&](const ServerName& name) {
            switch (name.kind) {
                case ServerName::Kind::exact:
                    return name.text.empty() || name.text == "_" ||
                           covers(installation.names, name.text);
                case ServerName::Kind::leading_star:
                    return covers(installation.names, "*." + name.text);
                case ServerName::Kind::dotted:
                    return covers(installation.names, name.text) &&
                           covers(installation.names, "*." + name.text);
                case ServerName::Kind::trailing_star:
                case ServerName::Kind::regex:
                    break;
            }
            return false;
        });
        std::vector<std::string> lines;
        if (is_all_covered) {
            lines.push_back(fmt::format(
                "if ($scheme = http) {{ return 301 https://$host{}$request_uri; }}", port));
        } else {
            // For the others there is no certificate.
            for (const auto& name : installation.names) {
                if (name.is_wildcard()) continue;
                const bool is_own = std::ranges::any_of(server.names, [&](const ServerName& own) {
                    const auto match = match_of(own, name.value());
                    return match && *match != NameMatch::none;
                });
                if (is_own)
                    lines.push_back(fmt::format(
                        "if ($scheme$host = http{0}) {{ return 301 https://{0}{1}$request_uri; }}",
                        name.value(), port));
            }
        }
        splices_of(splices, *server.place.file).add_first(*server.place.directive, lines);
    }
}

void add_hsts(const Configuration& configuration, const std::set<std::size_t>& servers,
              std::uint32_t seconds, FileSplices& splices, InstallationPlan& plan) {
    constexpr std::string_view header = "Strict-Transport-Security";
    for (const auto number : servers) {
        const auto& server = configuration.servers()[number];
        if (has_header(server.directives, header)) continue;
        if (!has_header(server.directives, "") && has_header(configuration.http(), "")) {
            if (!has_header(configuration.http(), header))
                plan.refusals.push_back(fmt::format(
                    "{} in the server block {} would put the add_header directives of http out of "
                    "force there; add it beside them, or do without \"hsts\"",
                    header, server.description()));
            continue;
        }
        const bool is_tls_alone = std::ranges::all_of(
            server.listens, [](const ListenAddress& listen) { return listen.is_tls; });
        std::vector<std::string> lines;
        if (is_tls_alone) {
            lines.push_back(fmt::format("add_header {} \"max-age={}\" always;", header, seconds));
        } else {
            // An empty header is not sent: answers without TLS must not have it.
            lines = {
                "set $cairn_hsts \"\";",
                fmt::format("if ($scheme = https) {{ set $cairn_hsts \"max-age={}\"; }}", seconds),
                fmt::format("add_header {} $cairn_hsts always;", header)};
        }
        splices_of(splices, *server.place.file).add_first(*server.place.directive, lines);
        if (has_header_in_a_location(*server.place.directive))
            plan.remarks.push_back(fmt::format(
                "locations of the server block {} with an add_header of their own do not say {}",
                server.description(), header));
    }
}

}  // namespace cairn::client::nginx
