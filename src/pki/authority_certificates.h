#pragma once
// CA certificates and requests for them, signed by keys that may be in a token or a TPM.

#include <string>

#include "crypto/signer.h"
#include "pki/certificate_builder.h"

namespace cairn::pki {

/// As the function of the same name for a key in memory. Throws also what `Signer::sign` throws.
[[nodiscard]] Certificate make_root_certificate(const AuthorityCertificateFields& fields,
                                                const crypto::Signer& key);
[[nodiscard]] Certificate make_intermediate_certificate(const AuthorityCertificateFields& fields,
                                                        const crypto::PublicKey& key,
                                                        const Certificate& issuer,
                                                        const crypto::Signer& issuer_key);
[[nodiscard]] std::string make_authority_csr(const crypto::Signer& signer,
                                             const std::string& common_name,
                                             const std::string& organization, int path_length);

/// The value of the signature over `to_be_signed` as X.509 has it: DER for ECDSA.
[[nodiscard]] base::Bytes sign_x509(const crypto::Signer& signer, base::BytesView to_be_signed);

}  // namespace cairn::pki
