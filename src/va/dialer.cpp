#include "va/dialer.h"

#include <algorithm>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/system/system_error.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cairn::va {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;
using base::IpAddress;
using protocol::OrProblem;
using protocol::Problem;
using protocol::ProblemType;
using std::chrono::steady_clock;

namespace {

/// How many addresses of IPv6, and how many of IPv4, are tried at most.
constexpr std::size_t attempts_per_family = 2;
/// How many addresses a message names at most.
constexpr std::size_t addresses_in_message = 4;

tcp::endpoint endpoint_of(const IpAddress& address, std::uint16_t port) {
    const auto octets = address.octets();
    if (address.family() == IpAddress::Family::v4) {
        asio::ip::address_v4::bytes_type bytes{};
        std::ranges::copy(octets, bytes.begin());
        return {asio::ip::address_v4(bytes), port};
    }
    asio::ip::address_v6::bytes_type bytes{};
    std::ranges::copy(octets, bytes.begin());
    return {asio::ip::address_v6(bytes), port};
}

/// Those to try, in order: IPv6 first.
std::vector<IpAddress> chosen(const std::vector<IpAddress>& addresses, const EgressPolicy& egress) {
    std::vector<IpAddress> result;
    for (const auto family : {IpAddress::Family::v6, IpAddress::Family::v4}) {
        std::size_t count = 0;
        for (const auto& address : addresses) {
            if (address.family() != family || !egress.allows(address)) continue;
            if (++count > attempts_per_family) break;
            result.push_back(address);
        }
    }
    return result;
}

std::string list_of(const std::vector<IpAddress>& addresses) {
    std::vector<std::string> texts;
    for (const auto& address : addresses) {
        if (texts.size() == addresses_in_message) {
            texts.push_back(fmt::format("and {} more", addresses.size() - texts.size()));
            break;
        }
        texts.push_back(address.to_string());
    }
    return fmt::format("{}", fmt::join(texts, ", "));
}

std::string reason_for_none(const OrProblem<net::DnsAnswer>& v6,
                            const OrProblem<net::DnsAnswer>& v4) {
    if (!v4) return v4.error().detail;
    if (!v6) return v6.error().detail;
    if (v4->outcome == net::DnsAnswer::Outcome::no_such_name) {
        return "there is no such name (NXDOMAIN)";
    }
    return "the name has neither AAAA nor A records";
}

}  // namespace

std::string describe(const boost::system::error_code& error) {
    if (error == asio::error::operation_aborted) throw boost::system::system_error(error);
    if (error == beast::error::timeout || error == asio::error::timed_out) return "timed out";
    return base::printable(error.message());
}

base::Task<OrProblem<Dialer::Addresses>> Dialer::addresses_of(const std::string& name) {
    steps_.push_back(name + " AAAA");
    steps_.push_back(name + " A");
    auto [v6, v4] = co_await look_up_addresses(resolver_, name, deadline_);
    Addresses found;
    if (v6) found = std::move(v6->addresses);
    if (v4) found.insert(found.end(), v4->addresses.begin(), v4->addresses.end());
    if (found.empty()) {
        co_return std::unexpected(Problem(ProblemType::dns, reason_for_none(v6, v4)));
    }
    co_return found;
}

base::Task<OrProblem<Connection>> Dialer::connect(std::string name, std::uint16_t port) {
    auto addresses = co_await addresses_of(name);
    if (!addresses) co_return std::unexpected(std::move(addresses.error()));
    co_return co_await connect_to_any(std::move(*addresses), port);
}

base::Task<OrProblem<Connection>> Dialer::connect(IpAddress address, std::uint16_t port) {
    Addresses addresses;
    addresses.push_back(address);
    co_return co_await connect_to_any(std::move(addresses), port);
}

base::Task<OrProblem<Connection>> Dialer::connect_to_any(Addresses addresses, std::uint16_t port) {
    const auto executor = co_await asio::this_coro::executor;
    const auto targets = chosen(addresses, egress_);
    if (targets.empty()) {
        co_return std::unexpected(Problem(
            ProblemType::connection,
            fmt::format("no address that validation may connect to: {}", list_of(addresses))));
    }
    std::vector<std::string> failures;
    for (std::size_t index = 0; index < targets.size(); ++index) {
        auto peer = fmt::format("{}:{}", targets[index].to_url_host(), port);
        Connection connection{beast::tcp_stream(executor), std::move(peer)};
        // An address that swallows packets leaves the others their share of the time.
        const auto now = steady_clock::now();
        const auto share = (deadline_ - now) / static_cast<int>(targets.size() - index);
        connection.stream.expires_at(now + share);
        const auto endpoint = endpoint_of(targets[index], port);
        const auto [error] =
            co_await connection.stream.async_connect(endpoint, asio::as_tuple(asio::use_awaitable));
        if (!error) {
            steps_.push_back(connection.peer);
            connection.stream.expires_at(deadline_);
            co_return connection;
        }
        failures.push_back(fmt::format("{}: {}", connection.peer, describe(error)));
        steps_.push_back(failures.back());
    }
    co_return std::unexpected(Problem(
        ProblemType::connection, fmt::format("could not connect: {}", fmt::join(failures, "; "))));
}

}  // namespace cairn::va
