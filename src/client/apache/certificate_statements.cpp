#include "client/apache/certificate_statements.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "net/ascii.h"

namespace cairn::client::apache {
namespace {

using Statements = std::vector<const Statement*>;

Statements named(const std::vector<Statement>& statements, std::string_view name) {
    Statements found;
    for (const auto& statement : statements)
        if (statement.name == name) found.push_back(&statement);
    return found;
}

/// An argument as it stands in a file, in quotes where it needs them.
std::string argument(const std::filesystem::path& path) {
    const auto text = path.string();
    const bool is_plain = std::ranges::all_of(text, [](char character) {
        return net::is_ascii_letter(character) || net::is_ascii_digit(character) ||
               std::string_view("/._-+@:").contains(character);
    });
    return is_plain ? text : quoted_word(text);
}

std::vector<std::string> pair_lines(const CertificatePair& pair) {
    return {"SSLCertificateFile " + argument(pair.full_chain),
            "SSLCertificateKeyFile " + argument(pair.key)};
}

bool sets_tls_level(const std::vector<Statement>& statements) {
    return std::ranges::any_of(statements, [](const Statement& each) {
        return each.name == "sslprotocol" || each.name == "sslciphersuite" ||
               each.name == "sslopensslconfcmd";
    });
}

/// https://ssl-config.mozilla.org, "Intermediate", version 5.7.
std::vector<std::string> level_lines() {
    return {"SSLProtocol -all +TLSv1.2 +TLSv1.3",
            "SSLCipherSuite ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:"
            "ECDHE-ECDSA-AES256-GCM-SHA384:ECDHE-RSA-AES256-GCM-SHA384:"
            "ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305:"
            "DHE-RSA-AES128-GCM-SHA256:DHE-RSA-AES256-GCM-SHA384:DHE-RSA-CHACHA20-POLY1305",
            "SSLHonorCipherOrder off", "SSLSessionTickets off"};
}

/// The names of a host that somebody could ask for.
std::vector<std::string> names_of(const VirtualHost& host) {
    auto names = host.aliases;
    if (!host.server_name.empty()) names.insert(names.begin(), host.server_name);
    return names;
}

/// The other hosts that a directive at the place of `statement` holds for, whose names the
/// certificate is not for.
std::vector<std::string> others_at(const Configuration& configuration, const Statement& statement,
                                   const VirtualHost& host, const InstallationWish& wish) {
    std::vector<std::string> others;
    for (const auto& other : configuration.hosts()) {
        if (&other == &host) continue;
        const bool shares = std::ranges::any_of(
            other.statements, [&](const Statement& each) { return each.is_at(statement); });
        if (!shares) continue;
        const auto names = names_of(other);
        const bool is_covered = !names.empty() && std::ranges::all_of(names, [&](const auto& name) {
            return covers(wish.names, name);
        });
        if (!is_covered) others.push_back(other.label());
    }
    return others;
}

/// Whether a line behind this node is in the host's own text.
bool is_own(const VirtualHost& host, const Statement& statement) {
    return statement.file == host.opening.file &&
           statement.node->begin >= host.opening.node->begin &&
           statement.node->end <= host.opening.node->end;
}

void insert_behind(ConfigEdits& edits, const Statement& statement,
                   const std::vector<std::string>& lines) {
    edits.insert_lines(*statement.file, statement.node->end,
                       statement.file->tree.indent_at(statement.node->begin), lines);
}

}  // namespace

bool covers(const std::vector<std::string>& names, std::string_view name) {
    return std::ranges::any_of(names, [&](const std::string& each) {
        if (each == name) return true;
        if (!each.starts_with("*.")) return false;
        const auto dot = name.find('.');
        return dot != std::string_view::npos && dot > 0 && name.substr(dot) == each.substr(1) &&
               name.find('*') == std::string_view::npos;
    });
}

bool speaks_tls(const Configuration& configuration, const VirtualHost& host, std::uint16_t port) {
    if (const auto* engine = host.last("sslengine"))
        return !net::same_ignoring_case(engine->word(0), "off");
    if (!named(host.statements, "sslcertificatefile").empty()) return true;
    const auto* main = configuration.last("sslengine");
    if (main != nullptr && net::same_ignoring_case(main->word(0), "on")) return true;
    return std::ranges::any_of(configuration.listeners(), [&](const Listener& listener) {
        return listener.address.port == port && listener.protocol == "https";
    });
}

bool shows(const VirtualHost& host, const std::vector<CertificatePair>& pairs) {
    const auto certificates = named(host.statements, "sslcertificatefile");
    const auto keys = named(host.statements, "sslcertificatekeyfile");
    if (certificates.size() != pairs.size() || keys.size() != pairs.size() ||
        host.last("sslcertificatechainfile") != nullptr)
        return false;
    for (std::size_t i = 0; i < pairs.size(); ++i)
        if (certificates[i]->word(0) != pairs[i].full_chain.string() ||
            keys[i]->word(0) != pairs[i].key.string())
            return false;
    return true;
}

bool has_placeholder_certificate(const VirtualHost& host) {
    return std::ranges::all_of(
        named(host.statements, "sslcertificatefile"), [](const Statement* each) {
            return each->word(0).find("ssl-cert-snakeoil") != std::string_view::npos;
        });
}

std::vector<std::string> certificate_lines(const Configuration& configuration,
                                           const VirtualHost* host, const InstallationWish& wish) {
    std::vector<std::string> lines;
    if (host == nullptr || host->last("sslengine") == nullptr) lines.emplace_back("SSLEngine on");
    for (const auto& pair : wish.pairs)
        for (auto& line : pair_lines(pair)) lines.push_back(std::move(line));
    const bool has_level = sets_tls_level(configuration.statements()) ||
                           (host != nullptr && sets_tls_level(host->statements));
    if (!has_level)
        for (auto& line : level_lines()) lines.push_back(std::move(line));
    return lines;
}

std::vector<std::string> show_certificate(ConfigEdits& edits, const Configuration& configuration,
                                          const VirtualHost& host, const InstallationWish& wish) {
    const auto certificates = named(host.statements, "sslcertificatefile");
    const auto keys = named(host.statements, "sslcertificatekeyfile");
    const auto chains = named(host.statements, "sslcertificatechainfile");
    std::vector<std::string> obstacles;
    for (const auto* list : {&certificates, &keys, &chains})
        for (const auto* statement : *list)
            for (const auto& other : others_at(configuration, *statement, host, wish))
                obstacles.push_back(fmt::format(
                    "{} stands at {}, where it holds for {} as well, for whose names this "
                    "certificate is not: give each its own",
                    statement->node->name, statement->place(), other));
    if (!obstacles.empty()) return obstacles;

    if (certificates.empty()) {
        auto lines = certificate_lines(configuration, &host, wish);
        const auto* engine = host.last("sslengine");
        for (const auto* statement : keys) edits.erase(*statement->file, *statement->node);
        for (const auto* statement : chains) edits.erase(*statement->file, *statement->node);
        if (engine != nullptr && is_own(host, *engine)) {
            insert_behind(edits, *engine, lines);
            return {};
        }
        const auto& opening = host.opening;
        const auto indent = [&] {
            for (const auto& child : opening.node->children)
                if (child.kind != ConfigNode::Kind::silent)
                    return std::string(opening.file->tree.indent_at(child.begin));
            return std::string(opening.file->tree.indent_at(opening.node->begin)) + "    ";
        }();
        edits.insert_lines(*opening.file, opening.node->inner_end, indent, lines);
        return {};
    }

    const auto set = [&](const Statement& statement, const std::filesystem::path& path) {
        if (statement.word(0) != path.string())
            edits.replace_arguments(*statement.file, *statement.node, argument(path));
    };
    std::vector<std::string> lines;
    for (std::size_t i = 0; i < wish.pairs.size(); ++i) {
        const auto& pair = wish.pairs[i];
        if (i < certificates.size()) set(*certificates[i], pair.full_chain);
        if (i < keys.size()) set(*keys[i], pair.key);
        const auto both = pair_lines(pair);
        if (i >= certificates.size()) lines.push_back(both[0]);
        if (i >= keys.size()) lines.push_back(both[1]);
    }
    for (std::size_t i = wish.pairs.size(); i < certificates.size(); ++i)
        edits.erase(*certificates[i]->file, *certificates[i]->node);
    for (std::size_t i = wish.pairs.size(); i < keys.size(); ++i)
        edits.erase(*keys[i]->file, *keys[i]->node);
    for (const auto* chain : chains) edits.erase(*chain->file, *chain->node);
    // httpd pairs the first certificate with the first key, and so on.
    const auto* last = certificates[std::min(wish.pairs.size(), certificates.size()) - 1];
    if (!keys.empty()) {
        const auto* key = keys[std::min(wish.pairs.size(), keys.size()) - 1];
        // Both point into host.statements.
        last = std::max(last, key);
    }
    if (host.last("sslengine") == nullptr) lines.insert(lines.begin(), "SSLEngine on");
    if (!sets_tls_level(configuration.statements()) && !sets_tls_level(host.statements))
        for (auto& line : level_lines()) lines.push_back(std::move(line));
    if (!lines.empty()) insert_behind(edits, *last, lines);
    return {};
}

}  // namespace cairn::client::apache
