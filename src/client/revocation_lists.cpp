#include "client/revocation_lists.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/enum_table.h"
#include "client/failure.h"
#include "client/lineage.h"
#include "client/revocation.h"
#include "http/client.h"
#include "net/host_addresses.h"
#include "net/url.h"
#include "pki/crl_distribution_points.h"

namespace cairn::client {
namespace {

constexpr std::size_t max_list = std::size_t{16} << 20;
constexpr std::chrono::milliseconds patience = std::chrono::seconds{20};
/// How many addresses of a host are tried.
constexpr std::size_t max_addresses = 4;
/// How much the CA's clock may be ahead.
constexpr base::Seconds clock_difference = std::chrono::minutes{10};
constexpr std::uint16_t http_port = 80;

using Verdict = RevocationSight::Verdict;

constexpr base::EnumTable<Verdict, std::string_view> verdict_names({
    {Verdict::good, "good"},
    {Verdict::revoked, "revoked"},
    {Verdict::unknown, "unknown"},
    {Verdict::not_offered, "not-offered"},
});

/// Where services for machines of a cloud are, to which no CA has to lead anybody.
bool is_link_local(const base::IpAddress& address) {
    const auto octets = address.octets();
    if (address.family() == base::IpAddress::Family::v4)
        return octets[0] == 169 && octets[1] == 254;
    return octets[0] == 0xfe && (octets[1] & 0xc0U) == 0x80U;
}

/// Whether another address of the same host may answer.
bool is_closed(const http::ExchangeError& error) {
    using Kind = http::ExchangeError::Kind;
    return error.kind == Kind::refused || error.kind == Kind::unreachable;
}

base::Result<pki::Crl> fetch(const std::string& text, const std::string& user_agent) {
    const auto url = net::Url::from_text(text);
    if (!url || url->is_https()) return base::fail("its address is no http:// URL");
    auto addresses = net::addresses_of_host(url->host(), patience);
    if (!addresses) return std::unexpected(addresses.error().within(url->host()));
    std::erase_if(*addresses, &is_link_local);
    if (addresses->empty()) return base::fail("its address is link-local");
    http::Client client({.user_agent = user_agent,
                         .timeout = patience,
                         .max_body = max_list,
                         .allow_plain_http = true});
    const auto ask = [&](const base::IpAddress& address) {
        return client.exchange({.url = url->to_string(),
                                .connect_to = net::SocketAddress{
                                    address, url->port() == 0 ? http_port : url->port()}});
    };
    auto reply = ask(addresses->front());
    const auto count = std::min(addresses->size(), max_addresses);
    for (std::size_t i = 1; i < count && !reply && is_closed(reply.error()); ++i)
        reply = ask((*addresses)[i]);
    if (!reply) return std::unexpected(base::Error(reply.error()));
    if (reply->status != 200)
        return base::fail(fmt::format("the server answered {}", reply->status));
    return pki::Crl::from_der(base::bytes_of(reply->body));
}

/// Why the list is not believed; empty if it is.
std::string fault_of(const pki::Crl& list, const std::string& url, const pki::Certificate& issuer,
                     base::Time now) {
    if (!list.is_signed_by(issuer)) return "it is not signed by the certificate's issuer";
    if (list.this_update() > now + clock_difference) return "it is of the future";
    if (list.next_update() < now) return "it is out of date";
    // RFC 5280 section 6.3.3 (b): a shard is of its own point alone.
    if (!list.distribution_point().empty() && list.distribution_point() != url)
        return "it is of another distribution point";
    return {};
}

protocol::RevocationReason reason_of(pki::CrlReason reason) {
    const auto code = static_cast<std::int64_t>(reason);
    return base::enumerator_from<protocol::RevocationReason>(code).value_or(
        protocol::RevocationReason::unspecified);
}

}  // namespace

std::string_view to_string(Verdict verdict) {
    return verdict_names[verdict];
}

RevocationLists::List RevocationLists::list_at(const std::string& url) {
    {
        const std::scoped_lock lock(mutex_);
        if (const auto found = lists_.find(url); found != lists_.end()) return found->second;
    }
    const auto list = std::make_shared<const base::Result<pki::Crl>>(fetch(url, user_agent_));
    const std::scoped_lock lock(mutex_);
    return lists_.try_emplace(url, list).first->second;
}

RevocationSight RevocationLists::look_up(const pki::Chain& chain) {
    const auto urls = pki::crl_urls_of(chain.front());
    if (urls.empty()) return {};
    if (chain.size() < 2) return {Verdict::unknown, "its issuer is not in the chain"};
    RevocationSight sight{Verdict::unknown};
    for (const auto& url : urls) {
        const auto list = list_at(url);
        const auto fault = *list ? fault_of(**list, url, chain[1], clock_.now())
                                 : base::printable((*list).error().message, 300);
        if (!fault.empty()) {
            sight.detail = fmt::format("{}: {}", base::printable(url, 300), fault);
            continue;
        }
        const auto& revoked = (*list)->revoked();
        const auto entry =
            std::ranges::find(revoked, chain.front().serial(), &pki::RevokedCertificate::serial);
        if (entry == revoked.end()) return {Verdict::good};
        return {Verdict::revoked, {}, RevocationNote{entry->at, reason_of(entry->reason)}};
    }
    return sight;
}

RevocationSight RevocationLists::look_up(const StateDirectory& state, const LineageMember& member) {
    const auto current = Lineage(state, member).current();
    if (!current) return {Verdict::unknown, current.error().message};
    auto sight = look_up(current->chain);
    if (!sight.note) return sight;
    try {
        note_revocation(state, member, current->chain.front(), *sight.note);
    } catch (const Failure& failure) {
        sight.detail = fmt::format("it cannot be kept: {}", failure.came_back());
    }
    return sight;
}

}  // namespace cairn::client
