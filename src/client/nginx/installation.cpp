#include "client/nginx/installation.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "client/nginx/certificate_edit.h"
#include "client/nginx/https_enforcement.h"
#include "client/nginx/present_names.h"

namespace cairn::client::nginx {
namespace {

/// Mozilla's intermediate level (version 5.7), without ciphers that need parameters for
/// Diffie-Hellman, which nginx has none of by itself.
constexpr std::array<std::pair<std::string_view, std::string_view>, 6> tls_settings = {{
    {"ssl_protocols", "TLSv1.2 TLSv1.3"},
    {"ssl_ciphers",
     "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
     "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305"},
    {"ssl_prefer_server_ciphers", "off"},
    {"ssl_session_timeout", "1d"},
    {"ssl_session_cache", "shared:cairn:10m"},
    {"ssl_session_tickets", "off"},
}};

class Planner {
  public:
    Planner(const Configuration& configuration, const Installation& installation)
        : configuration_(configuration), installation_(installation) {}

    InstallationPlan run() {
        for (const auto& pair : installation_.pairs)
            for (const auto& path : {pair.certificate, pair.key})
                if (path.string().contains('$'))
                    refuse(
                        fmt::format("{} has a $ in its path, which nginx takes for a variable; "
                                    "keep the state elsewhere (--state DIR)",
                                    path.string()));
        for (const auto& name : installation_.names) find_servers(name);
        for (const auto server : tls_) change_certificates(server);
        for (const auto server : plain_) begin_tls(server);
        if (plan_.refusals.empty()) {
            std::set<std::size_t> all = tls_;
            all.insert(plain_.begin(), plain_.end());
            if (installation_.options.hsts)
                add_hsts(configuration_, all, *installation_.options.hsts, splices_, plan_);
            if (installation_.options.redirects)
                add_redirects(configuration_, installation_, splices_, plan_);
        }
        if (!plan_.refusals.empty()) return std::move(plan_);
        for (const auto& [file, changes] : splices_)
            if (auto text = changes.result(); text != file->text)
                plan_.edits.push_back({file->path, file->text, std::move(text)});
        return std::move(plan_);
    }

  private:
    void refuse(std::string why) {
        if (std::ranges::find(plan_.refusals, why) == plan_.refusals.end())
            plan_.refusals.push_back(std::move(why));
    }

    void find_servers(const protocol::Identifier& name) {
        if (find_for(name, name.value())) return;
        if (name.is_wildcard()) {
            // No block has the wildcard: those of the names that it stands for.
            bool found = false;
            for (const auto& server : configuration_.servers())
                for (const auto& own : server.names)
                    if (own.kind == ServerName::Kind::exact && covers(std::array{name}, own.text))
                        if (const auto host = protocol::Identifier::dns(own.text))
                            found |= find_for(*host, own.text);
            if (found) return;
        }
        refuse(fmt::format(
            "no server block of nginx has the name {0}; add it to the server_name of the block "
            "that is to answer it, or a block, such as: server {{ listen {1}; listen [::]:{1}; "
            "server_name {0}; ... }}",
            name.value(), installation_.options.http_port));
    }

    /// True if a block has the name.
    bool find_for(const protocol::Identifier& name, const std::string& host) {
        bool found = false;
        const auto look = [&](const std::vector<Socket>& sockets, const auto& take) {
            for (const auto& socket : sockets) {
                const auto choice = choose_server(configuration_, socket, host);
                if (!choice) {
                    refuse(fmt::format("which server answers {} is not certain: {}", host,
                                       choice.error().message));
                    found = true;
                } else if (choice->match != NameMatch::none) {
                    found |= take(socket, choice->server);
                }
            }
        };
        look(tls_sockets(configuration_), [&](const Socket& socket, std::size_t server) {
            tls_.insert(server);
            plan_.places.push_back({name, socket.host, socket.port, socket.speaks_proxy_protocol});
            return true;
        });
        if (found) return true;
        look(sockets_at(configuration_, installation_.options.http_port),
             [&](const Socket& socket, std::size_t server) {
                 if (socket.is_tls) return false;
                 plain_.insert(server);
                 plain_names_.emplace_back(server, name);
                 return true;
             });
        return found;
    }

    void change_certificates(std::size_t number) {
        const auto& server = configuration_.servers()[number];
        for (const auto* const each : server.find("ssl_reject_handshake"))
            if (each->directive->parameter(1) == "on")
                refuse(
                    fmt::format("the server block {} refuses all handshakes "
                                "(ssl_reject_handshake on); take that out first",
                                server.description()));
        std::vector<std::string> files;
        for (const auto* const each : server.find("ssl_certificate"))
            files.emplace_back(each->directive->parameter(1));
        if (files.empty())
            for (const auto& each : configuration_.http())
                if (each.directive->is("ssl_certificate"))
                    files.emplace_back(each.directive->parameter(1));
        const auto left = names_left_without(configuration_, number, files, installation_.names);
        if (!left.empty()) {
            std::string names;
            for (const auto& name : left) names += (names.empty() ? "" : ", ") + name;
            refuse(
                fmt::format("the server block {} also shows a certificate for {}, which the new "
                            "one would not be good for; give the block's names one certificate "
                            "(-d {}), or part the block in two",
                            server.description(), names, left.front()));
            return;
        }
        if (auto done =
                replace_certificates(configuration_, number, tls_, installation_.pairs, splices_);
            !done)
            refuse(done.error().message);
    }

    /// The addresses at which a server that answers at the port for HTTP is to answer by TLS.
    std::vector<std::pair<ListenHost, const ListenAddress*>> hosts_for_tls(
        const ServerBlock& server, const std::vector<Socket>& known) const {
        std::vector<std::pair<ListenHost, const ListenAddress*>> hosts;
        const auto add = [&hosts](const ListenHost& host, const ListenAddress& listen) {
            if (std::ranges::find(hosts, host, [](const auto& each) { return each.first; }) ==
                hosts.end())
                hosts.emplace_back(host, &listen);
        };
        for (const auto& listen : server.listens) {
            if (!listen.covers(installation_.options.http_port) || listen.is_tls) continue;
            const auto is_known = [&](const ListenHost& host) {
                return std::ranges::find(known, host, &Socket::host) != known.end();
            };
            ListenHost everywhere = listen.host;
            everywhere.text = listen.host.kind == ListenHost::Kind::ipv6 ? "::" : "0.0.0.0";
            // A new socket at one address would take it away from those that listen at all.
            const bool would_take =
                !listen.host.is_everywhere() && !is_known(listen.host) && is_known(everywhere);
            add(would_take ? everywhere : listen.host, listen);
            if (!listen.host.is_everywhere()) continue;
            // Those at one address are not asked at the socket of all.
            for (const auto& socket : known)
                if (socket.host.kind == listen.host.kind && !socket.host.is_everywhere())
                    add(socket.host, listen);
        }
        return hosts;
    }

    void begin_tls(std::size_t number) {
        const auto& server = configuration_.servers()[number];
        const auto port = installation_.options.https_port;
        if (sends_itself_to_https(server)) {
            refuse(fmt::format(
                "the server block {} sends every request on to HTTPS, where no block has its "
                "names; add one with \"listen {} ssl\", the same server_name, and what it is to "
                "serve",
                server.description(), port));
            return;
        }
        const auto known = sockets_at(configuration_, port);
        std::vector<std::string> lines;
        // What is said once takes the place of what goes without saying.
        if (server.listens_by_default)
            lines.push_back(fmt::format("listen {};", server.listens.front().first_port));
        for (const auto& [host, listen] : hosts_for_tls(server, known)) {
            if (!may_listen(server, host, known)) return;
            const auto socket = std::ranges::find(known, host, &Socket::host);
            auto line = "listen " + listen_text(host, port) + " ssl";
            const bool is_proxied = socket != known.end() ? socket->speaks_proxy_protocol
                                                          : listen->speaks_proxy_protocol;
            if (socket == known.end() && is_proxied) line += " proxy_protocol";
            if (socket == known.end() && listen->ipv6_only && host == listen->host)
                line += *listen->ipv6_only ? " ipv6only=on" : " ipv6only=off";
            lines.push_back(line + ";");
            for (const auto& [owner, name] : plain_names_)
                if (owner == number) plan_.places.push_back({name, host, port, is_proxied});
        }
        // Of certificates that it named already, none was in use.
        if (server.find("ssl_certificate").empty()) {
            const auto certificates = lines_of(installation_.pairs);
            lines.insert(lines.end(), certificates.begin(), certificates.end());
        } else if (auto done = replace_certificates(configuration_, number, plain_,
                                                    installation_.pairs, splices_);
                   !done) {
            refuse(done.error().message);
        }
        for (const auto& [name, value] : tls_settings)
            if (server.find(name).empty() && !configuration_.has_in_http(name))
                lines.push_back(fmt::format("{} {};", name, value));
        add_to_server(server, lines, splices_);
        for (const auto& name : server.names)
            if (name.kind != ServerName::Kind::exact || !is_host(name.text) ||
                covers(installation_.names, name.text))
                continue;
            else
                plan_.remarks.push_back(
                    fmt::format("the server block {} will also answer https://{}, which the "
                                "certificate is not for",
                                server.description(), name.text));
    }

    static bool is_host(std::string_view text) {
        return text.contains('.') && protocol::Identifier::dns(text).has_value();
    }

    bool may_listen(const ServerBlock& server, const ListenHost& host,
                    const std::vector<Socket>& known) {
        const auto port = installation_.options.https_port;
        const auto socket = std::ranges::find(known, host, &Socket::host);
        if (socket != known.end() && !socket->is_tls) {
            refuse(fmt::format(
                "the server block {} listens at {} without TLS; add \"ssl\" to that listen, or "
                "name another port (https-port=N)",
                configuration_.servers()[socket->default_server].description(),
                listen_text(host, port)));
            return false;
        }
        for (const auto& other : configuration_.other_listens())
            if (other.covers(port) && other.host.kind == host.kind &&
                (other.host == host || other.host.is_everywhere() || host.is_everywhere())) {
                refuse(fmt::format(
                    "a server of stream or mail listens at {} already, so that {} cannot; have it "
                    "pass TLS on to another port, and name that (https-port=N)",
                    listen_text(other.host, port), server.description()));
                return false;
            }
        return true;
    }

    const Configuration& configuration_;
    const Installation& installation_;
    FileSplices splices_;
    InstallationPlan plan_;
    /// Servers that answer by TLS, and those that do not yet.
    std::set<std::size_t> tls_, plain_;
    std::vector<std::pair<std::size_t, protocol::Identifier>> plain_names_;
};

}  // namespace

InstallationPlan plan_installation(const Configuration& configuration,
                                   const Installation& installation) {
    return Planner(configuration, installation).run();
}

}  // namespace cairn::client::nginx
