#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "crypto/key.h"
#include "pki/serial_number.h"
#include "pki/subject_names.h"

using X509 = struct x509_st;

namespace cairn::pki {

/// An X.509 certificate (RFC 5280), read from well-formed DER without trailing octets. An immutable
/// value, cheap to copy, safe to share between threads.
class Certificate {
  public:
    static constexpr std::size_t max_size = 65536;

    /// Reads DER. Refuses trailing octets, encodings that are not DER, keys that `PublicKey` does
    /// not know, and subjectAltNames outside ASCII.
    [[nodiscard]] static base::Result<Certificate> from_der(base::BytesView der);
    /// Reads the only PEM block of `pem`.
    [[nodiscard]] static base::Result<Certificate> from_pem(std::string_view pem);

    [[nodiscard]] const base::Bytes& der() const { return fields_->der; }
    /// Strict PEM: lines of 64, LF, final line end (RFC 7468).
    [[nodiscard]] std::string pem() const { return pem_of(der()); }
    /// The same for DER that is known to be a certificate; it is not parsed.
    [[nodiscard]] static std::string pem_of(base::BytesView der);
    [[nodiscard]] const SerialNumber& serial() const { return fields_->serial; }
    [[nodiscard]] base::Time not_before() const { return fields_->not_before; }
    /// The last second of the validity (it is inclusive).
    [[nodiscard]] base::Time not_after() const { return fields_->not_after; }
    [[nodiscard]] const SubjectNames& names() const { return fields_->names; }
    /// The subject's Name as it stands in the encoding (DER).
    [[nodiscard]] const base::Bytes& subject_name() const { return fields_->subject; }
    /// First common name of the subject, or empty.
    [[nodiscard]] const std::string& subject_common_name() const { return fields_->subject_cn; }
    [[nodiscard]] const std::string& issuer_common_name() const { return fields_->issuer_cn; }
    [[nodiscard]] const crypto::PublicKey& public_key() const { return fields_->public_key; }
    /// The keyIdentifier of the authorityKeyIdentifier, if it has one.
    [[nodiscard]] const std::optional<base::Bytes>& authority_key_id() const {
        return fields_->authority_key_id;
    }
    [[nodiscard]] const std::optional<base::Bytes>& subject_key_id() const {
        return fields_->subject_key_id;
    }
    [[nodiscard]] bool is_ca() const { return fields_->is_ca; }
    /// One extension's place and content, for exact checks (RFC 8737 section 3).
    struct Extension {
        bool critical = false;
        base::Bytes value;
    };
    /// Every extension with this OID in dotted text, in order.
    [[nodiscard]] std::vector<Extension> extensions(std::string_view oid) const;
    /// True if `issuer`'s name and key are those that signed this certificate.
    [[nodiscard]] bool is_signed_by(const Certificate& issuer) const;
    /// True if the signature verifies under the certificate's own key.
    [[nodiscard]] bool is_self_signed() const;

    /// OpenSSL's object for this certificate, made at the first call: OpenSSL 3.0 takes longer to
    /// read a certificate than this library takes to issue one. Never null; throws
    /// std::runtime_error if OpenSSL cannot read it.
    [[nodiscard]] X509* handle() const;
    /// False if OpenSSL cannot read the certificate although it is well-formed, for example because
    /// a name holds invalid text. No chain verifies with it then.
    [[nodiscard]] bool has_handle() const;
    friend bool operator==(const Certificate& left, const Certificate& right) {
        return left.der() == right.der();
    }

  private:
    struct Fields {
        base::Bytes der;
        SerialNumber serial;
        base::Time not_before, not_after;
        SubjectNames names;
        base::Bytes subject;
        std::string subject_cn, issuer_cn;
        crypto::PublicKey public_key;
        std::optional<base::Bytes> authority_key_id, subject_key_id;
        bool is_ca = false;
        mutable std::once_flag x509_made = {};
        mutable std::shared_ptr<X509> x509 = {};
    };
    explicit Certificate(std::shared_ptr<const Fields> fields) : fields_(std::move(fields)) {}
    [[nodiscard]] bool names_as_issuer(const Certificate& issuer) const;
    [[nodiscard]] bool verifies_under(const crypto::PublicKey& key) const;
    std::shared_ptr<const Fields> fields_;
};

}  // namespace cairn::pki
