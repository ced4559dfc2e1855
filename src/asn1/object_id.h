#pragma once
// The object identifiers that Cairn knows, as the content octets of their encoding.

#include <array>
#include <cstddef>
#include <cstdint>

namespace cairn::asn1::oid {

/// The content octets of an OBJECT IDENTIFIER (X.690 section 8.19).
template <std::uint32_t first, std::uint32_t second, std::uint32_t... arcs>
[[nodiscard]] consteval auto encode() {
    constexpr auto length = [](std::uint32_t arc) {
        std::size_t octets = 1;
        while ((arc >>= 7U) > 0) ++octets;
        return octets;
    };
    std::array<std::uint8_t, (length(arcs) + ... + 1)> content{first * 40 + second};
    std::size_t at = 1;
    for (const std::uint32_t arc : {arcs...}) {
        for (std::size_t left = length(arc); left-- > 0;) {
            content[at++] =
                static_cast<std::uint8_t>(((arc >> 7U * left) & 0x7fU) | (left > 0 ? 0x80U : 0U));
        }
    }
    return content;
}

// Attributes of names and requests (RFC 5280 appendix A, RFC 2985).
inline constexpr auto common_name = encode<2, 5, 4, 3>();
inline constexpr auto organization = encode<2, 5, 4, 10>();
inline constexpr auto extension_request = encode<1, 2, 840, 113549, 1, 9, 14>();

// Extensions (RFC 5280 sections 4.2 and 5, RFC 6962, RFC 7633, RFC 8737).
inline constexpr auto subject_key_identifier = encode<2, 5, 29, 14>();
inline constexpr auto key_usage = encode<2, 5, 29, 15>();
inline constexpr auto subject_alt_name = encode<2, 5, 29, 17>();
inline constexpr auto crl_number = encode<2, 5, 29, 20>();
inline constexpr auto crl_reason = encode<2, 5, 29, 21>();
inline constexpr auto invalidity_date = encode<2, 5, 29, 24>();
inline constexpr auto issuing_distribution_point = encode<2, 5, 29, 28>();
inline constexpr auto basic_constraints = encode<2, 5, 29, 19>();
inline constexpr auto crl_distribution_points = encode<2, 5, 29, 31>();
inline constexpr auto certificate_policies = encode<2, 5, 29, 32>();
inline constexpr auto authority_key_identifier = encode<2, 5, 29, 35>();
inline constexpr auto extended_key_usage = encode<2, 5, 29, 37>();
inline constexpr auto authority_information_access = encode<1, 3, 6, 1, 5, 5, 7, 1, 1>();
inline constexpr auto tls_feature = encode<1, 3, 6, 1, 5, 5, 7, 1, 24>();
inline constexpr auto precertificate_poison = encode<1, 3, 6, 1, 4, 1, 11129, 2, 4, 3>();
inline constexpr auto ocsp_no_check = encode<1, 3, 6, 1, 5, 5, 7, 48, 1, 5>();
inline constexpr auto acme_identifier = encode<1, 3, 6, 1, 5, 5, 7, 1, 31>();

// What stands in extensions.
inline constexpr auto server_auth = encode<1, 3, 6, 1, 5, 5, 7, 3, 1>();
inline constexpr auto client_auth = encode<1, 3, 6, 1, 5, 5, 7, 3, 2>();
inline constexpr auto ocsp_signing = encode<1, 3, 6, 1, 5, 5, 7, 3, 9>();
inline constexpr auto ocsp = encode<1, 3, 6, 1, 5, 5, 7, 48, 1>();
inline constexpr auto ca_issuers = encode<1, 3, 6, 1, 5, 5, 7, 48, 2>();
inline constexpr auto domain_validated = encode<2, 23, 140, 1, 2, 1>();

// Signature algorithms (RFC 4055, RFC 5758, RFC 8410).
inline constexpr auto rsa_sha256 = encode<1, 2, 840, 113549, 1, 1, 11>();
inline constexpr auto rsa_sha384 = encode<1, 2, 840, 113549, 1, 1, 12>();
inline constexpr auto rsa_sha512 = encode<1, 2, 840, 113549, 1, 1, 13>();
inline constexpr auto ecdsa_sha256 = encode<1, 2, 840, 10045, 4, 3, 2>();
inline constexpr auto ecdsa_sha384 = encode<1, 2, 840, 10045, 4, 3, 3>();
inline constexpr auto ecdsa_sha512 = encode<1, 2, 840, 10045, 4, 3, 4>();
inline constexpr auto ed25519 = encode<1, 3, 101, 112>();

}  // namespace cairn::asn1::oid
