#include "pki/certificate.h"

#include <algorithm>
#include <stdexcept>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <openssl/err.h>

#include "asn1/der.h"
#include "asn1/object_id.h"
#include "crypto/openssl.h"
#include "pki/extension.h"
#include "pki/general_names.h"
#include "pki/name.h"
#include "pki/pem.h"
#include "pki/x509_signature.h"

namespace cairn::pki {
namespace {

/// The parts of a Certificate that are used, as views into its encoding.
struct Parts {
    base::BytesView to_be_signed, serial, algorithm, issuer, subject, signature;
    std::vector<asn1::Element> issuer_common_names, subject_common_names;
    base::Time not_before, not_after;
    base::BytesView public_key;
    std::vector<ExtensionView> extensions;
};

constexpr std::uint8_t version_2 = 1;
constexpr std::uint8_t version_3 = 2;

/// Version ::= INTEGER, [0] EXPLICIT, DEFAULT v1.
std::uint8_t read_version(asn1::Reader& fields) {
    if (!fields.next_is(asn1::tag::context_constructed(0))) return 0;
    asn1::Reader version = fields.inside(asn1::tag::context_constructed(0), "the version");
    const base::BytesView number = version.element(asn1::tag::integer, "the version").content;
    version.end("the version");
    if (number.size() != 1 || number[0] < version_2 || number[0] > version_3) {
        version.fail("the version is unknown, or spelled out although it is 1");
        return 0;
    }
    return number[0];
}

Parts read_fields(asn1::Reader fields, asn1::Failure& failure) {
    Parts parts;
    const std::uint8_t version = read_version(fields);
    parts.serial = fields.element(asn1::tag::integer, "the serial number").content;
    parts.algorithm = fields.element(asn1::tag::sequence, "the signature algorithm").whole;
    parts.issuer = fields.element(asn1::tag::sequence, "the issuer").whole;
    asn1::Reader issuer(parts.issuer, failure);
    parts.issuer_common_names = read_common_names(issuer, "the issuer");
    asn1::Reader validity = fields.inside(asn1::tag::sequence, "the validity");
    parts.not_before = validity.time("notBefore");
    parts.not_after = validity.time("notAfter");
    validity.end("the validity");
    parts.subject = fields.element(asn1::tag::sequence, "the subject").whole;
    asn1::Reader subject(parts.subject, failure);
    parts.subject_common_names = read_common_names(subject, "the subject");
    parts.public_key = fields.element(asn1::tag::sequence, "the public key").whole;
    for (const std::uint8_t unique_id : {asn1::tag::context(1), asn1::tag::context(2)}) {
        if (version >= version_2 && fields.next_is(unique_id))
            fields.element("a unique identifier");
    }
    if (version == version_3 && fields.next_is(asn1::tag::context_constructed(3))) {
        asn1::Reader extensions =
            fields.inside(asn1::tag::context_constructed(3), "the extensions");
        parts.extensions = read_extensions(extensions);
        extensions.end("the extensions");
    }
    fields.end("tbsCertificate");
    return parts;
}

base::Result<Parts> take_apart(base::BytesView der) {
    if (der.size() > Certificate::max_size) {
        return base::fail(
            fmt::format("the certificate has more than {} octets", Certificate::max_size));
    }
    if (const auto sound = asn1::check(der); !sound) {
        return std::unexpected(sound.error().within("the certificate is not DER"));
    }
    asn1::Failure failure;
    asn1::Reader reader(der, failure);
    asn1::Reader certificate = reader.inside(asn1::tag::sequence, "the certificate");
    const asn1::Element to_be_signed = certificate.element(asn1::tag::sequence, "tbsCertificate");
    Parts parts = read_fields(asn1::Reader(to_be_signed.content, failure), failure);
    parts.to_be_signed = to_be_signed.whole;
    const asn1::Element algorithm =
        certificate.element(asn1::tag::sequence, "the signature algorithm");
    if (!std::ranges::equal(algorithm.whole, parts.algorithm)) {
        certificate.fail("the two signature algorithms differ (RFC 5280 section 4.1.1.2)");
    }
    parts.signature = certificate.octet_aligned_bits("the signature");
    certificate.end("the certificate");
    if (failure) return std::unexpected(*failure);
    return parts;
}

/// What is read from the extensions.
struct Extensions {
    SubjectNames names;
    std::optional<base::Bytes> authority_key_id, subject_key_id;
    bool is_ca = false;
};

base::Result<Extensions> interpret(const std::vector<ExtensionView>& extensions) {
    Extensions result;
    std::vector<base::Error> findings;
    asn1::Failure failure;
    const auto read = [&](base::BytesView object_id, std::string_view what, const auto& read_one) {
        read_value(extensions, object_id, what, failure, read_one);
    };
    read(asn1::oid::subject_alt_name, "subjectAltName",
         [&](asn1::Reader& value) { result.names = read_general_names(value, findings); });
    read(asn1::oid::authority_key_identifier, "authorityKeyIdentifier", [&](asn1::Reader& value) {
        asn1::Reader parts = value.inside(asn1::tag::sequence, "authorityKeyIdentifier");
        if (parts.next_is(asn1::tag::context(0))) {
            result.authority_key_id = base::copy_of(parts.element("keyIdentifier").content);
        }
    });
    read(asn1::oid::subject_key_identifier, "subjectKeyIdentifier", [&](asn1::Reader& value) {
        result.subject_key_id =
            base::copy_of(value.element(asn1::tag::octet_string, "subjectKeyIdentifier").content);
    });
    read(asn1::oid::basic_constraints, "basicConstraints", [&](asn1::Reader& value) {
        asn1::Reader parts = value.inside(asn1::tag::sequence, "basicConstraints");
        result.is_ca = parts.flag("cA");
        if (parts.next_is(asn1::tag::integer)) parts.element("pathLenConstraint");
        parts.end("basicConstraints");
    });
    if (failure) return std::unexpected(*failure);
    if (!findings.empty()) return std::unexpected(findings.front());
    return result;
}

/// The first common name in UTF-8; empty if there is none.
base::Result<std::string> first_as_utf8(const std::vector<asn1::Element>& common_names) {
    if (common_names.empty()) return std::string();
    const asn1::Element& value = common_names.front();
    const crypto::Handle<ASN1_STRING, &ASN1_STRING_free> string(ASN1_STRING_type_new(value.tag));
    crypto::require(string && ASN1_STRING_set(string.get(), value.content.data(),
                                              static_cast<int>(value.content.size())) == 1,
                    "copying a name");
    unsigned char* text = nullptr;
    const int size = ASN1_STRING_to_UTF8(&text, string.get());
    if (size < 0) {
        ERR_clear_error();
        return base::fail("a common name is not text");
    }
    std::string result(reinterpret_cast<const char*>(text), static_cast<std::size_t>(size));
    OPENSSL_free(text);
    return result;
}

}  // namespace

base::Result<Certificate> Certificate::from_der(base::BytesView der) {
    auto parts = take_apart(der);
    if (!parts) return std::unexpected(parts.error());
    auto serial = SerialNumber::from_der_content(parts->serial);
    if (!serial) return std::unexpected(serial.error());
    auto extensions = interpret(parts->extensions);
    if (!extensions) return std::unexpected(extensions.error());
    auto subject = first_as_utf8(parts->subject_common_names);
    if (!subject) return std::unexpected(subject.error().within("subject"));
    auto issuer = first_as_utf8(parts->issuer_common_names);
    if (!issuer) return std::unexpected(issuer.error().within("issuer"));
    auto key = crypto::PublicKey::from_spki(parts->public_key);
    if (!key) return std::unexpected(key.error().within("public key"));
    return Certificate(std::shared_ptr<const Fields>(
        new Fields{base::copy_of(der), *std::move(serial), parts->not_before, parts->not_after,
                   std::move(extensions->names), base::copy_of(parts->subject), *std::move(subject),
                   *std::move(issuer), *std::move(key), std::move(extensions->authority_key_id),
                   std::move(extensions->subject_key_id), extensions->is_ca}));
}

base::Result<Certificate> Certificate::from_pem(std::string_view pem) {
    const auto blocks = pem::certificate_blocks(pem, 1);
    if (!blocks) return std::unexpected(blocks.error());
    return from_der(blocks->front());
}

std::string Certificate::pem_of(base::BytesView der) {
    return pem::certificate_block(der);
}

std::vector<Certificate::Extension> Certificate::extensions(std::string_view oid) const {
    const crypto::Asn1ObjectHandle object(OBJ_txt2obj(std::string(oid).c_str(), 1));
    crypto::require(object != nullptr, "reading an object identifier");
    const base::BytesView object_id(OBJ_get0_data(object.get()), OBJ_length(object.get()));
    const auto parts = take_apart(der());
    std::vector<Extension> found;
    for (const ExtensionView& extension : parts->extensions) {
        if (!std::ranges::equal(extension.object_id, object_id)) continue;
        found.push_back(
            {extension.criticality == Criticality::critical, base::copy_of(extension.value)});
    }
    return found;
}

bool Certificate::is_signed_by(const Certificate& issuer) const {
    return names_as_issuer(issuer) && verifies_under(issuer.public_key());
}

bool Certificate::is_self_signed() const {
    return verifies_under(public_key());
}

bool Certificate::names_as_issuer(const Certificate& issuer) const {
    if (std::ranges::equal(take_apart(der())->issuer, issuer.fields_->subject)) return true;
    // Names that are written in another way may be the same (RFC 5280 section 7.1).
    return has_handle() && issuer.has_handle() &&
           X509_NAME_cmp(X509_get_issuer_name(handle()), X509_get_subject_name(issuer.handle())) ==
               0;
}

bool Certificate::verifies_under(const crypto::PublicKey& key) const {
    const auto parts = take_apart(der());
    if (verify_x509(key, parts->algorithm, parts->to_be_signed, parts->signature)) return true;
    // With an algorithm that nothing new is signed with; of a root it proves nothing anyway.
    const bool verifies = has_handle() && X509_verify(handle(), key.handle()) == 1;
    if (!verifies) ERR_clear_error();
    return verifies;
}

X509* Certificate::handle() const {
    if (!has_handle()) throw std::runtime_error("OpenSSL cannot read a certificate");
    return fields_->x509.get();
}

bool Certificate::has_handle() const {
    std::call_once(fields_->x509_made, [&fields = *fields_] {
        const std::uint8_t* at = fields.der.data();
        fields.x509.reset(d2i_X509(nullptr, &at, static_cast<long>(fields.der.size())), &X509_free);
        if (!fields.x509) ERR_clear_error();
    });
    return fields_->x509 != nullptr;
}

}  // namespace cairn::pki
