#include "client/apache/acceptance.h"

#include <algorithm>
#include <ranges>

#include <fmt/format.h>

#include "crypto/key.h"
#include "net/ascii.h"
#include "net/server_acceptance.h"
#include "pki/chain.h"

namespace cairn::client::apache {
namespace {

/// The list of ciphers of the last SSLCipherSuite that is not for TLS 1.3 alone.
std::string ciphers_in(const std::vector<Statement>& statements) {
    for (const auto& each : std::views::reverse(statements)) {
        if (each.name != "sslciphersuite" || each.words.empty()) continue;
        if (each.words.size() == 1) return each.words.front();
        if (net::same_ignoring_case(each.words.front(), "SSL")) return each.words[1];
    }
    return {};
}

bool shows(const VirtualHost& host, const CertificateFiles& certificate) {
    return std::ranges::any_of(host.statements, [&](const Statement& each) {
        return each.name == "sslcertificatefile" && each.word(0) == certificate.full_chain.string();
    });
}

}  // namespace

std::string refusal_of(const Configuration& configuration,
                       const std::vector<CertificateFiles>& certificates) {
    for (const auto& certificate : certificates) {
        const auto standing = certificate.read();
        if (!standing) return standing.error().message;
        const auto key =
            crypto::PrivateKey::from_pem(base::text_of(base::BytesView(standing->key.text())));
        // One that is elsewhere is the server's own matter.
        if (!key) continue;
        const auto chain = pki::to_pem(standing->chain);
        for (const auto& host : configuration.hosts()) {
            if (!shows(host, certificate)) continue;
            auto ciphers = ciphers_in(host.statements);
            if (ciphers.empty()) ciphers = ciphers_in(configuration.statements());
            if (const auto refusal = net::refusal_of_identity(chain, *key, ciphers))
                return fmt::format("{} could not show {}: {} (SSLCipherSuite {})", host.label(),
                                   certificate.full_chain.string(), *refusal,
                                   base::printable(ciphers.empty() ? "none" : ciphers, 200));
        }
    }
    return {};
}

}  // namespace cairn::client::apache
