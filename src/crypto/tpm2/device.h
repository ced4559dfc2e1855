#pragma once
// Private to crypto: a TPM 2.0, by the enhanced system API of tpm2-tss.

#include <string>

#include <tss2/tss2_esys.h>

#include "base/bytes.h"
#include "crypto/key_unavailable.h"

namespace cairn::crypto {

/// What a call came to.
class TpmFailure : public KeyUnavailable {
  public:
    TpmFailure(const std::string& what, TSS2_RC code);
    [[nodiscard]] TSS2_RC code() const { return code_; }

  private:
    TSS2_RC code_;
};

/// An open way to a TPM. All throw TpmFailure. Used by one thread at a time; one at a time in a
/// process, since a TPM does one thing after the other.
class TpmDevice {
  public:
    /// `tcti` as tpm2-tss names it; empty: what TPM2OPENSSL_TCTI, TPM2TOOLS_TCTI or TCTI of the
    /// environment say, else whatever tpm2-tss finds.
    explicit TpmDevice(const std::string& tcti);
    ~TpmDevice();
    TpmDevice(const TpmDevice&) = delete;
    TpmDevice& operator=(const TpmDevice&) = delete;

    /// An object in the TPM, flushed at the end unless it is a persistent one.
    class Object {
      public:
        Object(ESYS_CONTEXT* context, ESYS_TR handle, bool is_transient)
            : context_(context), handle_(handle), is_transient_(is_transient) {}
        ~Object();
        Object(const Object&) = delete;
        Object& operator=(const Object&) = delete;
        [[nodiscard]] ESYS_TR handle() const { return handle_; }

      private:
        ESYS_CONTEXT* context_;
        ESYS_TR handle_;
        bool is_transient_;
    };
    /// The key that wraps others: the storage key of a hierarchy, which a TPM derives anew each
    /// time, or a persistent one.
    [[nodiscard]] Object parent(TPM2_HANDLE handle);
    /// A new key below it.
    struct Created {
        TPM2B_PUBLIC public_area;
        TPM2B_PRIVATE wrapped;
    };
    [[nodiscard]] Created create(const Object& parent, const TPM2B_PUBLIC& wanted);
    [[nodiscard]] Object load(const Object& parent, const TPM2B_PUBLIC& public_area,
                              const TPM2B_PRIVATE& wrapped);
    [[nodiscard]] TPMT_SIGNATURE sign(const Object& key, base::BytesView digest,
                                      const TPMT_SIG_SCHEME& scheme);

  private:
    TSS2_TCTI_CONTEXT* tcti_ = nullptr;
    ESYS_CONTEXT* context_ = nullptr;
};

}  // namespace cairn::crypto
