#include "store/audit/audited_signer.h"

#include <utility>

#include "base/enum_table.h"

namespace cairn::store {

namespace {

constexpr base::EnumTable<ca::Draft::Kind, std::string_view> words({
    {ca::Draft::Kind::certificate, "certificate"},
    {ca::Draft::Kind::precertificate, "precertificate"},
    {ca::Draft::Kind::crl, "crl"},
    {ca::Draft::Kind::ocsp_responder, "ocsp responder"},
    {ca::Draft::Kind::ocsp_response, "ocsp response"},
});

}  // namespace

base::Task<base::Bytes> AuditedSigner::sign(ca::Draft draft) {
    const auto kind = draft.kind();
    ca::AuditEntry told(ca::AuditEvent::signature);
    told.add("kind", words[kind]).add("signer", crypto::sha256(signer_->public_key().spki()));
    told.add("to_be_signed", crypto::sha256(draft.to_be_signed()));
    auto signing = signer_->sign(std::move(draft));
    auto der = co_await std::move(signing);
    told.add("sha256", crypto::sha256(der));
    if (kind == ca::Draft::Kind::ocsp_responder) {
        auto recording = audit_.record(std::move(told));
        (void)co_await std::move(recording);
    } else {
        audit_.note(std::move(told));
    }
    co_return der;
}

}  // namespace cairn::store
