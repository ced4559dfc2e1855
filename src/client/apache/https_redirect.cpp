#include "client/apache/https_redirect.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "net/ascii.h"

namespace cairn::client::apache {
namespace {

struct HttpsTarget {
    std::string host, path;
};

/// Nothing if `text` is no https URL.
std::optional<HttpsTarget> https_target(std::string_view text) {
    constexpr std::string_view scheme = "https://";
    if (text.size() < scheme.size() ||
        !net::same_ignoring_case(text.substr(0, scheme.size()), scheme))
        return std::nullopt;
    text.remove_prefix(scheme.size());
    // A variable may hold a slash or a colon of its own: it ends with its brace.
    std::size_t end = 0;
    while (end < text.size() && text[end] != '/' && text[end] != ':') {
        if (text.substr(end).starts_with("%{"))
            end = std::min(text.find('}', end), text.size() - 1);
        ++end;
    }
    const auto slash = text.find('/', end);
    return HttpsTarget{net::ascii_lower(text.substr(0, end)),
                       slash == std::string_view::npos ? "/" : std::string(text.substr(slash))};
}

bool is_within(const ConfigNode& node, const VirtualHost& host, const ConfigFile* file) {
    return file == host.opening.file && node.begin >= host.opening.node->begin &&
           node.end <= host.opening.node->end;
}

bool asks_for_scheme(const Statement& condition) {
    const auto test = condition.word(0);
    for (const char* variable : {"%{HTTPS}", "%{SERVER_PORT}", "%{REQUEST_SCHEME}", "X-Forwarded"})
        if (test.find(variable) != std::string_view::npos) return true;
    return false;
}

void erase_in(ConfigEdits& edits, const VirtualHost& host, const std::vector<ConfigNode>& nodes) {
    std::vector<const ConfigNode*> conditions;
    for (const auto& node : nodes) {
        if (node.kind == ConfigNode::Kind::silent) continue;
        if (node.is_named("rewritecond")) {
            conditions.push_back(&node);
            continue;
        }
        if (node.kind == ConfigNode::Kind::section) {
            erase_in(edits, host, node.children);
        } else if (leads_to_https(net::ascii_lower(node.name), split_words(node.arguments), host)) {
            for (const auto* condition : conditions) edits.erase(*host.opening.file, *condition);
            edits.erase(*host.opening.file, node);
        }
        conditions.clear();
    }
}

}  // namespace

bool leads_to_https(std::string_view name, const std::vector<std::string>& words,
                    const VirtualHost& host) {
    if (words.size() < 2 && !(name.starts_with("redirect") && words.size() == 1)) return false;
    if (name == "rewriterule") {
        const auto target = https_target(words[1]);
        return target &&
               (target->host.find_first_of("%$") != std::string::npos || host.claims(target->host));
    }
    if (!name.starts_with("redirect")) return false;
    const auto target = https_target(words.back());
    if (!target ||
        (target->host.find_first_of("%$") == std::string::npos && !host.claims(target->host)))
        return false;
    if (name == "redirectmatch") return true;
    // Of "Redirect /old https://name/new" the new place is redirected no further.
    const std::string_view source =
        words.size() > 1 ? std::string_view(words[words.size() - 2]) : "";
    return !source.starts_with('/') || target->path.starts_with(source);
}

void erase_https_redirects(ConfigEdits& edits, const VirtualHost& host) {
    erase_in(edits, host, host.opening.node->children);
}

const Statement* included_https_redirect(const VirtualHost& host) {
    bool has_condition = false;
    for (const auto& statement : host.statements) {
        if (statement.name == "rewritecond") {
            has_condition = has_condition || asks_for_scheme(statement);
            continue;
        }
        if (!is_within(*statement.node, host, statement.file) && !has_condition &&
            leads_to_https(statement.name, statement.words, host))
            return &statement;
        has_condition = false;
    }
    return nullptr;
}

bool redirects_to_https(const VirtualHost& host) {
    return std::ranges::any_of(host.statements, [&](const Statement& statement) {
        if (!leads_to_https(statement.name, statement.words, host)) return false;
        if (statement.name == "rewriterule") {
            const auto pattern = statement.word(0);
            return pattern == "^" || pattern == "(.*)" || pattern == "^(.*)$" || pattern == ".*" ||
                   pattern == "^/?(.*)" || pattern == "^/?(.*)$" || pattern == "^/(.*)$" ||
                   pattern == "^.*$" || pattern == "^/?.*" || pattern == "^/?.*$";
        }
        return statement.name == "redirectmatch" || statement.words.size() < 2 ||
               statement.words[statement.words.size() - 2] == "/";
    });
}

base::Result<std::vector<std::string>> redirect_lines(const Configuration& configuration,
                                                      const VirtualHost& host,
                                                      const std::vector<std::string>& names,
                                                      std::uint16_t https_port) {
    const auto port = https_port == 443 ? std::string() : fmt::format(":{}", https_port);
    std::vector<std::string> lines;
    if (!configuration.has_module("rewrite_module")) {
        if (names.size() == 1 && host.aliases.empty() && configuration.has_module("alias_module")) {
            lines.push_back(
                fmt::format("Redirect permanent \"/\" \"https://{}{}/\"", names.front(), port));
            return lines;
        }
        return base::fail(
            fmt::format("{} has several names, and without mod_rewrite they cannot be redirected "
                        "each to itself: `a2enmod rewrite`, then `systemctl reload apache2`",
                        host.label()));
    }
    const auto* engine = host.last("rewriteengine");
    const bool is_off = engine != nullptr && !net::same_ignoring_case(engine->word(0), "on");
    const bool has_rules = host.last("rewriterule") != nullptr;
    if (is_off ||
        (has_rules && engine == nullptr && configuration.last("rewriteengine") == nullptr))
        return base::fail(fmt::format(
            "{} has rewriting switched off: a redirect would switch on what it has of rules",
            host.label()));
    if (engine == nullptr) lines.emplace_back("RewriteEngine on");
    for (const auto& name : names)
        lines.push_back(fmt::format("RewriteCond %{{SERVER_NAME}} ={}{}", name,
                                    &name == &names.back() ? "" : " [OR]"));
    lines.push_back(fmt::format(
        "RewriteRule ^ https://%{{SERVER_NAME}}{}%{{REQUEST_URI}} [END,NE,R=permanent]", port));
    return lines;
}

}  // namespace cairn::client::apache
