#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/task.h"
#include "ca/ports/crl_store.h"
#include "ca/ports/observer.h"
#include "ca/work/issuer.h"
#include "pki/crl_builder.h"

namespace cairn::ca {

/// How revocation lists are kept up.
struct CrlTimes {
    /// nextUpdate - thisUpdate; 10 days at most (BR 4.9.7).
    base::Seconds lifetime = std::chrono::days(7);
    /// A list is signed anew at this age, whatever happens; 4 days at most (BR 4.9.7).
    base::Seconds reissue = std::chrono::days(1);
    /// How long revocations are gathered before the lists that tell of them are signed.
    base::Milliseconds delay{2000};
    /// After an issuer's lists were signed it rests so many times as long as that took.
    int share_of_rest = 5;
};

/// Draws up, signs and stores the revocation lists of issuers, where they are due: a revocation is
/// in the store and in no list, a list is of age, or an operator wants it. The entries are read in
/// pages. Long work is done on an executor of its own. Used by one task at a time.
class CrlSigning {
  public:
    CrlSigning(CrlTimes times, const Issuers& issuers, CrlStore& store, const base::Clock& clock,
               base::Executor slow, base::Announcements& announcements, base::Log& log,
               Observer& observer);

    /// Whether the work may go on; asked between steps.
    using GoesOn = std::function<base::Task<bool>()>;
    /// Looks at every list of every issuer that is valid now, and signs those that are due. An
    /// issuer that cannot sign is logged, and tried again in a minute. Throws what the store
    /// throws.
    [[nodiscard]] base::Task<void> sign_due(GoesOn goes_on);

  private:
    using SteadyClock = std::chrono::steady_clock;
    using Unlisted = std::vector<UnlistedRevocation>;

    base::Task<bool> unfold_keys(const GoesOn& goes_on);
    base::Task<Unlisted> unlisted_of(const Issuer& issuer);
    /// Whether the work goes on.
    base::Task<bool> sign_due_of(const Issuer& issuer, const std::vector<CrlState>& states,
                                 const GoesOn& goes_on);
    [[nodiscard]] bool is_due(const CrlState& state, const Unlisted& unlisted) const;
    /// Why it could not be signed; nothing if it was.
    base::Task<std::optional<std::string>> try_to_sign(const Issuer& issuer, CrlState state);
    base::Task<void> sign(const Issuer& issuer, CrlState state);
    base::Task<std::vector<pki::RevokedCertificate>> entries_of(CrlList list,
                                                                base::Time ended_after,
                                                                base::Time this_update);
    base::Task<void> mark_listed(Unlisted unlisted);

    const CrlTimes times_;
    const Issuers& issuers_;
    CrlStore& store_;
    const base::Clock& clock_;
    const base::Executor slow_;
    base::Announcements& announcements_;
    base::Log& log_;
    Observer& observer_;
    /// When an issuer is looked at again: later where signing takes long, or fails.
    std::map<IssuerId, SteadyClock::time_point> next_looks_;
};

}  // namespace cairn::ca
