#include "client/nginx/certificate_edit.h"

#include <algorithm>

#include <fmt/format.h>

namespace cairn::client::nginx {
namespace {

bool is_of_certificate(const Directive& directive) {
    return directive.is("ssl_certificate") || directive.is("ssl_certificate_key");
}

/// True if every server block that includes the file is one of `selected`, and `http` does not.
bool is_included_only_by(const Configuration& configuration, const ConfigurationFile& file,
                         const std::set<std::size_t>& selected) {
    const auto stands_in_file = [&file](const PlacedDirective& each) { return each.file == &file; };
    if (std::ranges::any_of(configuration.http(), stands_in_file)) return false;
    for (std::size_t i = 0; i < configuration.servers().size(); ++i)
        if (!selected.contains(i) &&
            std::ranges::any_of(configuration.servers()[i].directives, stands_in_file))
            return false;
    return true;
}

/// Gives directives of one name, in their order, these parameters; what is too much goes, what is
/// missing is returned.
std::vector<std::string> give_parameters(const std::vector<const PlacedDirective*>& directives,
                                         const std::vector<std::string>& parameters,
                                         FileSplices& splices) {
    for (std::size_t i = 0; i < directives.size(); ++i) {
        auto& changes = splices_of(splices, *directives[i]->file);
        const auto& directive = *directives[i]->directive;
        if (i < parameters.size() && directive.words.size() == 2)
            changes.replace(directive.words[1], parameters[i]);
        else
            changes.remove(directive);
    }
    if (directives.size() >= parameters.size()) return {};
    return {parameters.begin() + static_cast<std::ptrdiff_t>(directives.size()), parameters.end()};
}

/// Puts what else is in an included file in the place of the `include`, with these lines before it.
base::Result<void> take_in(const ServerBlock& server, const PlacedDirective& included,
                           std::vector<std::string> lines, FileSplices& splices) {
    const auto& [file, include] = included.includes.front();
    if (included.includes.size() > 1 ||
        include->parameter(1).find_first_of("*?[") != std::string_view::npos)
        return base::fail(fmt::format(
            "the server block {} has its certificate by way of \"include {}\", which other servers "
            "share; name ssl_certificate and ssl_certificate_key in the block itself",
            server.description(), base::printable(include->parameter(1))));
    for (const auto& directive : included.file->tree.directives())
        if (!is_of_certificate(directive))
            lines.push_back(
                included.file->text.substr(directive.begin, directive.end - directive.begin));
    std::string text;
    const auto indentation = std::string(splices_of(splices, *file).indentation_at(include->begin));
    const auto new_line = file->text.contains("\r\n") ? "\r\n" : "\n";
    for (const auto& line : lines) text += (text.empty() ? "" : new_line + indentation) + line;
    splices_of(splices, *file).replace(include->begin, include->end - include->begin, text);
    return {};
}

}  // namespace

Splices& splices_of(FileSplices& all, const ConfigurationFile& file) {
    return all.try_emplace(&file, file.text).first->second;
}

std::vector<std::string> lines_of(std::span<const CertificatePair> pairs) {
    std::vector<std::string> lines;
    for (const auto& pair : pairs) {
        lines.push_back(fmt::format("ssl_certificate {};", quoted_word(pair.certificate.string())));
        lines.push_back(fmt::format("ssl_certificate_key {};", quoted_word(pair.key.string())));
    }
    return lines;
}

void add_to_server(const ServerBlock& server, std::span<const std::string> lines,
                   FileSplices& splices) {
    auto& changes = splices_of(splices, *server.place.file);
    const PlacedDirective* last = nullptr;
    for (const auto* const listen : server.find("listen"))
        if (listen->includes.empty()) last = listen;
    if (last != nullptr)
        changes.add_behind(*last->directive, lines);
    else
        changes.add_first(*server.place.directive, lines);
}

base::Result<void> replace_certificates(const Configuration& configuration, std::size_t number,
                                        const std::set<std::size_t>& selected,
                                        std::span<const CertificatePair> pairs,
                                        FileSplices& splices) {
    const auto& server = configuration.servers()[number];
    std::vector<const PlacedDirective*> certificates;
    std::vector<const PlacedDirective*> keys;
    std::vector<const PlacedDirective*> shared;
    for (const auto& each : server.directives) {
        if (!is_of_certificate(*each.directive)) continue;
        const bool is_own =
            each.includes.empty() || is_included_only_by(configuration, *each.file, selected);
        if (is_own)
            (each.directive->is("ssl_certificate") ? certificates : keys).push_back(&each);
        else if (std::ranges::none_of(shared, [&](const PlacedDirective* other) {
                     return other->includes.front() == each.includes.front();
                 }))
            shared.push_back(&each);
    }
    if (certificates.empty() && keys.empty()) {
        if (shared.empty()) {
            add_to_server(server, lines_of(pairs), splices);
            return {};
        }
        for (const auto* const each : shared)
            if (auto done = take_in(
                    server, *each,
                    each == shared.front() ? lines_of(pairs) : std::vector<std::string>(), splices);
                !done)
                return done;
        return {};
    }
    for (const auto* const each : shared)
        if (auto done = take_in(server, *each, {}, splices); !done) return done;
    std::vector<std::string> files;
    std::vector<std::string> key_files;
    for (const auto& pair : pairs) {
        files.push_back(quoted_word(pair.certificate.string()));
        key_files.push_back(quoted_word(pair.key.string()));
    }
    const auto* const last = keys.empty() ? certificates.back() : keys.back();
    std::vector<std::string> missing;
    for (const auto& file : give_parameters(certificates, files, splices))
        missing.push_back(fmt::format("ssl_certificate {};", file));
    for (const auto& file : give_parameters(keys, key_files, splices))
        missing.push_back(fmt::format("ssl_certificate_key {};", file));
    if (!missing.empty()) splices_of(splices, *last->file).add_behind(*last->directive, missing);
    return {};
}

}  // namespace cairn::client::nginx
