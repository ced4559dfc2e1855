#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "asn1/object_id.h"
#include "base/bytes.h"
#include "base/result.h"

namespace cairn::pki {

/// Bits of KeyUsage that a subscriber's certificate may have, as they stand in the octet that holds
/// them (RFC 5280 section 4.2.1.3).
namespace key_usage {
inline constexpr std::uint8_t digital_signature = 0x80;
inline constexpr std::uint8_t key_encipherment = 0x20;
}  // namespace key_usage

/// What a certificate may be used for (RFC 5280 section 4.2.1.12).
enum class KeyPurpose { server_auth, client_auth };
/// The content octets of its object identifier.
[[nodiscard]] base::BytesView object_id_of(KeyPurpose purpose);
/// "serverAuth", "clientAuth".
[[nodiscard]] std::string_view to_string(KeyPurpose purpose);
/// The reverse.
[[nodiscard]] base::Result<KeyPurpose> key_purpose_from(std::string_view text);

/// What all certificates of one kind have in common beyond their names, keys and validity. The
/// builder writes what stands here and the lint compares; neither knows a kind by its name.
struct CertificateProfile {
    /// extKeyUsage, in the order in which it is written; never empty.
    std::vector<KeyPurpose> purposes{KeyPurpose::server_auth};
    /// keyUsage of a certificate with an RSA key, of `key_usage`; not empty.
    std::uint8_t usage_of_rsa = key_usage::digital_signature | key_usage::key_encipherment;
    /// The same for every other key, which cannot encipher one (RFC 8813 section 3).
    std::uint8_t usage_of_others = key_usage::digital_signature;
    /// certificatePolicies: the content octets of object identifiers, in order; never empty.
    std::vector<base::Bytes> policies{base::copy_of(asn1::oid::domain_validated)};
    /// The first name of at most 64 characters also becomes the subject's common name.
    bool common_name = false;
    /// The certificate may have URIs beside its names.
    bool uris = false;
    /// The certificate names its key by a subjectKeyIdentifier, too.
    bool subject_key_id = false;
    /// How a certificate's revocation is told (BR 4.9.7, 7.1.2.11.2).
    enum class Crl {
        none,     ///< it names no list: it ends too soon
        full,     ///< it names the list of all that its issuer issued
        sharded,  ///< it names one of the lists that the issuer's certificates are divided among
    } crl = Crl::none;
    /// It is for everybody who trusts the public CAs, so the Baseline Requirements hold even where
    /// the rest of this profile asks for something else. A private CA's are not.
    bool public_trust = true;
};

}  // namespace cairn::pki
