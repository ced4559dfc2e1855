#include "pki/csr.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "asn1/der.h"
#include "asn1/object_id.h"
#include "crypto/key_weakness.h"
#include "pki/extension.h"
#include "pki/general_names.h"
#include "pki/name.h"
#include "pki/x509_signature.h"

namespace cairn::pki {
namespace {

using Findings = std::vector<base::Error>;

/// TLS extension status_request, as RFC 7633 lists it.
constexpr std::uint8_t status_request = 5;

/// RFC 2986 has one version, v1, with the value 0. Some clients write 2, as in certificates, or 1;
/// the fields are the same.
constexpr std::uint8_t greatest_version = 2;

/// The parts of a CertificationRequest, all views into its encoding.
struct RequestParts {
    asn1::Element info, algorithm;
    base::BytesView signature, version;
    std::vector<asn1::Element> common_names;
    asn1::Element public_key;
    /// The values of each extensionRequest.
    std::vector<base::BytesView> extension_requests;
};

/// The values of each extensionRequest among the attributes.
std::vector<base::BytesView> read_extension_requests(base::BytesView encoding,
                                                     asn1::Failure& failure) {
    std::vector<base::BytesView> requests;
    asn1::Reader attributes(encoding, failure);
    base::BytesView previous;
    while (!attributes.at_end()) {
        const asn1::Element attribute = attributes.element(asn1::tag::sequence, "an attribute");
        if (!asn1::in_set_order(previous, attribute.whole)) {
            attributes.fail("the attributes are not sorted");
        }
        previous = attribute.whole;
        asn1::Reader parts(attribute.content, failure);
        const asn1::Element type =
            parts.element(asn1::tag::object_identifier, "an attribute's type");
        const asn1::Element values = parts.element(asn1::tag::set, "an attribute's values");
        parts.end("an attribute");
        if (std::ranges::equal(type.content, asn1::oid::extension_request)) {
            requests.push_back(values.content);
        }
    }
    return requests;
}

base::Result<RequestParts> take_request_apart(base::BytesView der) {
    if (der.size() > Csr::max_size) {
        return base::fail(fmt::format("the request has more than {} octets", Csr::max_size));
    }
    if (const auto sound = asn1::check(der); !sound) {
        return std::unexpected(sound.error().within("the request is not DER"));
    }
    RequestParts parts;
    asn1::Failure failure;
    asn1::Reader reader(der, failure);
    asn1::Reader request = reader.inside(asn1::tag::sequence, "the request");
    parts.info = request.element(asn1::tag::sequence, "certificationRequestInfo");
    parts.algorithm = request.element(asn1::tag::sequence, "the signature algorithm");
    parts.signature = request.octet_aligned_bits("the signature");
    request.end("the request");

    asn1::Reader info(parts.info.content, failure);
    parts.version = info.element(asn1::tag::integer, "the version").content;
    parts.common_names = read_common_names(info, "the subject");
    parts.public_key = info.element(asn1::tag::sequence, "the public key");
    parts.extension_requests = read_extension_requests(
        info.element(asn1::tag::context_constructed(0), "the attributes").content, failure);
    info.end("certificationRequestInfo");
    if (failure) return std::unexpected(*failure);
    return parts;
}

/// The common names as text; one that is not ASCII is a finding.
std::vector<std::string> common_names_in(const std::vector<asn1::Element>& values,
                                         Findings& findings) {
    std::vector<std::string> common_names;
    for (const asn1::Element& value : values) {
        const std::string_view text = base::text_of(value.content);
        const bool may_be_ascii = value.tag == asn1::tag::utf8_string ||
                                  value.tag == asn1::tag::printable_string ||
                                  value.tag == asn1::tag::ia5_string;
        if (!may_be_ascii ||
            !std::ranges::all_of(text, [](char c) { return c >= ' ' && c <= '~'; })) {
            findings.emplace_back(fmt::format("common name \"{}\" is not printable ASCII",
                                              base::printable(text, 80)));
            continue;
        }
        common_names.emplace_back(text);
    }
    return common_names;
}

bool read_must_staple(const std::vector<ExtensionView>& extensions, Findings& findings) {
    bool must_staple = false;
    asn1::Failure failure;
    read_value(extensions, asn1::oid::tls_feature, "the TLS feature extension", failure,
               [&](asn1::Reader& value) {
                   asn1::Reader features =
                       value.inside(asn1::tag::sequence, "the TLS feature extension");
                   while (!features.at_end()) {
                       const base::BytesView feature =
                           features.element(asn1::tag::integer, "a TLS feature").content;
                       must_staple |= feature.size() == 1 && feature[0] == status_request;
                   }
               });
    if (failure) findings.push_back(*failure);
    return must_staple;
}

SubjectNames requested_names(const std::vector<ExtensionView>& extensions, Findings& findings) {
    SubjectNames names;
    asn1::Failure failure;
    read_value(extensions, asn1::oid::subject_alt_name, "subjectAltName", failure,
               [&](asn1::Reader& value) { names = read_general_names(value, findings); });
    if (failure) findings.push_back(*failure);
    return names;
}

std::vector<ExtensionView> read_requested_extensions(
    const std::vector<base::BytesView>& extension_requests, Findings& findings) {
    if (extension_requests.empty()) return {};
    if (extension_requests.size() > 1) {
        findings.emplace_back("extensionRequest is there more than once");
        return {};
    }
    asn1::Failure failure;
    asn1::Reader values(extension_requests[0], failure);
    auto extensions = read_extensions(values);
    values.end("extensionRequest");
    if (failure) {
        findings.push_back(*failure);
        return {};
    }
    return extensions;
}

}  // namespace

base::Result<Csr, std::vector<base::Error>> Csr::from_der(base::BytesView der) {
    return read(der, Signature::verified);
}

base::Result<Csr, std::vector<base::Error>> Csr::from_kept_der(base::BytesView der) {
    return read(der, Signature::verified_before);
}

base::Result<Csr, std::vector<base::Error>> Csr::read(base::BytesView der, Signature signature) {
    const auto parts = take_request_apart(der);
    if (!parts) return std::unexpected(Findings{parts.error()});

    Findings findings;
    if (parts->version.size() != 1 || parts->version[0] > greatest_version) {
        findings.emplace_back("the request is not of version 1 (0 as its value)");
    }
    auto common_names = common_names_in(parts->common_names, findings);
    const auto extensions = read_requested_extensions(parts->extension_requests, findings);
    auto names = requested_names(extensions, findings);
    const bool must_staple = read_must_staple(extensions, findings);

    auto key = crypto::PublicKey::from_spki(parts->public_key.whole);
    if (!key) {
        findings.push_back(key.error().within("public key"));
        return std::unexpected(std::move(findings));
    }
    if (auto weakness = crypto::size_weakness(*key)) {
        findings.emplace_back("public key: " + *weakness);
    } else if (signature == Signature::verified) {
        const auto verified =
            verify_x509(*key, parts->algorithm.whole, parts->info.whole, parts->signature);
        if (!verified) findings.push_back(verified.error());
    }
    if (!findings.empty()) return std::unexpected(std::move(findings));

    Csr csr(base::copy_of(der), *std::move(key));
    csr.names_ = std::move(names);
    csr.common_names_ = std::move(common_names);
    csr.must_staple_ = must_staple;
    return csr;
}

base::Bytes make_csr(const crypto::Signer& signer, const SubjectNames& names, CsrOptions options) {
    asn1::Writer info;
    const auto write_extensions = [&] {
        write_extension(info, asn1::oid::subject_alt_name, Criticality::non_critical,
                        [&] { write_general_names(info, names); });
        if (!options.must_staple) return;
        write_extension(info, asn1::oid::tls_feature, Criticality::non_critical, [&] {
            info.nested(asn1::tag::sequence, [&] { info.small_integer(status_request); });
        });
    };
    info.nested(asn1::tag::sequence, [&] {
        info.small_integer(0);
        write_name(info, "", "");
        info.raw(signer.public_key().spki());
        info.nested(asn1::tag::context_constructed(0), [&] {
            info.nested(asn1::tag::sequence, [&] {
                info.element(asn1::tag::object_identifier, asn1::oid::extension_request);
                info.nested(asn1::tag::set,
                            [&] { info.nested(asn1::tag::sequence, write_extensions); });
            });
        });
    });
    return sign_object(signer, info.view());
}

}  // namespace cairn::pki
