#include "client/doctor/web_probe.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "client/side_by_side.h"
#include "http/client.h"
#include "net/url.h"

namespace cairn::client::doctor {
namespace {

using std::chrono::steady_clock;

constexpr base::Milliseconds request_patience{5000};
constexpr std::chrono::seconds way_patience{20};
constexpr std::size_t max_text = 120;

http::Client make_client() {
    http::ClientOptions options;
    options.user_agent = "Cairn-doctor";
    options.timeout = request_patience;
    options.server_proof = http::ServerProof::none;
    options.allow_plain_http = true;
    return http::Client(std::move(options));
}

Hop::Kind kind_of(const http::ExchangeError& error) {
    using Kind = http::ExchangeError::Kind;
    if (error.answer_began) return Hop::Kind::answered;
    switch (error.kind) {
        case Kind::refused:
            return Hop::Kind::refused;
        case Kind::unreachable:
            return Hop::Kind::no_route;
        case Kind::timed_out:
            return Hop::Kind::silent;
        case Kind::shortage:
        case Kind::bad_request:
        case Kind::no_such_host:
            return Hop::Kind::other;
        default:
            // Something listens there; what it speaks is another matter.
            return Hop::Kind::answered;
    }
}

/// The reason alone: what was asked is told beside it.
std::string reason_of(const http::ExchangeError& error, const std::string& url) {
    const auto start = "GET " + base::printable(url) + ": ";
    std::string_view message = error.message;
    if (message.starts_with(start)) message.remove_prefix(start.size());
    return base::printable(message, 300);
}

bool is_redirect(int status) {
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/// The port to connect to; nothing if a CA would not follow there.
std::optional<std::uint16_t> port_for(const net::Url& url, const WebPorts& ports) {
    if (url.port() == (url.is_https() ? 443 : 80)) return url.is_https() ? ports.https : ports.http;
    if (url.port() == ports.http || url.port() == ports.https) return url.port();
    return std::nullopt;
}

Hop ask(http::Client& client, const net::Url& url, const net::SocketAddress& place) {
    Hop hop{.url = url.to_string(), .place = place.to_string()};
    auto reply = client.exchange({.method = "GET", .url = hop.url, .connect_to = place});
    if (!reply) {
        hop.kind = kind_of(reply.error());
        hop.fault = reason_of(reply.error(), hop.url);
        return hop;
    }
    hop.status = reply->status;
    hop.server = base::printable(reply->field("server"), max_text);
    if (is_redirect(reply->status)) hop.location = reply->field("location");
    hop.body = std::move(reply->body);
    return hop;
}

/// Where the redirect of the last hop leads; nothing, with a fault on that hop, if nowhere.
std::optional<net::Url> next_of(WebView& view, const net::Url& here) {
    auto& last = view.hops.back();
    const auto there = here.resolve(last.location);
    const auto stop = [&](Hop::Kind kind, std::string why) {
        last.kind = kind;
        last.fault = std::move(why);
        return std::nullopt;
    };
    if (!there)
        return stop(Hop::Kind::not_followed, fmt::format("a CA does not follow it: {}",
                                                         base::printable(there.error().message)));
    const auto text = there->to_string();
    if (std::ranges::any_of(view.hops, [&](const Hop& hop) { return hop.url == text; }))
        return stop(Hop::Kind::loop, "the redirects go round in a circle");
    if (view.hops.size() > max_redirects)
        return stop(Hop::Kind::too_many, fmt::format("more than {} redirects", max_redirects));
    return *there;
}

/// The addresses to connect to for the target of a redirect.
base::Result<std::vector<base::IpAddress>> addresses_of(const net::Url& url, Lookups& lookups) {
    if (url.host_is_address()) {
        const auto address = base::IpAddress::from_lenient_text(url.host());
        if (!address) return std::unexpected(address.error());
        return std::vector{*address};
    }
    const auto seen = lookups.resolve(url.host());
    std::vector<base::IpAddress> addresses;
    for (const auto* answer : {&seen.v6, &seen.v4})
        if (*answer)
            addresses.insert(addresses.end(), (*answer)->addresses.begin(),
                             (*answer)->addresses.end());
    if (addresses.empty())
        return base::fail(seen.v4 ? "the name has no address" : seen.v4.error().message);
    return addresses;
}

bool was_connected(const Hop& hop) {
    return hop.kind == Hop::Kind::answered;
}

/// One step of the way behind a redirect.
Hop step(http::Client& client, const net::Url& url, const WebPorts& ports, Lookups& lookups) {
    Hop none{.url = url.to_string()};
    const auto port = port_for(url, ports);
    if (!port) {
        none.kind = Hop::Kind::not_followed;
        none.fault = fmt::format("a CA does not follow it to port {}", url.port());
        return none;
    }
    const auto addresses = addresses_of(url, lookups);
    if (!addresses) {
        none.kind = Hop::Kind::other;
        none.fault = base::printable(addresses.error().message, 300);
        return none;
    }
    // As a CA does: the first address, and another if there is no connection.
    constexpr std::size_t attempts = 3;
    Hop hop = none;
    for (std::size_t i = 0; i < std::min(attempts, addresses->size()); ++i) {
        hop = ask(client, url, {addresses->at(i), *port});
        if (was_connected(hop)) break;
    }
    return hop;
}

WebView follow(net::Url url, const base::IpAddress& address, const WebPorts& ports,
               Lookups& lookups) {
    auto client = make_client();
    const auto end = steady_clock::now() + way_patience;
    WebView view{address, {ask(client, url, {address, ports.http})}};
    while (is_redirect(view.last().status)) {
        auto next = next_of(view, url);
        auto& last = view.hops.back();
        last.location = base::printable(last.location, max_text);
        if (!next) break;
        if (steady_clock::now() >= end) {
            last.fault = "the redirects took too long";
            last.kind = Hop::Kind::too_many;
            break;
        }
        url = std::move(*next);
        view.hops.push_back(step(client, url, ports, lookups));
    }
    return view;
}

}  // namespace

std::vector<WebView> look_at_web(const std::string& host, const std::string& target,
                                 const std::vector<base::IpAddress>& addresses,
                                 const WebPorts& ports, Lookups& lookups) {
    const auto as_address = base::IpAddress::from_lenient_text(host);
    const auto url =
        net::Url::from_text("http://" + (as_address ? as_address->to_url_host() : host) + target);
    std::vector<WebView> views;
    if (!url || addresses.empty()) return views;
    const auto count = std::min(addresses.size(), max_places);
    std::vector<std::optional<WebView>> seen(count);
    side_by_side(count, count, [&](std::size_t number) {
        seen[number] = follow(*url, addresses[number], ports, lookups);
    });
    for (auto& view : seen) views.push_back(std::move(*view));
    return views;
}

std::vector<Connection> look_at_port_443(const std::string& host,
                                         const std::vector<base::IpAddress>& addresses,
                                         const WebPorts& ports) {
    const auto as_address = base::IpAddress::from_lenient_text(host);
    const auto url =
        net::Url::from_text("https://" + (as_address ? as_address->to_url_host() : host) + "/");
    std::vector<Connection> connections;
    if (!url || addresses.empty()) return connections;
    const auto count = std::min(addresses.size(), max_places);
    std::vector<Hop> hops(count);
    side_by_side(count, count, [&](std::size_t number) {
        auto client = make_client();
        hops[number] = ask(client, *url, {addresses[number], ports.https});
    });
    for (std::size_t i = 0; i < count; ++i)
        connections.push_back({addresses[i], ports.https, hops[i].kind,
                               was_connected(hops[i]) ? std::string() : hops[i].fault});
    return connections;
}

}  // namespace cairn::client::doctor
