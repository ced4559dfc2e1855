#include "crypto/tpm2/device.h"

#include <algorithm>
#include <cstdlib>
#include <memory>

#include <tss2/tss2_rc.h>
#include <tss2/tss2_tctildr.h>

namespace cairn::crypto {
namespace {

template <class T>
using Allocated = std::unique_ptr<T, decltype(&Esys_Free)>;

void require_done(TSS2_RC code, const std::string& what) {
    if (code != TSS2_RC_SUCCESS) throw TpmFailure(what, code);
}

std::string usual_way() {
    for (const char* const name : {"TPM2OPENSSL_TCTI", "TPM2TOOLS_TCTI", "TCTI"})
        if (const char* const value = std::getenv(name); value != nullptr && *value != '\0')
            return value;
    return {};
}

// The storage key that others have agreed on, so that keys of this program load in theirs
// (draft-bottomley-tpm2-keys section 3.1.8: P-256, the parameters of the TCG's template H-2,
// without a password and apart from the lockout by wrong ones).
TPM2B_PUBLIC storage_template() {
    TPM2B_PUBLIC wanted{};
    auto& area = wanted.publicArea;
    area.type = TPM2_ALG_ECC;
    area.nameAlg = TPM2_ALG_SHA256;
    area.objectAttributes = TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_RESTRICTED |
                            TPMA_OBJECT_DECRYPT | TPMA_OBJECT_NODA | TPMA_OBJECT_FIXEDTPM |
                            TPMA_OBJECT_FIXEDPARENT | TPMA_OBJECT_SENSITIVEDATAORIGIN;
    auto& parameters = area.parameters.eccDetail;
    parameters.symmetric.algorithm = TPM2_ALG_AES;
    parameters.symmetric.keyBits.aes = 128;
    parameters.symmetric.mode.aes = TPM2_ALG_CFB;
    parameters.scheme.scheme = TPM2_ALG_NULL;
    parameters.curveID = TPM2_ECC_NIST_P256;
    parameters.kdf.scheme = TPM2_ALG_NULL;
    return wanted;
}

}  // namespace

TpmFailure::TpmFailure(const std::string& what, TSS2_RC code)
    : KeyUnavailable(what + ": " + Tss2_RC_Decode(code)), code_(code) {}

TpmDevice::TpmDevice(const std::string& tcti) {
    const auto way = tcti.empty() ? usual_way() : tcti;
    const auto what = "opening the TPM" + (way.empty() ? "" : " at " + base::printable(way, 100));
    require_done(Tss2_TctiLdr_Initialize(way.empty() ? nullptr : way.c_str(), &tcti_), what);
    if (const auto code = Esys_Initialize(&context_, tcti_, nullptr); code != TSS2_RC_SUCCESS) {
        Tss2_TctiLdr_Finalize(&tcti_);
        throw TpmFailure(what, code);
    }
}

TpmDevice::~TpmDevice() {
    Esys_Finalize(&context_);
    Tss2_TctiLdr_Finalize(&tcti_);
}

TpmDevice::Object::~Object() {
    if (is_transient_)
        (void)Esys_FlushContext(context_, handle_);
    else
        (void)Esys_TR_Close(context_, &handle_);
}

TpmDevice::Object TpmDevice::parent(TPM2_HANDLE handle) {
    ESYS_TR key = ESYS_TR_NONE;
    if (handle >= TPM2_PERSISTENT_FIRST && handle <= TPM2_PERSISTENT_LAST) {
        require_done(
            Esys_TR_FromTPMPublic(context_, handle, ESYS_TR_NONE, ESYS_TR_NONE, ESYS_TR_NONE, &key),
            "finding the TPM's persistent key that wraps this one");
        return {context_, key, false};
    }
    const ESYS_TR hierarchy = handle == TPM2_RH_NULL          ? ESYS_TR_RH_NULL
                              : handle == TPM2_RH_ENDORSEMENT ? ESYS_TR_RH_ENDORSEMENT
                                                              : ESYS_TR_RH_OWNER;
    const TPM2B_SENSITIVE_CREATE sensitive{};
    const TPM2B_DATA outside{};
    const TPML_PCR_SELECTION registers{};
    const auto wanted = storage_template();
    require_done(Esys_CreatePrimary(context_, hierarchy, ESYS_TR_PASSWORD, ESYS_TR_NONE,
                                    ESYS_TR_NONE, &sensitive, &wanted, &outside, &registers, &key,
                                    nullptr, nullptr, nullptr, nullptr),
                 "deriving the TPM's storage key (its owner must have no password)");
    return {context_, key, true};
}

TpmDevice::Created TpmDevice::create(const Object& parent, const TPM2B_PUBLIC& wanted) {
    const TPM2B_SENSITIVE_CREATE sensitive{};
    const TPM2B_DATA outside{};
    const TPML_PCR_SELECTION registers{};
    TPM2B_PRIVATE* wrapped = nullptr;
    TPM2B_PUBLIC* public_area = nullptr;
    require_done(Esys_Create(context_, parent.handle(), ESYS_TR_PASSWORD, ESYS_TR_NONE,
                             ESYS_TR_NONE, &sensitive, &wanted, &outside, &registers, &wrapped,
                             &public_area, nullptr, nullptr, nullptr),
                 "making a key in the TPM");
    const Allocated<TPM2B_PRIVATE> wrapped_owner(wrapped, &Esys_Free);
    const Allocated<TPM2B_PUBLIC> public_owner(public_area, &Esys_Free);
    return {*public_area, *wrapped};
}

TpmDevice::Object TpmDevice::load(const Object& parent, const TPM2B_PUBLIC& public_area,
                                  const TPM2B_PRIVATE& wrapped) {
    ESYS_TR key = ESYS_TR_NONE;
    require_done(Esys_Load(context_, parent.handle(), ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
                           &wrapped, &public_area, &key),
                 "loading the key into the TPM (another TPM's keys, and those of one that was "
                 "cleared, are lost)");
    return {context_, key, true};
}

TPMT_SIGNATURE TpmDevice::sign(const Object& key, base::BytesView digest,
                               const TPMT_SIG_SCHEME& scheme) {
    TPM2B_DIGEST input{};
    input.size = static_cast<UINT16>(std::min(digest.size(), sizeof input.buffer));
    std::copy_n(digest.begin(), input.size, input.buffer);
    TPMT_TK_HASHCHECK ticket{};
    ticket.tag = TPM2_ST_HASHCHECK;
    ticket.hierarchy = TPM2_RH_NULL;
    TPMT_SIGNATURE* signature = nullptr;
    require_done(Esys_Sign(context_, key.handle(), ESYS_TR_PASSWORD, ESYS_TR_NONE, ESYS_TR_NONE,
                           &input, &scheme, &ticket, &signature),
                 "signing by the TPM");
    const Allocated<TPMT_SIGNATURE> owner(signature, &Esys_Free);
    return *signature;
}

}  // namespace cairn::crypto
