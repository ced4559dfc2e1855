#pragma once

#include <optional>
#include <vector>

#include "base/clock.h"
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
