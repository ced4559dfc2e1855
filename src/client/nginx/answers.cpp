#include "client/nginx/answers.h"

#include <map>

#include <fmt/format.h>

#include "client/nginx/splices.h"

namespace cairn::client::nginx {

std::string directive_of(const HttpAnswer& answer) {
    return fmt::format("if ($uri = /.well-known/acme-challenge/{}) {{ return 200 {}; }}",
                       answer.token, answer.key_authorization);
}

base::Result<std::vector<AskedServer>> asked_servers(const Configuration& configuration,
                                                     std::string_view host, std::uint16_t port) {
    std::vector<AskedServer> asked;
    for (const auto& socket : sockets_at(configuration, port)) {
        // A CA speaks plain HTTP.
        if (socket.is_tls) continue;
        const auto choice = choose_server(configuration, socket, host);
        if (!choice) return std::unexpected(choice.error());
        asked.push_back({choice->server, socket});
    }
    if (asked.empty())
        return base::fail(fmt::format(
            "no server block of nginx listens at port {0} without TLS; add one, such as: server {{ "
            "listen {0}; listen [::]:{0}; server_name {1}; }}",
            port, host));
    return asked;
}

std::vector<FileEdit> edits_to_answer(const Configuration& configuration,
                                      const std::vector<AskedServer>& servers,
                                      const HttpAnswer& answer) {
    const auto directive = directive_of(answer);
    std::map<const ConfigurationFile*, Splices> splices;
    for (const auto& asked : servers) {
        const auto& place = configuration.servers()[asked.server].place;
        const auto block =
            std::string_view(place.file->text)
                .substr(place.directive->open, place.directive->close - place.directive->open);
        if (block.contains(directive)) continue;
        const std::vector<std::string> lines = {directive};
        splices.try_emplace(place.file, place.file->text)
            .first->second.add_first(*place.directive, lines);
    }
    std::vector<FileEdit> edits;
    for (const auto& [file, changes] : splices)
        edits.push_back({file->path, file->text, changes.result()});
    return edits;
}

std::string without_answer(std::string_view text, const HttpAnswer& answer) {
    const auto directive = directive_of(answer);
    std::string result;
    while (true) {
        const auto place = text.find(directive);
        if (place == std::string_view::npos) return result + std::string(text);
        // As `Splices::add_first` has put it: on a line of its own, or with a blank before it.
        auto begin = text.substr(0, place).find_last_not_of(" \t");
        begin = begin == std::string_view::npos ? 0 : begin + 1;
        if (begin > 0 && text[begin - 1] == '\n') {
            begin -= begin > 1 && text[begin - 2] == '\r' ? 2U : 1U;
        } else if (place > begin) {
            begin = place - 1;
        }
        result += text.substr(0, begin);
        text.remove_prefix(place + directive.size());
    }
}

std::vector<FileEdit> edits_to_take_down(const Configuration& configuration,
                                         const HttpAnswer& answer) {
    std::vector<FileEdit> edits;
    for (const auto& file : configuration.files()) {
        auto text = without_answer(file->text, answer);
        if (text != file->text) edits.push_back({file->path, file->text, std::move(text)});
    }
    return edits;
}

}  // namespace cairn::client::nginx
