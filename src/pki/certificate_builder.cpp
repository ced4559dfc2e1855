#include "pki/certificate_builder.h"

#include <array>
#include <bit>
#include <chrono>
#include <concepts>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "asn1/der.h"
#include "asn1/object_id.h"
#include "crypto/digest.h"
#include "crypto/openssl.h"
#include "pki/acme_identifier.h"
#include "pki/authority_certificates.h"
#include "pki/extension.h"
#include "pki/general_names.h"
#include "pki/name.h"
#include "pki/pem.h"
#include "pki/x509_signature.h"

namespace cairn::pki {
namespace {

using asn1::Writer;

constexpr std::size_t max_common_name = 64;  // ub-common-name, RFC 5280 appendix A.1
constexpr std::size_t sha256_size = 32;

// Bits of KeyUsage that only CAs have (RFC 5280 section 4.2.1.3).
constexpr std::uint8_t key_cert_sign = 0x04;
constexpr std::uint8_t crl_sign = 0x02;

void write_key_usage(Writer& writer, std::uint8_t bits) {
    write_extension(writer, asn1::oid::key_usage, Criticality::critical, [&] {
        // A named bit list ends at its last one bit (X.690 section 11.2.2).
        const auto unused = static_cast<std::uint8_t>(std::countr_zero(bits));
        const std::array<std::uint8_t, 2> content{unused, bits};
        writer.element(asn1::tag::bit_string, content);
    });
}

void write_purposes(Writer& writer, std::span<const KeyPurpose> purposes) {
    write_extension(writer, asn1::oid::extended_key_usage, Criticality::non_critical, [&] {
        writer.nested(asn1::tag::sequence, [&] {
            for (const KeyPurpose purpose : purposes)
                writer.element(asn1::tag::object_identifier, object_id_of(purpose));
        });
    });
}

void write_server_auth(Writer& writer) {
    write_purposes(writer, std::array{KeyPurpose::server_auth});
}

/// CA:FALSE is the default, so it is not written.
void write_end_entity(Writer& writer) {
    write_extension(writer, asn1::oid::basic_constraints, Criticality::critical,
                    [&] { writer.element(asn1::tag::sequence, base::BytesView()); });
}

void write_authority(Writer& writer, std::optional<int> path_length) {
    if (path_length && (*path_length < 0 || *path_length > 127)) {
        throw std::invalid_argument("a path length is between 0 and 127");
    }
    write_extension(writer, asn1::oid::basic_constraints, Criticality::critical, [&] {
        writer.nested(asn1::tag::sequence, [&] {
            writer.flag_true();
            if (path_length) writer.small_integer(static_cast<std::uint8_t>(*path_length));
        });
    });
}

void write_subject_key_id(Writer& writer, base::BytesView key_id) {
    write_extension(writer, asn1::oid::subject_key_identifier, Criticality::non_critical,
                    [&] { writer.element(asn1::tag::octet_string, key_id); });
}

void write_authority_key_id(Writer& writer, base::BytesView key_id) {
    write_extension(writer, asn1::oid::authority_key_identifier, Criticality::non_critical, [&] {
        writer.nested(asn1::tag::sequence, [&] { writer.element(asn1::tag::context(0), key_id); });
    });
}

void write_access(Writer& writer, base::BytesView method, std::string_view url) {
    writer.nested(asn1::tag::sequence, [&] {
        writer.element(asn1::tag::object_identifier, method);
        writer.element(asn1::tag::context(6), url);
    });
}

/// Each URL may be empty, but not both.
void write_accesses(Writer& writer, std::string_view issuer_url, std::string_view ocsp_url) {
    write_extension(writer, asn1::oid::authority_information_access, Criticality::non_critical,
                    [&] {
                        writer.nested(asn1::tag::sequence, [&] {
                            if (!ocsp_url.empty()) write_access(writer, asn1::oid::ocsp, ocsp_url);
                            if (!issuer_url.empty())
                                write_access(writer, asn1::oid::ca_issuers, issuer_url);
                        });
                    });
}

/// One point, which has the full name `url` and is for all reasons (RFC 5280 section 4.2.1.13).
void write_crl_url(Writer& writer, std::string_view url) {
    write_extension(writer, asn1::oid::crl_distribution_points, Criticality::non_critical, [&] {
        writer.nested(asn1::tag::sequence, [&] {
            writer.nested(asn1::tag::sequence, [&] {
                writer.nested(asn1::tag::context_constructed(0), [&] {
                    writer.nested(asn1::tag::context_constructed(0),
                                  [&] { writer.element(asn1::tag::context(6), url); });
                });
            });
        });
    });
}

void write_policy(Writer& writer, base::BytesView object_id) {
    writer.nested(asn1::tag::sequence,
                  [&] { writer.element(asn1::tag::object_identifier, object_id); });
}

void write_policies(Writer& writer, std::span<const base::Bytes> policies) {
    write_extension(writer, asn1::oid::certificate_policies, Criticality::non_critical, [&] {
        writer.nested(asn1::tag::sequence, [&] {
            for (const base::Bytes& policy : policies) write_policy(writer, policy);
        });
    });
}

void write_domain_validated(Writer& writer) {
    write_extension(writer, asn1::oid::certificate_policies, Criticality::non_critical, [&] {
        writer.nested(asn1::tag::sequence,
                      [&] { write_policy(writer, asn1::oid::domain_validated); });
    });
}

enum class Subject { empty, named };

/// RFC 5280 section 4.2.1.6: critical if the subject is empty, else it should not be.
void write_names(Writer& writer, const SubjectNames& names, Subject subject) {
    write_extension(writer, asn1::oid::subject_alt_name,
                    subject == Subject::empty ? Criticality::critical : Criticality::non_critical,
                    [&] { write_general_names(writer, names); });
}

base::Bytes encode_name(std::string_view organization, std::string_view common_name) {
    if (common_name.size() > max_common_name || organization.size() > max_common_name) {
        throw std::invalid_argument("a name has more than 64 characters");
    }
    Writer writer;
    write_name(writer, organization, common_name);
    return std::move(writer).take();
}

/// The leftmost 160 bits of the SHA-256 of the subjectPublicKey's bits (RFC 7093 section 2).
base::Bytes key_id_of(const crypto::PublicKey& key) {
    asn1::Failure failure;
    asn1::Reader reader(key.spki(), failure);
    asn1::Reader parts = reader.inside(asn1::tag::sequence, "the public key");
    parts.element(asn1::tag::sequence, "the key's algorithm");
    const auto digest = crypto::sha256(parts.octet_aligned_bits("the key"));
    if (failure) throw std::logic_error(failure->message);
    return base::copy_of(base::BytesView(digest).first(20));
}

/// What every certificate has. `issuer` and `subject` are encoded Names.
struct Frame {
    const SerialNumber& serial;
    Validity validity;
    base::BytesView issuer, subject;
    const crypto::PublicKey& public_key;
    const crypto::PublicKey& issuer_key;
};

/// Puts a TBSCertificate together (RFC 5280 section 4.1), with the extensions that
/// `write_extensions` writes.
template <std::invocable<Writer&> WriteExtensions>
base::Bytes draft_certificate(const Frame& frame, const WriteExtensions& write_extensions) {
    if (frame.validity.not_after < frame.validity.not_before) {
        throw std::invalid_argument("a certificate ends before it begins");
    }
    Writer writer;
    writer.nested(asn1::tag::sequence, [&] {
        writer.nested(asn1::tag::context_constructed(0), [&] { writer.small_integer(2); });
        writer.element(asn1::tag::integer, frame.serial.der_content());
        writer.raw(signature_algorithm_for(frame.issuer_key));
        writer.raw(frame.issuer);
        writer.nested(asn1::tag::sequence, [&] {
            writer.time(frame.validity.not_before);
            writer.time(frame.validity.not_after);
        });
        writer.raw(frame.subject);
        writer.raw(frame.public_key.spki());
        writer.nested(asn1::tag::context_constructed(3), [&] {
            writer.nested(asn1::tag::sequence, [&] { write_extensions(writer); });
        });
    });
    return std::move(writer).take();
}

/// Signs and parses the result, so that it is known to be well-formed.
Certificate finish(base::BytesView to_be_signed, const crypto::Signer& issuer_key) {
    auto certificate = Certificate::from_der(sign_object(issuer_key, to_be_signed));
    if (!certificate) {
        throw std::logic_error("made a bad certificate: " + certificate.error().message);
    }
    return *std::move(certificate);
}

void require_key_of(const Certificate& issuer, const crypto::Signer& issuer_key) {
    if (issuer.public_key() != issuer_key.public_key()) {
        throw std::logic_error("the key is not that of the issuer");
    }
}

/// The key id by which certificates name their issuer.
const base::Bytes& key_id_of_issuer(const Certificate& issuer) {
    if (!issuer.subject_key_id()) {
        throw std::logic_error("the issuer has no subject key identifier");
    }
    return *issuer.subject_key_id();
}

void write_authority_extensions(Writer& writer, const AuthorityCertificateFields& fields,
                                base::BytesView key_id, base::BytesView issuer_key_id) {
    write_key_usage(writer, key_usage::digital_signature | key_cert_sign | crl_sign);
    if (!fields.purposes.empty()) write_purposes(writer, fields.purposes);
    write_authority(writer, fields.path_length);
    write_subject_key_id(writer, key_id);
    write_authority_key_id(writer, issuer_key_id);
    if (!fields.purposes.empty()) write_domain_validated(writer);
}

base::Bytes authority_name(const AuthorityCertificateFields& fields) {
    if (fields.common_name.empty()) throw std::invalid_argument("a CA needs a common name");
    return encode_name(fields.organization, fields.common_name);
}

}  // namespace

base::Bytes draft_server_certificate(const ServerCertificateFields& fields,
                                     const Certificate& issuer, const CertificateProfile& profile) {
    const base::Bytes& issuer_key_id = key_id_of_issuer(issuer);
    const std::string common_name = fields.common_name.value_or("");
    const base::Bytes subject = encode_name("", common_name);
    const Frame frame{fields.serial, fields.validity,   issuer.subject_name(),
                      subject,       fields.public_key, issuer.public_key()};
    return draft_certificate(frame, [&](Writer& writer) {
        const bool is_rsa = fields.public_key.algorithm() == crypto::KeyAlgorithm::rsa;
        write_key_usage(writer, is_rsa ? profile.usage_of_rsa : profile.usage_of_others);
        write_purposes(writer, profile.purposes);
        write_end_entity(writer);
        if (profile.subject_key_id) write_subject_key_id(writer, key_id_of(fields.public_key));
        write_authority_key_id(writer, issuer_key_id);
        if (!fields.issuer_url.empty() || !fields.ocsp_url.empty())
            write_accesses(writer, fields.issuer_url, fields.ocsp_url);
        if (!fields.crl_url.empty()) write_crl_url(writer, fields.crl_url);
        write_names(writer, fields.names, common_name.empty() ? Subject::empty : Subject::named);
        write_policies(writer, profile.policies);
    });
}

Certificate make_server_certificate(const ServerCertificateFields& fields,
                                    const Certificate& issuer, const crypto::PrivateKey& issuer_key,
                                    const CertificateProfile& profile) {
    require_key_of(issuer, issuer_key);
    return finish(draft_server_certificate(fields, issuer, profile), issuer_key);
}

base::Bytes draft_ocsp_responder(const OcspResponderFields& fields, const Certificate& issuer) {
    const base::Bytes& issuer_key_id = key_id_of_issuer(issuer);
    const base::Bytes subject = encode_name(fields.organization, fields.common_name);
    const Frame frame{fields.serial, fields.validity,   issuer.subject_name(),
                      subject,       fields.public_key, issuer.public_key()};
    return draft_certificate(frame, [&](Writer& writer) {
        write_key_usage(writer, key_usage::digital_signature);
        write_extension(writer, asn1::oid::extended_key_usage, Criticality::non_critical, [&] {
            writer.nested(asn1::tag::sequence, [&] {
                writer.element(asn1::tag::object_identifier, asn1::oid::ocsp_signing);
            });
        });
        write_subject_key_id(writer, key_id_of(fields.public_key));
        write_authority_key_id(writer, issuer_key_id);
        write_extension(writer, asn1::oid::ocsp_no_check, Criticality::non_critical,
                        [&] { writer.element(asn1::tag::null, base::BytesView()); });
    });
}

Certificate make_root_certificate(const AuthorityCertificateFields& fields,
                                  const crypto::PrivateKey& key) {
    return make_root_certificate(fields, crypto::Signer(key));
}

Certificate make_root_certificate(const AuthorityCertificateFields& fields,
                                  const crypto::Signer& key) {
    const base::Bytes name = authority_name(fields);
    const base::Bytes key_id = key_id_of(key.public_key());
    const Frame frame{fields.serial, fields.validity,  name,
                      name,          key.public_key(), key.public_key()};
    const auto draft = draft_certificate(
        frame, [&](Writer& writer) { write_authority_extensions(writer, fields, key_id, key_id); });
    return finish(draft, key);
}

Certificate make_intermediate_certificate(const AuthorityCertificateFields& fields,
                                          const crypto::PublicKey& key, const Certificate& issuer,
                                          const crypto::PrivateKey& issuer_key) {
    return make_intermediate_certificate(fields, key, issuer, crypto::Signer(issuer_key));
}

Certificate make_intermediate_certificate(const AuthorityCertificateFields& fields,
                                          const crypto::PublicKey& key, const Certificate& issuer,
                                          const crypto::Signer& issuer_key) {
    require_key_of(issuer, issuer_key);
    const base::Bytes& issuer_key_id = key_id_of_issuer(issuer);
    const base::Bytes name = authority_name(fields);
    const Frame frame{fields.serial, fields.validity,    issuer.subject_name(), name,
                      key,           issuer.public_key()};
    const auto draft = draft_certificate(frame, [&](Writer& writer) {
        write_authority_extensions(writer, fields, key_id_of(key), issuer_key_id);
    });
    return finish(draft, issuer_key);
}

std::string make_authority_csr(const crypto::PrivateKey& signer, const std::string& common_name,
                               const std::string& organization, int path_length) {
    return make_authority_csr(crypto::Signer(signer), common_name, organization, path_length);
}

std::string make_authority_csr(const crypto::Signer& signer, const std::string& common_name,
                               const std::string& organization, int path_length) {
    if (common_name.empty()) throw std::invalid_argument("a CA needs a common name");
    const base::Bytes subject = encode_name(organization, common_name);
    Writer info;
    const auto write_wishes = [&] {
        write_key_usage(info, key_usage::digital_signature | key_cert_sign | crl_sign);
        write_authority(info, path_length);
        write_subject_key_id(info, key_id_of(signer.public_key()));
    };
    info.nested(asn1::tag::sequence, [&] {
        info.small_integer(0);
        info.raw(subject);
        info.raw(signer.public_key().spki());
        info.nested(asn1::tag::context_constructed(0), [&] {
            info.nested(asn1::tag::sequence, [&] {
                info.element(asn1::tag::object_identifier, asn1::oid::extension_request);
                info.nested(asn1::tag::set,
                            [&] { info.nested(asn1::tag::sequence, write_wishes); });
            });
        });
    });
    return pem::request_block(sign_object(signer, info.view()));
}

Certificate make_tls_alpn_certificate(const SubjectNames& name,
                                      base::BytesView key_authorization_digest,
                                      const crypto::PrivateKey& key, base::Time now) {
    if (name.dns_names.size() + name.ip_addresses.size() != 1) {
        throw std::invalid_argument("a tls-alpn-01 certificate has one name");
    }
    if (key_authorization_digest.size() != sha256_size) {
        throw std::invalid_argument("a key authorization's digest has 32 octets");
    }
    // Nobody looks at this serial number; it only has to be positive and different from others.
    base::Bytes serial_content = base::copy_of(key_authorization_digest.first(16));
    serial_content[0] = 0x01;
    const auto serial = SerialNumber::from_der_content(serial_content);
    // RFC 5280 section 4.1.2.4 wants a name for every issuer, so the subject has one, too.
    const base::Bytes subject = encode_name("", "ACME challenge");
    const Validity validity{now - std::chrono::hours(1), now + std::chrono::days(7)};
    const Frame frame{*serial, validity, subject, subject, key.public_key(), key.public_key()};
    const auto draft = draft_certificate(frame, [&](Writer& writer) {
        write_key_usage(writer, key_usage::digital_signature);
        write_server_auth(writer);
        write_end_entity(writer);
        write_names(writer, name, Subject::named);
        write_extension(writer, asn1::oid::acme_identifier, Criticality::critical,
                        [&] { writer.raw(acme_identifier_value(key_authorization_digest)); });
    });
    return finish(draft, key);
}

}  // namespace cairn::pki
