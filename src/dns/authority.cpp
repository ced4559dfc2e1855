#include "dns/authority.h"

#include <algorithm>
#include <array>
#include <span>

#include "crypto/random.h"
#include "dns/failure.h"
#include "dns/forwarder.h"
#include "dns/message_header.h"

namespace cairn::dns {
namespace {

using std::chrono::steady_clock;
namespace asio = boost::asio;

/// A lost datagram is sent again after this time; then the server has what is left.
constexpr base::Milliseconds first_patience{1500};

base::Result<base::Bytes> query_with_random_id(std::string_view name, RecordType type) {
    std::array<std::uint8_t, 2> id{};
    crypto::SystemRandom random;
    random.fill(id);
    return make_query(static_cast<std::uint16_t>(id[0] << 8U | id[1]), name, type, Recursion::none);
}

}  // namespace

base::Task<base::Result<Answer>> ask_authority(net::SocketAddress server, std::string name,
                                               RecordType type, Resolver::Deadline deadline) {
    const auto address = asio::ip::make_address(server.address.to_string());
    Asked asked;
    for (const bool is_last : {false, true}) {
        auto query = query_with_random_id(name, type);
        if (!query) co_return dns_failure(name, type, query.error().message);
        asked = Asked{.query = std::move(*query)};
        const auto end =
            is_last ? deadline : std::min(deadline, steady_clock::now() + first_patience);
        co_await ask_by_datagram({address, server.port}, std::span(&asked, 1), end);
        if (asked.message || asked.message.error().kind != NoAnswer::Kind::silent) break;
        if (steady_clock::now() >= deadline) break;
    }
    if (asked.message && is_truncated(*asked.message)) {
        asked.message = co_await ask_by_stream({address, server.port}, asked.query, deadline);
    }
    if (!asked.message) {
        co_return dns_failure(name, type, server.to_string() + ": " + asked.message.error().reason);
    }
    auto answer = parse_response(*asked.message, name, type);
    if (!answer) {
        co_return dns_failure(name, type, server.to_string() + ": " + answer.error().message);
    }
    co_return answer;
}

}  // namespace cairn::dns
