#include "client/network_evidence.h"

#include <algorithm>
#include <array>
#include <iterator>

#include <arpa/nameser.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>

#include "client/side_by_side.h"
#include "http/client.h"
#include "net/host_addresses.h"
#include "net/tls_probe.h"
#include "net/url.h"
#include "pki/certificate.h"

namespace cairn::client {
namespace {

constexpr std::chrono::milliseconds patience{5000};
constexpr std::size_t max_addresses = 4;
constexpr std::size_t max_body = 65536;
constexpr std::size_t max_quoted = 120;
constexpr std::size_t max_records = 10;
constexpr std::uint16_t http_port = 80, tls_port = 443;
/// RFC 8737 section 6.2.
constexpr const char* validation_protocol = "acme-tls/1";

std::string in_quotes(std::string_view text) {
    return fmt::format("\"{}\"{}", base::printable(text, max_quoted),
                       text.size() > max_quoted ? "..." : "");
}

/// What each of the name's addresses shows to `look`, all at the same time; or why there are none.
template <class Look>
std::vector<std::string> from_each_address(const std::string& host, Look look) {
    const auto addresses = net::addresses_of_host(host, patience);
    if (!addresses)
        return {fmt::format("{} has no address here: {}", host, addresses.error().message)};
    std::vector<std::string> seen(std::min(addresses->size(), max_addresses));
    side_by_side(seen.size(), seen.size(), [&](std::size_t i) { seen[i] = look((*addresses)[i]); });
    return seen;
}

std::string words_for(const http::Reply& reply, std::string_view expected) {
    // A file may end with a line end, as people write it.
    std::string_view body = reply.body;
    while (!body.empty() && (body.back() == '\n' || body.back() == '\r' || body.back() == ' '))
        body.remove_suffix(1);
    if (reply.status == 200 && body == expected)
        return "answers with what the CA looks for; the CA may see another address, or was stopped "
               "on its way";
    auto text = fmt::format("answers {}", reply.status);
    if (const auto server = reply.field("server"); !server.empty())
        text += fmt::format(" (server {})", base::printable(server, 60));
    if (const auto location = reply.field("location"); !location.empty())
        text += fmt::format(", which leads to {}", base::printable(location, 300));
    else if (!reply.body.empty())
        text += fmt::format(": {}", in_quotes(reply.body));
    return text;
}

std::string chunk_text(const unsigned char* data, std::size_t size) {
    std::string text;
    // Character strings, each with its length before it (RFC 1035 section 3.3.14).
    for (std::size_t at = 0; at < size;) {
        const std::size_t length = data[at++];
        const auto count = std::min(length, size - at);
        text.append(reinterpret_cast<const char*>(data) + at, count);
        at += count;
    }
    return text;
}

std::vector<std::string> about_record(const ProgressEvent& failed) {
    const auto name = failed.place.string();
    const auto records = txt_records_of(name);
    if (!records)
        return {fmt::format("no TXT record is found at {}: {}", base::printable(name, 300),
                            records.error().message)};
    std::string list;
    for (const auto& record : *records) list += (list.empty() ? "" : ", ") + in_quotes(record);
    const bool is_there = std::ranges::find(*records, failed.text) != records->end();
    return {fmt::format("the TXT records at {} are {}: {}", base::printable(name, 300), list,
                        is_there ? "the one that the CA looks for is among them; its resolvers may "
                                   "still have an older answer, or ask other servers"
                                 : "the one that the CA looks for is not among them")};
}

}  // namespace

base::Result<std::vector<std::string>> txt_records_of(const std::string& name) {
    struct __res_state state{};
    if (::res_ninit(&state) != 0) return base::fail("the system's resolver cannot be asked");
    state.retrans = 2;
    state.retry = 2;
    std::array<unsigned char, 65535> answer;
    const int size = ::res_nquery(&state, name.c_str(), ns_c_in, ns_t_txt, answer.data(),
                                  static_cast<int>(answer.size()));
    const int error = state.res_h_errno;
    ::res_nclose(&state);
    if (size < 0)
        return base::fail(error == HOST_NOT_FOUND ? "there is no such name"
                          : error == NO_DATA      ? "the name has no such record"
                                                  : "the resolver has no answer (SERVFAIL?)");
    ns_msg message;
    std::vector<std::string> records;
    if (::ns_initparse(answer.data(), std::min(size, static_cast<int>(answer.size())), &message) !=
        0)
        return base::fail("the answer cannot be read");
    for (int i = 0; i < ns_msg_count(message, ns_s_an) && records.size() < max_records; ++i) {
        ns_rr record;
        if (::ns_parserr(&message, ns_s_an, i, &record) != 0) break;
        if (ns_rr_type(record) == ns_t_txt)
            records.push_back(chunk_text(ns_rr_rdata(record), ns_rr_rdlen(record)));
    }
    if (records.empty()) return base::fail("the name has no such record");
    return records;
}

std::vector<std::string> NetworkEvidence::about(const ProgressEvent& failed) noexcept try {
    switch (failed.challenge.value()) {
        case protocol::ChallengeType::http_01:
            return about_file(failed);
        case protocol::ChallengeType::tls_alpn_01:
            return about_certificate(failed);
        case protocol::ChallengeType::dns_01:
        case protocol::ChallengeType::dns_account_01:
        case protocol::ChallengeType::dns_persist_01:
            return about_record(failed);
    }
    return {};
} catch (const std::exception& fault) {
    return {fmt::format("nothing, since {}", base::printable(fault.what()))};
}

std::vector<std::string> NetworkEvidence::about_file(const ProgressEvent& failed) const {
    const auto url = net::Url::from_text(failed.place.string());
    if (!url) return {};
    return from_each_address(url->host(), [&](const base::IpAddress& address) {
        const net::SocketAddress target{address, http_port};
        http::Client client({.user_agent = user_agent_,
                             .timeout = patience,
                             .max_body = max_body,
                             .allow_plain_http = true});
        const auto reply = client.exchange({.url = url->to_string(), .connect_to = target});
        return fmt::format("{} {}", target.to_string(),
                           reply ? words_for(*reply, failed.text)
                                 : "does not answer: " + base::printable(reply.error().message));
    });
}

std::vector<std::string> NetworkEvidence::about_certificate(const ProgressEvent& failed) const {
    if (failed.identifiers.empty()) return {};
    const auto& identifier = failed.identifiers.front();
    const bool is_name = identifier.type() == protocol::IdentifierType::dns;
    const auto address_of_name = base::IpAddress::from_lenient_text(identifier.base_value());
    // RFC 8738 section 6: of an address, its reverse name.
    const auto server_name = is_name           ? identifier.base_value()
                             : address_of_name ? address_of_name->reverse_name()
                                               : std::string();
    return from_each_address(identifier.base_value(), [&](const base::IpAddress& address) {
        const net::SocketAddress target{address, tls_port};
        const auto sight = net::look_at_tls({.target = target,
                                             .server_name = server_name,
                                             .protocol = validation_protocol,
                                             .patience = patience});
        if (!sight) return fmt::format("no handshake with {}", sight.error().message);
        const auto shown = pki::Certificate::from_der(sight->certificates.front());
        std::string names;
        if (shown)
            for (const auto& name : shown->names().dns_names)
                names += (names.empty() ? "" : ", ") + base::printable(name, 100);
        return fmt::format("{} {}; its certificate is for {}", target.to_string(),
                           sight->protocol == validation_protocol
                               ? "speaks acme-tls/1"
                               : "does not speak acme-tls/1: something else answers there",
                           names.empty() ? "no name" : base::printable(names, 300));
    });
}

}  // namespace cairn::client
