#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "pki/certificate.h"
#include "pki/certificate_profile.h"

namespace cairn::pki {

/// Certificates in order, each certified by the next (RFC 8555 section 9.1).
using Chain = std::vector<Certificate>;

/// Reads a PEM chain: only CERTIFICATE blocks, 1 to 100 of them, 1 MiB at most, nothing but white
/// space between them, each signed by the next. A block of another kind (a key!) is refused
/// (RFC 8555 section 11.4).
[[nodiscard]] base::Result<Chain> chain_from_pem(std::string_view pem);
/// The PEM blocks one after the other.
[[nodiscard]] std::string to_pem(std::span<const Certificate> chain);

/// Why verifiers would refuse every certificate of a TLS server below `chain` (issuer first, with
/// or without the root): one of its certificates is no CA for this purpose (basicConstraints,
/// keyUsage, extendedKeyUsage), has more CAs below it than its path length allows, or has an
/// unknown critical extension. Does not look at validity and names. Empty if nothing is wrong.
[[nodiscard]] base::Result<void> check_authorities(std::span<const Certificate> chain);

/// Whether every certificate of `chain`, which `check_authorities` has accepted, may certify for
/// `purpose` (extendedKeyUsage).
[[nodiscard]] bool permits_purpose(std::span<const Certificate> chain, KeyPurpose purpose);

/// Whether `certificate`, which is of no CA, may be used for `purpose`, by its extendedKeyUsage and
/// keyUsage; one that does not say is for everything.
[[nodiscard]] bool is_for(const Certificate& certificate, KeyPurpose purpose);

/// Why `chain`, leaf first, does not lead to one of `roots` at `when` for a TLS server; empty if it
/// does. Does not look at names. The last second of a validity counts as past, as in OpenSSL.
[[nodiscard]] base::Result<void> verify_chain(std::span<const Certificate> chain,
                                              std::span<const Certificate> roots, base::Time when);

/// The same for a chain of authorities alone, issuer first: whether what it issues would lead to
/// one of `roots`, as far as dates, signatures, sizes of keys, path lengths and name constraints
/// between the authorities decide that. For what they may be used, `check_authorities` says.
[[nodiscard]] base::Result<void> verify_authorities(std::span<const Certificate> chain,
                                                    std::span<const Certificate> roots,
                                                    base::Time when);

}  // namespace cairn::pki
