#include "va/challenge_certificate.h"

#include <algorithm>

#include <fmt/format.h>

#include "pki/acme_identifier.h"

namespace cairn::va {

namespace {

constexpr std::string_view subject_alt_name = "2.5.29.17";
constexpr std::string_view acme_identifier = "1.3.6.1.5.5.7.1.31";
constexpr std::size_t quoted_name = 100;

char lower(char letter) {
    return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

base::Result<void> check_names(const pki::Certificate& certificate,
                               const protocol::Identifier& identifier) {
    const auto& names = certificate.names();
    const auto count = names.count();
    if (certificate.extensions(subject_alt_name).size() != 1 || count != 1) {
        return base::fail(fmt::format(
            "the certificate has {} subject alternative names, not exactly one", count));
    }
    if (identifier.type() == protocol::IdentifierType::ip) {
        if (names.ip_addresses.empty() || names.ip_addresses.front() != identifier.ip_address()) {
            return base::fail("the certificate is not for this address");
        }
        return {};
    }
    if (names.dns_names.empty()) return base::fail("the certificate is not for a domain name");
    // The identifier is in lower case; the name in the certificate may be in any (RFC 8737).
    const auto& name = names.dns_names.front();
    if (!std::ranges::equal(name, identifier.base_value(), {}, lower)) {
        return base::fail(
            fmt::format("the certificate is for \"{}\"", base::printable(name, quoted_name)));
    }
    return {};
}

base::Result<void> check_acme_identifier(const pki::Certificate& certificate,
                                         const crypto::Sha256Digest& digest) {
    const auto extensions = certificate.extensions(acme_identifier);
    if (extensions.size() != 1) {
        return base::fail(fmt::format("the certificate has {} acmeIdentifier extensions, not one",
                                      extensions.size()));
    }
    if (!extensions.front().critical) {
        return base::fail("the acmeIdentifier extension is not critical");
    }
    if (extensions.front().value != pki::acme_identifier_value(digest)) {
        return base::fail(
            "the acmeIdentifier extension does not hold the digest of the key authorization");
    }
    return {};
}

}  // namespace

base::Result<void> check_challenge_certificate(const pki::Certificate& certificate,
                                               const protocol::Identifier& identifier,
                                               const crypto::Sha256Digest& digest) {
    if (auto names = check_names(certificate, identifier); !names) return names;
    if (auto extension = check_acme_identifier(certificate, digest); !extension) return extension;
    if (!certificate.is_self_signed()) {
        return base::fail("the certificate is not signed by its own key");
    }
    return {};
}

}  // namespace cairn::va
