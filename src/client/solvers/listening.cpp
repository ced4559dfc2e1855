#include "client/solvers/listening.h"

#include <fmt/format.h>

#include "net/socket_address.h"

namespace cairn::client {
namespace {

using namespace std::chrono_literals;

// As long as a CA may take to look at all names of another run.
constexpr auto turn_patience = 10min;

}  // namespace

base::Result<Listening> Listening::from_text(std::string_view text, std::uint16_t port) {
    if (text.empty())
        return Listening{fmt::format("0.0.0.0:{}", port), fmt::format("[::]:{}", port)};
    const auto address = net::SocketAddress::from_text(text);
    if (!address) return std::unexpected(address.error());
    return Listening{address->to_string(), {}};
}

std::string Listening::to_string() const {
    return ipv6_address.empty() ? address : std::string();
}

ListeningTurn::ListeningTurn(const Listening& listening, const SolverContext& context)
    : address_(listening.address), state_folder_(context.state_folder), timer_(context.timer) {}

void ListeningTurn::take() {
    if (lock_ || state_folder_.empty()) return;
    lock_ = StateDirectory(state_folder_).lock_listening(address_, timer_, turn_patience);
}

void ListeningTurn::look(const std::function<void()>& look) const {
    std::optional<StateLock> turn;
    if (!lock_ && !state_folder_.empty()) {
        turn = StateDirectory(state_folder_).try_lock_listening(address_);
        if (!turn) return;
    }
    look();
}

Failure cannot_listen(std::string_view address, std::string_view reason) {
    return {fmt::format("answer challenges at {}", address), std::string(reason),
            "stop what uses the port, run as root or with CAP_NET_BIND_SERVICE, or use another "
            "--solver (webroot:DIR works beside a web server)."};
}

}  // namespace cairn::client
