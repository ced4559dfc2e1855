#pragma once
// Private to crypto: the shared library that speaks for tokens, by Cryptoki (PKCS #11 v2.40).

#include <chrono>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>

#include <p11-kit/pkcs11.h>

#include "base/bytes.h"
#include "crypto/key_unavailable.h"
#include "crypto/pkcs11/uri.h"

namespace cairn::crypto {

/// "CKR_DEVICE_REMOVED", or the number of a code that has no name here.
[[nodiscard]] std::string cryptoki_error(CK_RV code);

/// What a call of Cryptoki came to.
class CryptokiFailure : public KeyUnavailable {
  public:
    CryptokiFailure(const std::string& what, CK_RV code)
        : KeyUnavailable(what + ": " + cryptoki_error(code)), code_(code) {}
    [[nodiscard]] CK_RV code() const { return code_; }

  private:
    CK_RV code_;
};

/// Throws CryptokiFailure unless `code` is CKR_OK.
void require_ok(CK_RV code, const std::string& what);

/// A module, loaded and initialized once in a process, as Cryptoki has it, and never unloaded.
/// Thread-safe.
class Pkcs11Module {
  public:
    /// The one that the URI names; where it names none, that of p11-kit, which knows all that this
    /// machine is set up with. Throws KeyUnavailable if it cannot be loaded.
    [[nodiscard]] static std::shared_ptr<Pkcs11Module> of(const Pkcs11Uri& uri);

    /// A right to call the module: it is not started anew meanwhile.
    class Use {
      public:
        explicit Use(Pkcs11Module& module);
        const CK_FUNCTION_LIST* operator->() const { return module_.functions_; }
        /// Of what was opened before another generation, nothing is open any more.
        [[nodiscard]] unsigned generation() const { return module_.generation_; }

      private:
        Pkcs11Module& module_;
        std::shared_lock<std::shared_mutex> lock_;
    };
    [[nodiscard]] Use use() { return Use(*this); }

    /// Initializes it anew, so that one that has lost its device looks for it again. Nothing if a
    /// call is under way in another thread, or if that was done some seconds ago.
    void start_anew();

    [[nodiscard]] const std::string& path() const { return path_; }
    /// Whether this PIN was refused by this token before; it is not tried again then, since tokens
    /// lock themselves after some wrong ones.
    [[nodiscard]] bool has_refused(const std::string& token, base::BytesView pin) const;
    void note_refusal(const std::string& token, base::BytesView pin);

  private:
    explicit Pkcs11Module(std::string path);
    void initialize();

    const std::string path_;
    CK_FUNCTION_LIST* functions_ = nullptr;
    mutable std::shared_mutex calls_;
    unsigned generation_ = 0;
    std::chrono::steady_clock::time_point last_start_{};
    mutable std::mutex refusals_mutex_;
    std::vector<base::Bytes> refusals_;
};

}  // namespace cairn::crypto
