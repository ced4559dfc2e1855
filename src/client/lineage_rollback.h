#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "client/lineage.h"
#include "client/lineage_facts.h"
#include "client/lineage_member.h"
#include "client/state_directory.h"
#include "pki/certificate.h"

namespace cairn::client {

/// A certificate of the archive that can be made live again.
struct EarlierCertificate {
    LineageMember member;
    unsigned long live = 0;     ///< the number of the one that is live
    unsigned long earlier = 0;  ///< its own
    pki::Certificate certificate;
    /// Until when it is not renewed because something would be better: while a tenth of its life is
    /// left, so that what was wrong with the newer one has time to be mended.
    base::Time pinned_until;
};

/// What keeps a certificate of the archive from being used now: it cannot be read or does not match
/// its key, is not valid, or was revoked from here. Empty if nothing does.
[[nodiscard]] std::string fault_of_earlier(const base::Result<Generation>& generation,
                                           const LineageFacts& facts, base::Time now);

/// Until when a certificate that was gone back to is good enough: while a tenth of its life is
/// left.
[[nodiscard]] base::Time end_of_reprieve(const pki::Certificate& certificate);

/// For each certificate of the lineage that has one: the newest before the live one that can be
/// used now, with its key, and was not revoked from here. Throws Failure, with what is wrong with
/// each, if there is none.
[[nodiscard]] std::vector<EarlierCertificate> earlier_certificates(const StateDirectory& state,
                                                                   const LineageName& lineage,
                                                                   base::Time now);

/// Makes it live in one step, and notes that deploy targets have to learn of it and that it is not
/// renewed so soon. The caller holds the lock of the lineage. Throws Failure.
void make_live(const StateDirectory& state, const EarlierCertificate& earlier, base::Time now);

}  // namespace cairn::client
