#include "client/nginx/server_choice.h"

#include <algorithm>
#include <functional>
#include <set>

namespace cairn::client::nginx {
namespace {

/// Of two names that match equally well, how good one is: a longer wildcard is better.
std::size_t weight_of(NameMatch match, const ServerName& name) {
    return match == NameMatch::leading_star || match == NameMatch::trailing_star ? name.text.size()
                                                                                 : 0;
}

std::vector<Socket> sockets_where(const Configuration& configuration,
                                  const std::function<bool(const Socket&)>& is_wanted,
                                  const std::set<std::uint16_t>& ports) {
    std::vector<Socket> sockets;
    for (const auto port : ports) {
        const auto first = sockets.size();
        std::vector<bool> has_default;
        for (std::size_t number = 0; number < configuration.servers().size(); ++number) {
            for (const auto& listen : configuration.servers()[number].listens) {
                if (!listen.covers(port) || listen.is_quic) continue;
                const auto known = std::find_if(
                    sockets.begin() + static_cast<std::ptrdiff_t>(first), sockets.end(),
                    [&](const Socket& socket) { return socket.host == listen.host; });
                const auto place = static_cast<std::size_t>(known - sockets.begin());
                if (known == sockets.end()) {
                    Socket socket;
                    socket.host = listen.host;
                    socket.port = port;
                    socket.default_server = number;
                    sockets.push_back(std::move(socket));
                    has_default.push_back(false);
                }
                auto& socket = sockets[place];
                // What one server says of a socket is so for all of them.
                socket.is_tls |= listen.is_tls;
                socket.speaks_proxy_protocol |= listen.speaks_proxy_protocol;
                if (socket.servers.empty() || socket.servers.back() != number)
                    socket.servers.push_back(number);
                if (listen.is_default && !has_default[place - first]) {
                    socket.default_server = number;
                    has_default[place - first] = true;
                }
            }
        }
    }
    std::erase_if(sockets, [&](const Socket& socket) { return !is_wanted(socket); });
    return sockets;
}

}  // namespace

std::vector<Socket> sockets_at(const Configuration& configuration, std::uint16_t port) {
    return sockets_where(configuration, [](const Socket&) { return true; }, {port});
}

std::vector<Socket> tls_sockets(const Configuration& configuration) {
    std::set<std::uint16_t> ports;
    for (const auto& server : configuration.servers())
        for (const auto& listen : server.listens)
            if (listen.is_tls)
                // Of a range, the first stands for all.
                ports.insert(listen.first_port);
    ports.erase(0);
    return sockets_where(configuration, &Socket::is_tls, ports);
}

base::Result<ServerChoice> choose_server(const Configuration& configuration, const Socket& socket,
                                         std::string_view host) {
    ServerChoice best{socket.default_server, NameMatch::none};
    std::size_t best_weight = 0;
    std::optional<base::Error> unreadable;
    for (const auto number : socket.servers) {
        for (const auto& name : configuration.servers()[number].names) {
            const auto match = match_of(name, host);
            if (!match) {
                if (!unreadable) unreadable = match.error();
                continue;
            }
            const auto weight = weight_of(*match, name);
            if (*match < best.match || (*match == best.match && weight > best_weight)) {
                best = {number, *match};
                best_weight = weight;
            }
        }
    }
    // It comes into play only where no plain name or wildcard matches.
    if (unreadable && best.match >= NameMatch::regex) return std::unexpected(*unreadable);
    return best;
}

}  // namespace cairn::client::nginx
