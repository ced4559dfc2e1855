#include "client/tls_place.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "client/deploy/target_options.h"

namespace cairn::client {
namespace {

using net::StartTls;

struct UsualPort {
    std::uint16_t port;
    StartTls kind;
};

// The first of a kind is the one that is meant where no port is said.
constexpr auto usual_ports = std::to_array<UsualPort>({
    {25, StartTls::smtp},
    {587, StartTls::smtp},
    {24, StartTls::lmtp},
    {143, StartTls::imap},
    {110, StartTls::pop3},
    {4190, StartTls::sieve},
    {119, StartTls::nntp},
    {21, StartTls::ftp},
    {5222, StartTls::xmpp_client},
    {5269, StartTls::xmpp_server},
    {389, StartTls::ldap},
    {5432, StartTls::postgresql},
    {3306, StartTls::mysql},
});

constexpr std::string_view without = "tls";

/// True if the text of a place ends with a port.
bool has_port(std::string_view text) {
    if (text.starts_with('[')) return text.contains("]:");
    return std::ranges::count(text, ':') == 1;
}

}  // namespace

net::StartTls usual_start_tls(std::uint16_t port) {
    const auto* const found = std::ranges::find(usual_ports, port, &UsualPort::port);
    return found == usual_ports.end() ? StartTls::none : found->kind;
}

base::Result<TlsPlace> TlsPlace::from_text(std::string_view text) {
    constexpr std::string_view mark = "://";
    const auto end = text.find(mark);
    const auto rest = end == std::string_view::npos ? text : text.substr(end + mark.size());
    auto place = ServedPlace::from_text(rest);
    if (!place) return std::unexpected(place.error());
    const auto usual = usual_start_tls(place->port);
    if (end == std::string_view::npos) return TlsPlace{std::move(*place), usual};
    const auto word = text.substr(0, end);
    if (word == without) return TlsPlace{std::move(*place), StartTls::none};
    const auto kind = start_tls_from(word);
    if (!kind) return std::unexpected(kind.error());
    const auto* const known = std::ranges::find(usual_ports, *kind, &UsualPort::kind);
    if (!has_port(rest) && known != usual_ports.end()) place->port = known->port;
    return TlsPlace{std::move(*place), *kind};
}

std::string TlsPlace::to_string() const {
    const auto text = place.to_string();
    if (start_tls == usual_start_tls(place.port)) return text;
    return fmt::format("{}://{}",
                       start_tls == StartTls::none ? without : client::to_string(start_tls), text);
}

}  // namespace cairn::client
