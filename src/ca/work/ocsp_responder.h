#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/task.h"
#include "ca/ports/observer.h"
#include "ca/ports/repository.h"
#include "ca/work/issuer.h"
#include "ca/work/key_signer.h"
#include "crypto/random.h"
#include "pki/certificate.h"
#include "pki/ocsp_response.h"

namespace cairn::ca {

/// Answers questions for the status of certificates (RFC 6960, in the profile of RFC 5019). Each
/// issuer delegates that to a key that this process has made, by a certificate that lives for a few
/// days and is made anew in time, so that no question makes an issuer's key sign. Thread-safe.
class OcspResponder {
  public:
    /// `lifetime`: for how long an answer is good.
    OcspResponder(base::Seconds lifetime, const Issuers& issuers, CertificateStore& store,
                  const base::Clock& clock, crypto::Random& random, base::Log& log,
                  Observer& observer);

    /// An answer, and for how long it is good.
    struct Answer {
        base::Bytes response;  ///< DER of an OCSPResponse
        /// Nothing where it is only an error.
        std::optional<base::Time> this_update{}, next_update{};
    };
    /// Answers the DER of an OCSPRequest. One that cannot be read, or is about another CA's
    /// certificate, gets an error that nobody signs; a serial number that no certificate has is
    /// unknown. Throws what the store and the issuer's signer throw.
    [[nodiscard]] base::Task<Answer> answer(base::Bytes request);

  private:
    /// One to whom an issuer delegated its answers.
    struct Delegate {
        pki::Certificate certificate;
        std::unique_ptr<Signer> signer;
    };
    /// The delegate of an issuer, made or made anew where that is due.
    base::Task<std::shared_ptr<Delegate>> delegate_of(const Issuer& issuer);
    base::Task<std::shared_ptr<Delegate>> make_delegate(const Issuer& issuer);
    [[nodiscard]] bool is_fresh(const Delegate& delegate) const;

    const base::Seconds lifetime_;
    const Issuers& issuers_;
    CertificateStore& store_;
    const base::Clock& clock_;
    crypto::Random& random_;
    base::Log& log_;
    Observer& observer_;
    std::mutex mutex_;
    std::map<IssuerId, std::shared_ptr<Delegate>> delegates_;
};

}  // namespace cairn::ca
