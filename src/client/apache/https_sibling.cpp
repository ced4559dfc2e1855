#include "client/apache/https_sibling.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "client/apache/answerer.h"
#include "client/apache/certificate_statements.h"
#include "client/apache/https_redirect.h"
#include "net/ascii.h"

namespace cairn::client::apache {
namespace {

/// The words of <VirtualHost> for the other port; those of third ports are left out.
std::string https_addresses(const VirtualHost& host, const Place& place) {
    const auto words = split_words(host.opening.node->arguments);
    std::string text;
    for (std::size_t i = 0; i < words.size() && i < host.addresses.size(); ++i) {
        const auto& address = host.addresses[i];
        if (address.port && *address.port != place.http_port) continue;
        // As it is written, be it a variable: without its port.
        auto name = std::string_view(words[i]);
        const auto colon = name.rfind(':');
        const auto bracket = name.rfind(']');
        const bool has_port = colon != std::string_view::npos &&
                              (bracket == std::string_view::npos || colon > bracket);
        if (has_port) name = name.substr(0, colon);
        const bool is_whole = !has_port && address.port;
        const auto word = fmt::format("{}:{}", is_whole ? "*" : name, place.https_port);
        text += (text.empty() ? "" : " ") + word;
    }
    return text;
}

std::vector<std::string> name_lines(const std::vector<std::string>& names) {
    std::vector<std::string> lines = {"ServerName " + names.front()};
    if (names.size() > 1)
        lines.push_back(
            fmt::format("ServerAlias {}", fmt::join(names.begin() + 1, names.end(), " ")));
    return lines;
}

}  // namespace

std::string hsts_line(const Place& place) {
    return fmt::format("Header always set Strict-Transport-Security \"max-age={}\"", place.hsts);
}

std::vector<std::string> add_https_sibling(ConfigEdits& edits, const Configuration& configuration,
                                           const VirtualHost& host,
                                           const std::vector<std::string>& names,
                                           const InstallationWish& wish) {
    const auto& file = *host.opening.file;
    const auto& node = *host.opening.node;
    const auto addresses = https_addresses(host, wish.place);
    if (addresses.empty())
        return {fmt::format("{} is at no address for port {}", host.label(), wish.place.http_port)};
    if (const auto* redirect = included_https_redirect(host))
        return {fmt::format(
            "{} leads to https by a line that is included, {}, which would lead it in a circle "
            "there: write a virtual host for port {} beside it",
            host.label(), redirect->place(), wish.place.https_port)};
    for (const auto& other : configuration.hosts()) {
        auto others = other.aliases;
        others.push_back(other.server_name);
        if (&other != &host && other.opening.is_at(host.opening) &&
            !std::ranges::all_of(others,
                                 [&](const auto& name) { return covers(wish.names, name); }))
            return {
                fmt::format("{} comes of a macro or a file that makes {} too, for which this "
                            "certificate is not",
                            host.label(), other.label())};
    }

    ConfigEdits inner;
    inner.replace_arguments(file, node, addresses);
    erase_https_redirects(inner, host);
    const auto indent = [&] {
        for (const auto& child : node.children)
            if (child.kind != ConfigNode::Kind::silent)
                return std::string(file.tree.indent_at(child.begin));
        return std::string(file.tree.indent_at(node.begin)) + "    ";
    }();
    for (const auto& child : node.children) {
        if (!child.is_named("servername")) continue;
        const auto words = split_words(child.arguments);
        const auto suffix = fmt::format(":{}", wish.place.http_port);
        if (!words.empty() && words.front().ends_with(suffix)) {
            auto name = words.front().substr(0, words.front().size() - suffix.size());
            if (net::ascii_lower(name).starts_with("http://")) name.erase(0, 7);
            inner.replace_arguments(file, child, name);
        } else if (!words.empty() && net::ascii_lower(words.front()).starts_with("http://")) {
            inner.replace_arguments(file, child, words.front().substr(7));
        }
    }
    if (host.server_name.empty() && host.aliases.empty())
        inner.insert_lines(file, node.inner_begin, indent, name_lines(names));
    auto lines = certificate_lines(configuration, nullptr, wish);
    if (wish.place.hsts != 0 && host.last("header") == nullptr)
        lines.push_back(hsts_line(wish.place));
    inner.insert_lines(file, node.inner_end, indent, lines);

    const auto end = std::string(file.tree.line_end());
    auto copy = inner.text_of(file, node.begin, node.end);
    if (!copy.ends_with('\n')) copy += end;
    const auto outer = file.tree.indent_at(node.begin);
    const bool ends_in_line = file.tree.text()[node.end - 1] != '\n';
    edits.insert(file, node.end,
                 fmt::format("{0}{1}{2}<IfModule mod_ssl.c>{1}{3}{2}</IfModule>{1}",
                             ends_in_line ? end : "", end, outer, copy));
    return {};
}

void add_https_host(ConfigEdits& edits, const Configuration& configuration,
                    const std::vector<std::string>& names, const InstallationWish& wish) {
    std::vector<std::string> lines = {"", "<IfModule mod_ssl.c>",
                                      fmt::format("<VirtualHost *:{}>", wish.place.https_port)};
    auto inner = name_lines(names);
    for (auto& line : certificate_lines(configuration, nullptr, wish))
        inner.push_back(std::move(line));
    if (wish.place.hsts != 0) inner.push_back(hsts_line(wish.place));
    for (const auto& line : inner) lines.push_back("    " + line);
    lines.insert(lines.end(), {"</VirtualHost>", "</IfModule>"});
    const auto& file = configuration.main_file();
    edits.insert_lines(file, file.tree.text().size(), "", lines);
}

void add_listeners(ConfigEdits& edits, const Configuration& configuration, const Place& place) {
    if (listens_at(configuration, place.https_port)) return;
    for (const auto& listener : configuration.listeners()) {
        if (listener.address.port != place.http_port) continue;
        auto address = listener.address;
        address.port = place.https_port;
        const auto where =
            address.is_any() && listener.statement.word(0).find(':') == std::string_view::npos
                ? fmt::format("{}", place.https_port)
            : address.is_any() ? fmt::format("{}:{}",
                                             listener.statement.word(0).substr(
                                                 0, listener.statement.word(0).rfind(':')),
                                             place.https_port)
                               : address.to_string();
        const auto& statement = listener.statement;
        edits.insert_lines(
            *statement.file, statement.node->end,
            statement.file->tree.indent_at(statement.node->begin),
            {"<IfModule mod_ssl.c>",
             fmt::format("    Listen {}{}", where, place.https_port == 443 ? "" : " https"),
             "</IfModule>"});
    }
}

}  // namespace cairn::client::apache
