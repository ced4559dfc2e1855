#include "client/nginx/present_names.h"

#include <algorithm>
#include <optional>

#include "client/durable_file.h"
#include "client/nginx/server_choice.h"
#include "pki/certificate.h"

namespace cairn::client::nginx {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_certificate_file = std::size_t{1} << 20U;

/// "*.a.example" for "www.a.example".
std::string wildcard_over(std::string_view host) {
    const auto dot = host.find('.');
    return dot == std::string_view::npos ? std::string() : "*" + std::string(host.substr(dot));
}

/// The first certificate of a file.
std::optional<pki::Certificate> read_certificate(const fs::path& file) {
    constexpr std::string_view begin = "-----BEGIN CERTIFICATE-----";
    constexpr std::string_view end = "-----END CERTIFICATE-----";
    const auto text = read_file(file, max_certificate_file);
    if (!text) return std::nullopt;
    const auto from = text->find(begin);
    if (from == std::string::npos) return std::nullopt;
    const auto to = text->find(end, from);
    if (to == std::string::npos) return std::nullopt;
    const auto certificate =
        pki::Certificate::from_pem(text->substr(from, to + end.size() - from) + "\n");
    if (!certificate) return std::nullopt;
    return *certificate;
}

/// True if `host` leads to this server at one of its sockets with TLS.
bool is_answered_by(const Configuration& configuration, std::size_t server, std::string_view host) {
    for (const auto& socket : tls_sockets(configuration)) {
        if (std::ranges::find(socket.servers, server) == socket.servers.end()) continue;
        const auto choice = choose_server(configuration, socket, host);
        if (choice && choice->server == server) return true;
    }
    return false;
}

}  // namespace

bool covers(std::span<const protocol::Identifier> names, std::string_view host) {
    const auto wildcard = wildcard_over(host);
    return std::ranges::any_of(names, [&](const protocol::Identifier& name) {
        return name.value() == host || (!wildcard.empty() && name.value() == wildcard);
    });
}

fs::path file_of(const Configuration& configuration, std::string_view parameter) {
    return configuration.files().front()->path.parent_path() / parameter;
}

std::vector<std::string> names_left_without(const Configuration& configuration, std::size_t server,
                                            std::span<const std::string> files,
                                            std::span<const protocol::Identifier> names) {
    std::vector<std::string> left;
    const auto add = [&left](const std::string& name) {
        if (std::ranges::find(left, name) == left.end()) left.push_back(name);
    };
    for (const auto& file : files) {
        const auto certificate = read_certificate(file_of(configuration, file));
        if (!certificate || certificate->is_self_signed()) continue;
        for (const auto& shown : certificate->names().dns_names) {
            if (!covers(names, shown) && is_answered_by(configuration, server, shown)) add(shown);
            if (!shown.starts_with("*.")) continue;
            // Names of the server that the wildcard is good for.
            for (const auto& name : configuration.servers()[server].names)
                if (name.kind == ServerName::Kind::exact && wildcard_over(name.text) == shown &&
                    !covers(names, name.text))
                    add(name.text);
        }
    }
    return left;
}

}  // namespace cairn::client::nginx
