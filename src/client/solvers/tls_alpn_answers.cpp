#include "client/solvers/tls_alpn_answers.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "net/ascii.h"
#include "pki/certificate_builder.h"

namespace cairn::client {
namespace {

using namespace std::chrono_literals;

/// How long an order waits for another that proves the same name, and how often it looks.
constexpr auto turn_patience = 60s;
constexpr auto turn_glance = 20ms;
/// An ALPN extension that offers acme-tls/1 alone (RFC 7301 section 3.1): the lengths of the list
/// and of the name, then the name.
constexpr std::array<unsigned char, 13> acme_tls_alone = {0,   11,  10,  'a', 'c', 'm', 'e',
                                                          '-', 't', 'l', 's', '/', '1'};

/// The name that the CA sends as SNI: for an address its name in the reverse tree (RFC 8738
/// section 6).
std::string server_name_of(const protocol::Identifier& identifier) {
    return identifier.type() == protocol::IdentifierType::ip
               ? identifier.ip_address().reverse_name()
               : identifier.base_value();
}

using KeptObjects = std::vector<std::shared_ptr<void>>;

int kept_index() {
    static const int index = SSL_CTX_get_ex_new_index(
        0, nullptr, nullptr, nullptr, [](void*, void* kept, CRYPTO_EX_DATA*, int, long, void*) {
            delete static_cast<KeptObjects*>(kept);
        });
    return index;
}

}  // namespace

void keep_with(SSL_CTX* context, std::shared_ptr<void> object) {
    auto* kept = static_cast<KeptObjects*>(SSL_CTX_get_ex_data(context, kept_index()));
    if (kept == nullptr) {
        auto fresh = std::make_unique<KeptObjects>();
        if (SSL_CTX_set_ex_data(context, kept_index(), fresh.get()) != 1)
            throw std::runtime_error("OpenSSL keeps no data with a context");
        kept = fresh.release();
    }
    kept->push_back(std::move(object));
}

void TlsAlpnAnswers::put_up(const Challenge& challenge, const base::Clock& clock, Timer& timer) {
    pki::SubjectNames names;
    if (challenge.identifier.type() == protocol::IdentifierType::ip)
        names.ip_addresses.push_back(challenge.identifier.ip_address());
    else
        names.dns_names.push_back(challenge.identifier.base_value());
    const auto digest = protocol::tls_alpn_digest(challenge.key_authorization);
    const auto certificate = pki::make_tls_alpn_certificate(names, digest, key_, clock.now());
    const auto deadline = timer.now() + turn_patience;
    while (!add(challenge, certificate)) {
        if (timer.now() > deadline)
            throw Failure(fmt::format("answer for {} by tls-alpn-01", challenge.identifier.value()),
                          "another certificate with this name is being proved all the time",
                          "try again.");
        timer.wait(turn_glance);
    }
}

bool TlsAlpnAnswers::add(const Challenge& challenge, const pki::Certificate& certificate) {
    const std::scoped_lock lock(mutex_);
    const auto [place, added] = by_name_.try_emplace(server_name_of(challenge.identifier),
                                                     Answer{challenge.token, certificate});
    return added || place->second.token == challenge.token;
}

void TlsAlpnAnswers::take_down(const Challenge& challenge) {
    const std::scoped_lock lock(mutex_);
    const auto found = by_name_.find(server_name_of(challenge.identifier));
    if (found != by_name_.end() && found->second.token == challenge.token) by_name_.erase(found);
}

bool TlsAlpnAnswers::is_empty() const {
    const std::scoped_lock lock(mutex_);
    return by_name_.empty();
}

std::optional<pki::Certificate> TlsAlpnAnswers::certificate_for(std::string name) const {
    const std::scoped_lock lock(mutex_);
    const auto found = by_name_.find(net::ascii_lower(name));
    if (found == by_name_.end()) return std::nullopt;
    return found->second.certificate;
}

bool TlsAlpnAnswers::is_asked_for_by(SSL* tls) {
    const unsigned char* offered = nullptr;
    std::size_t size = 0;
    return SSL_client_hello_get0_ext(tls, TLSEXT_TYPE_application_layer_protocol_negotiation,
                                     &offered, &size) == 1 &&
           std::ranges::equal(std::span(offered, size), acme_tls_alone);
}

int TlsAlpnAnswers::on_protocols(SSL*, const unsigned char** chosen, unsigned char* size,
                                 const unsigned char*, unsigned, void*) {
    *chosen = acme_tls_alone.data() + 3;
    *size = acme_tls_alone[2];
    return SSL_TLSEXT_ERR_OK;
}

/// Zero ends the handshake before a certificate is shown.
int TlsAlpnAnswers::on_certificate(SSL* tls, void* argument) {
    return static_cast<const TlsAlpnAnswers*>(argument)->use_for(tls) ? 1 : 0;
}

bool TlsAlpnAnswers::use_for(SSL* tls) const {
    const char* name = SSL_get_servername(tls, TLSEXT_NAMETYPE_host_name);
    const auto certificate = name == nullptr ? std::nullopt : certificate_for(name);
    return certificate && SSL_use_certificate(tls, certificate->handle()) == 1 &&
           SSL_use_PrivateKey(tls, key_.handle()) == 1;
}

void TlsAlpnAnswers::show_in(SSL_CTX* context, std::shared_ptr<TlsAlpnAnswers> answers) {
    SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
    // One handshake is all that there is: nothing to resume.
    SSL_CTX_set_options(context, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
    SSL_CTX_set_num_tickets(context, 0);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    SSL_CTX_set_alpn_select_cb(context, &on_protocols, nullptr);
    SSL_CTX_set_cert_cb(context, &on_certificate, answers.get());
    keep_with(context, std::move(answers));
}

}  // namespace cairn::client
