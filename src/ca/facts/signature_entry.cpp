#include "ca/facts/signature_entry.h"

#include <string_view>

namespace cairn::ca {

AuditEntry signature_entry(const pki::Certificate& certificate,
                           std::optional<crypto::Sha256Digest> signer) {
    const auto key = crypto::sha256(certificate.public_key().spki());
    const bool is_root = certificate.is_ca() && certificate.is_self_signed();
    if (is_root) signer = key;
    const std::string_view kind = is_root               ? "root certificate"
                                  : certificate.is_ca() ? "authority certificate"
                                                        : "certificate";
    AuditEntry entry(AuditEvent::signature);
    entry.add("kind", kind);
    if (signer) entry.add("signer", *signer);
    entry.add("sha256", crypto::sha256(certificate.der()))
        .add("serial", std::string_view(certificate.serial().to_hex()))
        .add("subject", std::string_view(certificate.subject_common_name()))
        .add("issuer", std::string_view(certificate.issuer_common_name()))
        .add("not_after", certificate.not_after())
        .add("key", key);
    return entry;
}

AuditEntry request_signature_entry(base::BytesView request) {
    AuditEntry entry(AuditEvent::signature);
    entry.add("kind", std::string_view("certificate request"))
        .add("sha256", crypto::sha256(request));
    return entry;
}

}  // namespace cairn::ca
