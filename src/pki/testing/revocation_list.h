#pragma once
// Private to the tests of pki: an issuer, a certificate of its, and what its revocation list says.

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "pki/certificate_builder.h"
#include "pki/crl_builder.h"
#include "pki/x509_signature.h"

namespace cairn::pki::testing {

struct RevocationBench {
    base::Time start = base::from_rfc3339("2026-11-22T12:00:00Z").value();
    std::string url = "http://ca.example/crl/1";
    crypto::PrivateKey key = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    Certificate issuer =
        make_root_certificate({.serial = SerialNumber::from_hex("01").value(),
                               .validity = {start, start + std::chrono::days(1000)},
                               .common_name = "Example Issuer",
                               .organization = {},
                               .path_length = 0},
                              key);
    Certificate leaf =
        make_server_certificate({.serial = SerialNumber::from_hex("80112233445566778899").value(),
                                 .validity = {start, start + std::chrono::days(90)},
                                 .public_key = key.public_key(),
                                 .names = {{"a.example"}, {}, 0},
                                 .common_name = {},
                                 .issuer_url = {},
                                 .crl_url = url},
                                issuer, key);
    std::vector<RevokedCertificate> revoked{
        {leaf.serial(), start + std::chrono::hours(1), CrlReason::key_compromise},
        {SerialNumber::from_hex("1234").value(), start, CrlReason::unspecified},
        {SerialNumber::from_hex("7f").value(), start, CrlReason::superseded},
    };

    /// A list of all of them that nothing is wrong with.
    [[nodiscard]] CrlFields fields() const {
        return {.number = 256,
                .this_update = start + std::chrono::hours(2),
                .next_update = start + std::chrono::hours(2) + std::chrono::days(7),
                .revoked = revoked,
                .distribution_point = url};
    }
    [[nodiscard]] base::Bytes sign(const CrlFields& wanted) const {
        return sign_object(key, draft_crl(wanted, issuer));
    }
    /// One run of octets replaced by another of the same length.
    static base::Bytes altered(base::Bytes octets, std::string_view from_hex,
                               std::string_view to_hex) {
        const auto from = base::from_hex(from_hex).value();
        const auto to = base::from_hex(to_hex).value();
        EXPECT_EQ(from.size(), to.size());
        const auto place = std::ranges::search(octets, from);
        EXPECT_EQ(place.size(), from.size()) << from_hex;
        std::ranges::copy(to, place.begin());
        return octets;
    }
};

}  // namespace cairn::pki::testing
