#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/key.h"
#include "pki/csr.h"
#include "protocol/identifier.h"

namespace cairn::client {

/// A request for a certificate (PKCS #10, RFC 2986) that was made elsewhere and whose key stays
/// there. It is for at least one name, for names and addresses alone, and signed by its key, which
/// is of a type that CAs certify.
class CertificateRequest {
  public:
    /// Reads DER, or the first block of a PEM text, before which other text may stand.
    [[nodiscard]] static base::Result<CertificateRequest> from_octets(base::BytesView octets);
    /// Reads a file that holds either.
    [[nodiscard]] static base::Result<CertificateRequest> read(const std::filesystem::path& file);

    [[nodiscard]] const base::Bytes& der() const { return csr_.der(); }
    /// A CERTIFICATE REQUEST block (RFC 7468 section 7).
    [[nodiscard]] std::string pem() const;
    [[nodiscard]] const crypto::PublicKey& public_key() const { return csr_.public_key(); }
    [[nodiscard]] crypto::KeyType key_type() const { return key_type_; }
    /// The names it asks for, each once: those of subjectAltName in their order, then a common name
    /// that is not among them.
    [[nodiscard]] const std::vector<protocol::Identifier>& identifiers() const {
        return identifiers_;
    }

  private:
    CertificateRequest(pki::Csr csr, crypto::KeyType key_type,
                       std::vector<protocol::Identifier> identifiers)
        : csr_(std::move(csr)), key_type_(key_type), identifiers_(std::move(identifiers)) {}
    pki::Csr csr_;
    crypto::KeyType key_type_;
    std::vector<protocol::Identifier> identifiers_;
};

}  // namespace cairn::client
