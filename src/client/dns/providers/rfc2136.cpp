// A name server that takes DNS UPDATE (RFC 2136), signed with TSIG (RFC 8945): BIND, Knot,
// PowerDNS, NSD's primaries, Windows.

#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <vector>

#include <fmt/format.h>

#include "base/duration.h"
#include "client/dns/gss_context.h"
#include "client/dns/provider.h"
#include "client/dns/update_signing.h"
#include "client/failure.h"
#include "dns/response.h"
#include "dns/server_exchange.h"
#include "dns/tkey.h"
#include "dns/tsig.h"
#include "dns/update.h"
#include "net/host_addresses.h"

namespace cairn::client::providers {
namespace {

using namespace std::chrono_literals;

constexpr int max_tries = 4;
constexpr base::Milliseconds patience{10000};
/// With the resolvers of this machine, for the server's own name.
constexpr auto patience_with_names = 5s;
/// With one of several addresses, before the next one is asked.
constexpr base::Milliseconds patience_with_addresses{2000};
/// Of the server's, that are tried.
constexpr std::size_t max_addresses = 4;
/// Of an exchange by Kerberos, which takes one as a rule.
constexpr int max_tokens = 8;

std::string advice_for(int code, bool has_key) {
    switch (code) {
        case 5:
            return has_key ? "may this key change TXT records of this zone (allow-update, "
                             "update-policy, acl)?"
                           : "does the server want a TSIG key (tsig_name, tsig_secret)?";
        case 9:
            return "is the server the primary of this zone, and is the key known to it?";
        case 10:
            return "is the record in the zone?";
        case 16:
            return "is tsig_secret the one that the server has for this key?";
        case 17:
            return "does the server know tsig_name with this tsig_algorithm?";
        case 18:
            return "set the clocks of both machines.";
        default:
            return "the server's log says why.";
    }
}

class Rfc2136 final : public DnsProvider {
  public:
    /// `servers`: the addresses of one server, at least one.
    Rfc2136(std::vector<net::SocketAddress> servers, UpdateSigning signing,
            std::uint32_t time_to_live, const ProviderContext& context)
        : servers_(std::move(servers)),
          key_(std::move(signing.key)),
          kerberos_(std::move(signing.kerberos)),
          time_to_live_(time_to_live),
          context_(context) {}

    std::optional<net::SocketAddress> authority() const override {
        std::call_once(is_looked_for_, [this] { look_for_server(); });
        return server();
    }
    void set(const TxtRecord& record) override { update(record, dns::TxtUpdate::Kind::add); }
    void remove(const TxtRecord& record) override { update(record, dns::TxtUpdate::Kind::remove); }

  private:
    /// The address that answered last, else the first one.
    const net::SocketAddress& server() const { return servers_[turn_]; }

    /// Begins with the first of several addresses that answers, since zones are asked for there.
    void look_for_server() const {
        for (std::size_t turn = 0; servers_.size() > 1 && turn < servers_.size(); ++turn) {
            const auto answer = dns::ask_server(servers_[turn], "invalid", dns::RecordType::soa,
                                                dns::Recursion::none, patience_with_addresses);
            if (!answer && answer.error().kind != dns::ServerError::Kind::broken) continue;
            turn_ = turn;
            return;
        }
    }

    /// What the server answers, at whichever of its addresses it does.
    base::Result<base::Bytes, dns::ServerError> exchange(base::BytesView message) const {
        const std::size_t first = turn_;
        for (std::size_t i = 0;; ++i) {
            const auto turn = (first + i) % servers_.size();
            auto reply = dns::send_to_server(servers_[turn], message, patience);
            if (reply)
                turn_ = turn;
            else
                tell(fmt::format("< {}: {}", servers_[turn].to_string(), reply.error().message));
            if (reply || i + 1 == servers_.size()) return reply;
        }
    }

    void update(const TxtRecord& record, dns::TxtUpdate::Kind kind) {
        const bool is_added = kind == dns::TxtUpdate::Kind::add;
        const auto tried = fmt::format("{} the TXT record {} in {}", is_added ? "add" : "remove",
                                       record.name, record.zone);
        tell(fmt::format("> UPDATE {} at {}: {} {} {} TXT \"{}\"{}", record.zone,
                         server().to_string(), is_added ? "add" : "delete", record.name,
                         time_to_live_, record.value,
                         key_        ? fmt::format(", signed by {}", key_->name)
                         : kerberos_ ? ", signed by Kerberos"
                                     : ""));
        for (int attempt = 1;; ++attempt) {
            const auto code = ask({.kind = kind,
                                   .zone = record.zone,
                                   .name = record.name,
                                   .value = record.value,
                                   .time_to_live = time_to_live_},
                                  tried, attempt == max_tries);
            if (code == 0) return;
            // The server is busy, or has not loaded the zone yet.
            constexpr int server_failure = 2;
            if (code && (*code != server_failure || attempt == max_tries)) refuse(tried, *code, {});
            context_.timer.wait(1s * attempt);
        }
    }

    /// The response code; nothing where it is worth while to ask again.
    std::optional<int> ask(const dns::TxtUpdate& update, const std::string& tried, bool is_last) {
        auto message = dns::make_update(random_id(), update);
        if (!message) throw Failure(Aim(tried, Phase::challenge), message.error().message);
        dns::SignedMessage request{std::move(*message), {}};
        // The key of Kerberos is for this update.
        const auto context = kerberos_ ? agree_on_key(tried) : nullptr;
        if (key_ || context) {
            auto with_key = context ? dns::sign(request.octets, *context, context_.clock.now())
                                    : dns::sign(request.octets, *key_, context_.clock.now());
            if (!with_key)
                throw Failure(Aim(tried, Phase::challenge), with_key.error().message,
                              "is tsig_name right?");
            request = std::move(*with_key);
        }
        const auto reply = exchange(request.octets);
        if (!reply) {
            if (is_last)
                throw Failure(Aim(tried, Phase::challenge),
                              fmt::format("{}: {}", server().to_string(), reply.error().message),
                              "does it listen there, over TCP?");
            return std::nullopt;
        }
        const auto code = dns::update_response_code(*reply);
        if (!code)
            throw Failure(Aim(tried, Phase::challenge),
                          fmt::format("{}: {}", server().to_string(), code.error().message));
        tell(fmt::format("< {}", dns::response_code_text(*code)));
        if (context)
            check(dns::verify(*reply, *context, request.mac, context_.clock.now()), *code, tried);
        else if (key_)
            check(dns::verify(*reply, *key_, request.mac, context_.clock.now()), *code, tried);
        return *code;
    }

    std::uint16_t random_id() const {
        std::array<std::uint8_t, 2> id{};
        context_.random.fill(id);
        return static_cast<std::uint16_t>(id[0] << 8U | id[1]);
    }

    /// A key by GSS-API (RFC 3645 section 3.1).
    std::unique_ptr<GssContext> agree_on_key(const std::string& tried) const {
        const auto fail = [&](const std::string& why) {
            throw Failure(Aim(tried, Phase::challenge), why,
                          "does `kinit` work for this principal, and does the server know the "
                          "service DNS/" +
                              kerberos_->host + "?");
        };
        std::array<std::uint8_t, 8> random{};
        context_.random.fill(random);
        auto begun =
            GssContext::begin(*kerberos_, base::to_hex(random) + ".cairn." + kerberos_->host);
        if (!begun) fail(begun.error().message);
        auto context = std::move(*begun);
        base::Bytes from_server;
        base::Bytes last_reply;
        for (int i = 0; i < max_tokens; ++i) {
            const auto token = context->step(from_server);
            if (!token) fail(token.error().message);
            if (token->empty()) break;
            last_reply = told_of_key(*context, *token, from_server, tried);
            if (context->is_complete()) break;
        }
        if (!context->is_complete()) fail("Kerberos came to no end with the server");
        const auto verdict = last_reply.empty()
                                 ? base::Result<dns::TsigVerdict>(dns::TsigVerdict{})
                                 : dns::verify(last_reply, *context, {}, context_.clock.now());
        if (!verdict || !verdict->is_authentic)
            fail("the server's answer about the key is not signed by it");
        return context;
    }

    /// Tells the server a token, and takes its own; returns its reply.
    base::Bytes told_of_key(const GssContext& context, base::BytesView token,
                            base::Bytes& from_server, const std::string& tried) const {
        const auto refuse_key = [&](const std::string& why) {
            throw Failure(
                Aim(tried, Phase::challenge),
                fmt::format("{}: agreeing on a key by Kerberos: {}", server().to_string(), why),
                "does the server take GSS-TSIG (in BIND tkey-gssapi-keytab)?");
        };
        const auto query =
            dns::make_tkey_query(random_id(), context.key_name(), token, context_.clock.now());
        if (!query) refuse_key(query.error().message);
        tell(fmt::format("> TKEY {} at {}", context.key_name(), server().to_string()));
        auto reply = exchange(*query);
        if (!reply) refuse_key(reply.error().message);
        auto answer = dns::read_tkey_answer(*reply, context.key_name());
        if (!answer) refuse_key(answer.error().message);
        const int code = answer->error != 0 ? answer->error : answer->response_code;
        tell(fmt::format("< {}", dns::response_code_text(code)));
        if (code != 0) refuse_key(dns::response_code_text(code));
        from_server = std::move(answer->token);
        return std::move(*reply);
    }

    /// Throws if the answer is not from who holds the key, or TSIG was what went wrong.
    void check(const base::Result<dns::TsigVerdict>& verdict, int code,
               const std::string& tried) const {
        if (!verdict)
            throw Failure(Aim(tried, Phase::challenge),
                          fmt::format("{}: {}", server().to_string(), verdict.error().message));
        if (verdict->error != 0) {
            constexpr int bad_time = 18;
            std::string detail;
            if (verdict->error == bad_time && verdict->server_time > base::Time{})
                detail = fmt::format(": its clock says {}, ours {}",
                                     base::to_rfc3339(verdict->server_time),
                                     base::to_rfc3339(context_.clock.now()));
            refuse(tried, verdict->error, detail);
        }
        if (code == 0 && !verdict->is_authentic)
            throw Failure(Aim(tried, Phase::challenge),
                          fmt::format("{} answers without a valid signature by {}",
                                      server().to_string(), key_ ? key_->name : "Kerberos"),
                          "somebody else may have answered in its place.");
    }

    [[noreturn]] void refuse(const std::string& tried, int code, const std::string& detail) const {
        throw Failure(Aim(tried, Phase::challenge),
                      fmt::format("{} refuses the update with {}{}", server().to_string(),
                                  dns::response_code_text(code), detail),
                      advice_for(code, key_ || kerberos_));
    }

    void tell(const std::string& text) const {
        if (context_.trace != nullptr) context_.trace->tell(text);
    }

    const std::vector<net::SocketAddress> servers_;
    mutable std::once_flag is_looked_for_;
    mutable std::atomic<std::size_t> turn_ = 0;  ///< of the address that answered last
    std::optional<dns::TsigKey> key_;
    std::optional<GssOptions> kerberos_;
    std::uint32_t time_to_live_;
    ProviderContext context_;
};

/// An address, or a name that the system finds addresses of, each with or without a port.
base::Result<std::vector<net::SocketAddress>> server_from(const std::string& text,
                                                          std::uint16_t default_port) {
    const auto address = net::SocketAddress::from_text(text, default_port);
    if (address) return std::vector{*address};
    const auto colon = text.rfind(':');
    const auto host = text.substr(0, colon);
    const bool is_name = !host.empty() && std::ranges::all_of(host, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
               c == '-' || c == '.' || c == '_';
    });
    // What follows the name is read as the port of an address.
    const auto port = net::SocketAddress::from_text(
        "0.0.0.0" + (colon == std::string::npos ? std::string() : text.substr(colon)),
        default_port);
    if (!is_name || !port) return std::unexpected(address.error());
    const auto addresses = net::addresses_of_host(host, patience_with_names);
    if (!addresses) return std::unexpected(addresses.error().within(host));
    std::vector<net::SocketAddress> servers;
    for (const auto& found : *addresses) {
        if (servers.size() == max_addresses) break;
        servers.push_back({found, port->port});
    }
    return servers;
}

base::Result<std::unique_ptr<DnsProvider>> make_rfc2136(const ProviderKind&,
                                                        const DnsCredentials& credentials,
                                                        const ProviderContext& context) {
    constexpr std::uint16_t default_port = 53;
    auto port = default_port;
    if (credentials.has("port")) {
        const auto text = net::SocketAddress::from_text("0.0.0.0:" + credentials.text("port"));
        if (!text || text->port == 0) return base::fail("port: must be a port number");
        port = text->port;
    }
    auto servers = server_from(credentials.text("server"), port);
    if (!servers) return std::unexpected(servers.error().within("server"));
    auto signing = UpdateSigning::from(credentials);
    if (!signing) return std::unexpected(signing.error());
    std::uint32_t time_to_live = default_time_to_live;
    if (credentials.has("ttl")) {
        const auto text = credentials.text("ttl");
        if (text.empty() || text.size() > 6 ||
            text.find_first_not_of("0123456789") != std::string::npos)
            return base::fail("ttl: must be a number of seconds");
        time_to_live = static_cast<std::uint32_t>(std::stoul(text));
    }
    return std::make_unique<Rfc2136>(std::move(*servers), std::move(*signing), time_to_live,
                                     context);
}

}  // namespace

ProviderKind rfc2136() {
    using Need = CredentialKey::Need;
    using Kind = CredentialKey::Kind;
    return {
        .name = "rfc2136",
        .title = "DNS UPDATE (RFC 2136)",
        .access =
            "A TSIG key that may change the TXT records at _acme-challenge names alone: in "
            "BIND `update-policy { grant KEY name _acme-challenge.example.com. TXT; };`, in Knot "
            "an acl with update-type: [TXT] and update-owner-name: [_acme-challenge].",
        .documentation = "https://www.rfc-editor.org/rfc/rfc2136",
        .keys = {{.name = "server",
                  .meaning = "address or name of the primary server, with a port unless it is 53",
                  .kind = Kind::open,
                  .variables = {"CAIRN_RFC2136_SERVER", "RFC2136_NAMESERVER", "NSUPDATE_SERVER"}},
                 {.name = "port",
                  .meaning = "its port, where it is not said with the server",
                  .need = Need::optional,
                  .kind = Kind::open,
                  .variables = {"CAIRN_RFC2136_PORT", "NSUPDATE_SERVER_PORT"}},
                 {.name = "tsig_file",
                  .meaning = "file of the key, as tsig-keygen writes it, instead of what follows",
                  .need = Need::optional,
                  .kind = Kind::open,
                  .variables = {"CAIRN_RFC2136_TSIG_FILE", "RFC2136_TSIG_FILE", "NSUPDATE_KEY"}},
                 {.name = "tsig_name",
                  .meaning = "name of the key",
                  .need = Need::optional,
                  .kind = Kind::open,
                  .variables = {"CAIRN_RFC2136_TSIG_NAME", "RFC2136_TSIG_KEY"}},
                 {.name = "tsig_algorithm",
                  .meaning = "hmac-sha256 unless said; also hmac-sha1, -sha224, -sha384, -sha512 "
                             "and hmac-md5, and gss-tsig (Kerberos, Active Directory)",
                  .need = Need::optional,
                  .kind = Kind::open,
                  .variables = {"CAIRN_RFC2136_TSIG_ALGORITHM", "RFC2136_TSIG_ALGORITHM"}},
                 {.name = "tsig_secret",
                  .meaning = "the key in base64",
                  .need = Need::optional,
                  .variables = {"CAIRN_RFC2136_TSIG_SECRET", "RFC2136_TSIG_SECRET"}},
                 {.name = "kerberos_host",
                  .meaning = "with gss-tsig: HOST of the service DNS/HOST, the name in server "
                             "unless said",
                  .need = Need::optional,
                  .kind = Kind::open,
                  .variables = {"CAIRN_RFC2136_KERBEROS_HOST"}},
                 {.name = "kerberos_principal",
                  .meaning = "with gss-tsig: who asks; that of the keytab or the cache unless said",
                  .need = Need::optional,
                  .kind = Kind::open,
                  .variables = {"CAIRN_RFC2136_KERBEROS_PRINCIPAL"}},
                 {.name = "kerberos_keytab",
                  .meaning = "with gss-tsig: file of its key; the credential cache unless said",
                  .need = Need::optional,
                  .kind = Kind::open,
                  .variables = {"CAIRN_RFC2136_KERBEROS_KEYTAB"}},
                 {.name = "ttl",
                  .meaning = "time to live of the records in seconds, 60 unless said",
                  .need = Need::optional,
                  .kind = Kind::open,
                  .variables = {"CAIRN_RFC2136_TTL", "RFC2136_TTL"}}},
        .scope = ChangeScope::record_set,
        .patience = 600s,
        .trial = ProviderKind::Trial::real,
        .make = &make_rfc2136};
}

}  // namespace cairn::client::providers
