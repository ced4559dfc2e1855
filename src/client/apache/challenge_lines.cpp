#include "client/apache/challenge_lines.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "client/apache/answerer.h"
#include "client/failure.h"
#include "net/ascii.h"

namespace cairn::client::apache {
namespace {

constexpr std::string_view first_line =
    "# cairn answers a challenge here; these lines go away again.";
constexpr std::string_view last_line = "# End of the lines of cairn.";
constexpr std::string_view path_prefix = "/.well-known/acme-challenge/";

/// Where answers go: the opening of a virtual host, or null for the main server.
struct Targets {
    std::vector<const VirtualHost*> hosts;
    std::set<ChallengeAnswer> answers;
};

Failure cannot_answer(std::string came_back, std::string next) {
    return {{"have Apache answer a challenge", Phase::challenge},
            std::move(came_back),
            std::move(next)};
}

Failure lacks_modules() {
    return cannot_answer("neither mod_alias nor mod_rewrite is at work in it",
                         "enable one: `a2enmod alias`, then `systemctl reload apache2`.");
}

bool is_on(const Statement* engine) {
    return engine != nullptr && net::same_ignoring_case(engine->word(0), "on");
}

/// True if rewriting is in effect in one of these, as httpd hands the setting down.
bool rewrites(const Configuration& configuration, const std::vector<const VirtualHost*>& hosts) {
    if (!configuration.has_module("rewrite_module")) return false;
    const bool is_on_in_main = is_on(configuration.last("rewriteengine"));
    if (hosts.empty()) return is_on_in_main;
    return std::ranges::any_of(hosts, [&](const VirtualHost* host) {
        const auto* engine = host->last("rewriteengine");
        return engine == nullptr ? is_on_in_main : is_on(engine);
    });
}

/// A token and a key authorization are base64url and dots: nothing in them is special to httpd.
bool is_plain(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char character) {
        return net::is_ascii_letter(character) || net::is_ascii_digit(character) ||
               character == '-' || character == '_' || character == '.';
    });
}

/// What has to come before all other rules for paths.
std::vector<std::string> rules(const Configuration& configuration, const Targets& targets) {
    std::vector<std::string> lines = {std::string(first_line)};
    const bool has_alias = configuration.has_module("alias_module");
    const bool has_rewriting = rewrites(configuration, targets.hosts);
    if (!has_alias && !has_rewriting) throw lacks_modules();
    for (const auto& answer : targets.answers) {
        if (has_rewriting)
            lines.push_back(fmt::format(R"(RewriteRule "^/\.well-known/acme-challenge/{}$" "-" )"
                                        "[END,R=200]",
                                        answer.token));
        if (has_alias)
            lines.push_back(fmt::format(R"(Redirect 200 "{}{}")", path_prefix, answer.token));
        if (configuration.has_module("proxy_module"))
            lines.push_back(fmt::format(R"(ProxyPass "{}{}" "!")", path_prefix, answer.token));
    }
    lines.emplace_back(last_line);
    return lines;
}

/// What has to come after all other sections.
std::vector<std::string> sections(const Configuration& configuration, const Targets& targets) {
    std::vector<std::string> lines = {std::string(first_line)};
    for (const auto& answer : targets.answers) {
        lines.push_back(fmt::format("<Location \"{}{}\">", path_prefix, answer.token));
        lines.push_back(fmt::format("    ErrorDocument 200 \"{}\"", answer.key_authorization));
        if (configuration.has_module("proxy_module")) lines.emplace_back("    ProxyPass \"!\"");
        lines.emplace_back("</Location>");
    }
    lines.emplace_back(last_line);
    return lines;
}

std::string inner_indent(const ConfigFile& file, const ConfigNode& section) {
    for (const auto& child : section.children)
        if (child.kind != ConfigNode::Kind::silent)
            return std::string(file.tree.indent_at(child.begin));
    return std::string(file.tree.indent_at(section.begin)) + "    ";
}

void add_to_host(ConfigEdits& edits, const Configuration& configuration, const Targets& targets) {
    const auto& opening = targets.hosts.front()->opening;
    const auto indent = inner_indent(*opening.file, *opening.node);
    edits.insert_lines(*opening.file, opening.node->inner_begin, indent,
                       rules(configuration, targets));
    edits.insert_lines(*opening.file, opening.node->inner_end, indent,
                       sections(configuration, targets));
}

/// Rules of the main server come before its first one, wherever that stands, else at the end.
void add_to_main(ConfigEdits& edits, const Configuration& configuration, const Targets& targets) {
    static const std::set<std::string, std::less<>> names = {
        "redirect",    "redirectmatch", "redirectpermanent", "redirecttemp",   "rewriterule",
        "rewritecond", "proxypass",     "proxypassmatch",    "rewriteoptions", "rewriteengine"};
    const auto& main = configuration.main_file();
    const auto first = std::ranges::find_if(configuration.statements(), [&](const Statement& each) {
        return names.contains(each.name);
    });
    if (first == configuration.statements().end())
        edits.insert_lines(main, main.tree.text().size(), "", rules(configuration, targets));
    else
        edits.insert_lines(*first->file, first->node->begin,
                           first->file->tree.indent_at(first->node->begin),
                           rules(configuration, targets));
    edits.insert_lines(main, main.tree.text().size(), "", sections(configuration, targets));
}

}  // namespace

ConfigEdits lines_for(const Configuration& configuration,
                      const std::vector<ChallengeAnswer>& answers, std::uint16_t port) {
    if (!listens_at(configuration, port))
        throw cannot_answer(
            fmt::format("it does not listen at port {}", port),
            fmt::format("let it: `Listen {}`; or say where requests for port 80 come in: "
                        "apache:http-port=PORT.",
                        port));
    if (!configuration.has_module("alias_module") && !configuration.has_module("rewrite_module"))
        throw lacks_modules();
    std::map<const ConfigNode*, Targets> places;
    for (const auto& answer : answers) {
        if (!is_plain(answer.token) || !is_plain(answer.key_authorization))
            throw cannot_answer("the challenge has a token that is none", {});
        auto found = answerers(configuration, answer.name, port);
        // The main server answers where no virtual host does; one that does is nearer.
        const bool has_host =
            std::ranges::any_of(found, [](const Answerer& each) { return each.host != nullptr; });
        for (const auto& answerer : found) {
            if (answerer.host == nullptr && has_host) continue;
            auto& targets =
                places[answerer.host == nullptr ? nullptr : answerer.host->opening.node];
            targets.answers.insert(answer);
            if (answerer.host != nullptr) targets.hosts.push_back(answerer.host);
        }
    }
    ConfigEdits edits;
    for (const auto& [node, targets] : places) {
        if (node == nullptr)
            add_to_main(edits, configuration, targets);
        else
            add_to_host(edits, configuration, targets);
    }
    return edits;
}

std::string without_challenge_lines(std::string_view text) {
    std::string out;
    bool is_ours = false;
    for (std::size_t at = 0; at < text.size();) {
        const auto feed = text.find('\n', at);
        const auto end = feed == std::string_view::npos ? text.size() : feed + 1;
        const auto line = text.substr(at, end - at);
        at = end;
        auto content = line;
        while (!content.empty() && std::string_view(" \t\r\n").contains(content.front()))
            content.remove_prefix(1);
        while (!content.empty() && std::string_view(" \t\r\n").contains(content.back()))
            content.remove_suffix(1);
        if (content == first_line) is_ours = true;
        if (!is_ours) out += line;
        if (content == last_line) is_ours = false;
    }
    return out;
}

}  // namespace cairn::client::apache
