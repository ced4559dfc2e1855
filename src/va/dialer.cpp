#include "va/dialer.h"

#include <algorithm>
#include <memory>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/error.hpp>
#include <boost/system/system_error.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <openssl/err.h>

#include "base/shortage.h"
#include "va/local_addresses.h"

namespace cairn::va {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;
using base::IpAddress;
using protocol::OrProblem;
using protocol::ProblemType;
using std::chrono::steady_clock;

namespace {

/// How many addresses of IPv6, and how many of IPv4, are tried at most.
constexpr std::size_t attempts_per_family = 2;
/// A message names at most this many addresses.
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

/// The addresses to try, in order: IPv6 first.
std::vector<IpAddress> chosen(const std::vector<IpAddress>& addresses, std::uint16_t port,
                              const EgressPolicy& egress, const Reach& reach) {
    std::vector<IpAddress> result;
    for (const auto family : {IpAddress::Family::v6, IpAddress::Family::v4}) {
        std::size_t count = 0;
        for (const auto& address : addresses) {
            if (address.family() != family ||
                !reach.covers(address, egress.space_of(address, port)))
                continue;
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

std::string reason_for_none(const OrProblem<dns::Answer>& v6, const OrProblem<dns::Answer>& v4) {
    if (!v4) return v4.error().detail;
    if (!v6) return v6.error().detail;
    if (v4->outcome == dns::Answer::Outcome::no_such_name) {
        return "there is no such name (NXDOMAIN)";
    }
    return "the name has neither AAAA nor A records";
}

/// Whether connecting failed because this machine lacks something. EADDRNOTAVAIL means no free
/// port; but on a machine without IPv6 it only means that there is no address to connect from.
bool is_our_shortage(const boost::system::error_code& error, IpAddress::Family family) {
    if (!base::is_shortage(error)) return false;
    return error != boost::system::errc::address_not_available || family == IpAddress::Family::v4 ||
           has_ipv6();
}

/// All that a message says about a failure after a redirect.
Failure nowhere_to_go() {
    return {ProblemType::connection,
            "the host has no public address that can be connected to, or cannot be looked up",
            Outlook::may_heal};
}

}  // namespace

void throw_shortage(const boost::system::error_code& error) {
    const bool is_memory_of_tls =
        error.category() == asio::error::get_ssl_category() &&
        ERR_GET_REASON(static_cast<unsigned long>(error.value())) == ERR_R_MALLOC_FAILURE;
    if (is_memory_of_tls || base::is_shortage(error))
        throw base::Shortage("validating: " + error.message());
}

std::string describe(const boost::system::error_code& error) {
    if (error == asio::error::operation_aborted) throw boost::system::system_error(error);
    if (error == beast::error::timeout || error == asio::error::timed_out) return "timed out";
    return base::printable(error.message());
}

base::Task<OrFailure<Dialer::Addresses>> Dialer::addresses_of(const std::string& name) {
    evidence_.steps.push_back(name + " AAAA");
    evidence_.steps.push_back(name + " A");
    auto [v6, v4] = co_await look_up_addresses(resolver_, name, deadline_);
    Addresses found;
    for (auto* answer : {&v6, &v4}) {
        if (!*answer) continue;
        auto& addresses = (*answer)->addresses;
        found.list.insert(found.list.end(), addresses.begin(), addresses.end());
        const auto& canonical = (*answer)->canonical_name;
        found.is_alias |= !canonical.empty() && canonical != name;
    }
    if (found.list.empty()) {
        co_return std::unexpected(
            Failure(ProblemType::dns, reason_for_none(v6, v4), Outlook::may_heal));
    }
    co_return found;
}

base::Task<OrFailure<Connection>> Dialer::connect(std::string name, std::uint16_t port,
                                                  Reach reach) {
    auto addresses = co_await addresses_of(name);
    if (!addresses && reach.is_redirect()) co_return std::unexpected(nowhere_to_go());
    if (!addresses) co_return std::unexpected(std::move(addresses.error()));
    co_return co_await connect_to_any(std::move(*addresses), port, reach);
}

base::Task<OrFailure<Connection>> Dialer::connect(IpAddress address, std::uint16_t port,
                                                  Reach reach) {
    Addresses addresses;
    addresses.list.push_back(address);
    co_return co_await connect_to_any(std::move(addresses), port, reach);
}

base::Task<OrFailure<Connection>> Dialer::connect_to_any(Addresses addresses, std::uint16_t port,
                                                         Reach reach) {
    const auto executor = co_await asio::this_coro::executor;
    const auto targets = chosen(addresses.list, port, egress_, reach);
    if (targets.empty() && reach.is_redirect()) co_return std::unexpected(nowhere_to_go());
    if (targets.empty()) {
        const auto which =
            addresses.is_alias ? std::string("those of its alias") : list_of(addresses.list);
        co_return std::unexpected(Failure(
            ProblemType::connection,
            fmt::format("no address that validation may connect to: {}", which), Outlook::final));
    }
    std::vector<std::string> failures;
    std::string shortage;
    for (std::size_t index = 0; index < targets.size(); ++index) {
        const auto& target = targets[index];
        auto peer = fmt::format("{}:{}", target.to_url_host(), port);
        Connection connection{beast::tcp_stream(executor), std::move(peer), target,
                              egress_.space_of(target, port)};
        evidence_.endpoints.push_back({target, port});
        // Each address gets a share of the time, so that one which drops packets does not use it
        // all.
        const auto now = steady_clock::now();
        const auto share = (deadline_ - now) / static_cast<int>(targets.size() - index);
        connection.stream.expires_at(now + share);
        const auto endpoint = endpoint_of(target, port);
        const auto [error] =
            co_await connection.stream.async_connect(endpoint, asio::as_tuple(asio::use_awaitable));
        if (!error) {
            evidence_.steps.push_back(connection.peer);
            connection.stream.expires_at(deadline_);
            co_return connection;
        }
        failures.push_back(fmt::format("{}: {}", connection.peer, describe(error)));
        evidence_.steps.push_back(failures.back());
        if (is_our_shortage(error, target.family())) shortage = failures.back();
    }
    if (!shortage.empty()) throw base::Shortage("connecting to " + shortage);
    co_return std::unexpected(Failure(
        ProblemType::connection, fmt::format("could not connect: {}", fmt::join(failures, "; ")),
        Outlook::may_heal));
}

}  // namespace cairn::va
