// tls-alpn-01: RFC 8737, RFC 8738 section 6, BR 3.2.2.4.20.

#include <optional>
#include <stdexcept>

#include <fmt/format.h>

#include "crypto/openssl.h"
#include "va/challenge_certificate.h"
#include "va/fault.h"
#include "va/tls.h"
#include "va/validation.h"

namespace cairn::va {

using protocol::IdentifierType;
using protocol::ProblemType;

namespace {

constexpr std::string_view acme_tls = "acme-tls/1";
/// A self-signed certificate needs no chain, but some servers send a few more certificates.
constexpr int max_chain_length = 10;

/// Whether the peer agreed to speak `wanted`. A shared host that only serves certificates of its
/// tenants does not: that was the flaw of TLS-SNI (2018).
bool has_negotiated(SSL* ssl, std::string_view wanted) {
    const unsigned char* protocol = nullptr;
    unsigned length = 0;
    SSL_get0_alpn_selected(ssl, &protocol, &length);
    return base::text_of({protocol, length}) == wanted;
}

/// The certificate of a finished handshake.
base::Result<pki::Certificate> challenge_certificate(SSL* ssl) {
    if (const auto* chain = SSL_get_peer_cert_chain(ssl);
        chain != nullptr && sk_X509_num(chain) > max_chain_length) {
        return base::fail(fmt::format("the peer sent {} certificates", sk_X509_num(chain)));
    }
    X509* leaf = SSL_get0_peer_certificate(ssl);
    if (leaf == nullptr) return base::fail("the peer sent no certificate");
    const int size = i2d_X509(leaf, nullptr);
    if (size <= 0) return base::fail("the peer's certificate cannot be encoded");
    base::Bytes der(static_cast<std::size_t>(size));
    unsigned char* end = der.data();
    i2d_X509(leaf, &end);
    return pki::Certificate::from_der(der);
}

std::optional<Fault> certificate_fault(SSL* ssl, const Validation& validation,
                                       Disclosure disclosure) {
    // A server that is not ready for the challenge yet may serve another certificate.
    if (!has_negotiated(ssl, acme_tls))
        return Fault{"the peer did not negotiate acme-tls/1 by ALPN", Outlook::may_heal};
    const auto certificate = challenge_certificate(ssl);
    auto checked = certificate ? check_challenge_certificate(
                                     *certificate, validation.identifier,
                                     validation.key_digest
                                         ? *validation.key_digest
                                         : protocol::tls_alpn_digest(validation.key_authorization))
                               : std::unexpected(certificate.error());
    if (checked) return std::nullopt;
    if (disclosure != Disclosure::quotes)
        return Fault{
            "the peer's certificate is not the challenge's: self-signed, for this name alone, with "
            "the digest of the key authorization as acmeIdentifier (RFC 8737 section 3)",
            Outlook::final};
    return Fault{base::printable(checked.error().message), Outlook::final};
}

}  // namespace

base::Task<OrFailure<Evidence>> validate_tls_alpn01(const Validation& validation,
                                                    const Settings& settings,
                                                    dns::Resolver& resolver) {
    const auto& identifier = validation.identifier;
    if (identifier.is_wildcard()) {
        throw std::logic_error("tls-alpn-01 does not prove control of wildcards");  // BR 3.2.2.4.20
    }
    Dialer dialer(resolver, settings.egress, std::chrono::steady_clock::now() + settings.deadline);
    const bool by_address = identifier.type() == IdentifierType::ip;
    const auto reach = Reach::of_validated_name();
    auto dialled = by_address
                       ? dialer.connect(identifier.ip_address(), settings.tls_alpn_port, reach)
                       : dialer.connect(identifier.base_value(), settings.tls_alpn_port, reach);
    const auto failed = [&](const Failure& failure) {
        return std::unexpected(
            Failure(failure.type,
                    fmt::format("tls-alpn-01 for {}: {}", identifier.base_value(), failure.detail),
                    failure.outlook, dialer.evidence()));
    };
    auto connection = co_await std::move(dialled);
    if (!connection) co_return failed(connection.error());

    const auto peer = connection->peer;
    const auto disclosure = disclosure_of(connection->space, 0);
    ClientHello hello;
    hello.server_name =
        by_address ? identifier.ip_address().reverse_name() : identifier.base_value();
    hello.protocol = acme_tls;
    const auto stream = co_await handshake(std::move(*connection), std::move(hello), disclosure);
    if (!stream) co_return failed(stream.error());

    if (settings.tell) settings.tell(told_of_tls((*stream)->native_handle(), peer));
    // Only the handshake matters: the connection closes when this returns.
    if (const auto fault = certificate_fault((*stream)->native_handle(), validation, disclosure)) {
        co_return failed(
            {ProblemType::unauthorized, fmt::format("{}: {}", peer, fault->text), fault->outlook});
    }
    co_return dialer.evidence();
}

}  // namespace cairn::va
