#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "client/certificate_plan.h"
#include "client/lineage.h"
#include "client/lineage_facts.h"
#include "client/lineage_member.h"
#include "client/renewal_info.h"
#include "pki/certificate.h"

namespace cairn::client {

/// Why a certificate is due when it is.
enum class DueReason {
    lifetime,      ///< its share of its life is over
    renew_before,  ///< its plan says so
    window,        ///< its CA suggests it (RFC 9773)
    put_off,       ///< its CA suggests an earlier time, but for that it was renewed only just now
    plan_changed,  ///< it is not what its plan wants any more
    pinned,        ///< somebody has gone back to it, and it is left alone for a while
    revoked,       ///< it was revoked from here
    unsound,       ///< there is none, or it cannot be used with its key
    asked_for      ///< somebody wants it, due or not
};
/// "plan-changed": as programs read it.
[[nodiscard]] std::string_view to_string(DueReason reason);
/// The reverse; nothing for what is no reason.
[[nodiscard]] std::optional<DueReason> due_reason_from(std::string_view text);

/// When a certificate is due.
struct DueTime {
    base::Time at;
    DueReason reason = DueReason::lifetime;
    /// What there is to say of the reason, for people; may be empty. A CA's words only as printable
    /// text.
    std::string detail{};

    /// The reason with its detail, to stand behind "it is due because": "its CA suggests it".
    [[nodiscard]] std::string because() const;
};

/// When a certificate is renewed if its CA says nothing: past two thirds of its life, or half of it
/// if that is shorter than ten days, so that some days are left for mending what fails. Up to a
/// hundredth of its life sooner, evenly spread over certificates and the same at every call for
/// one: what was issued together is not renewed together.
[[nodiscard]] base::Time due_by_lifetime(const pki::Certificate& certificate);

/// When it is renewed if the CA has suggested a window; never later than it expires.
[[nodiscard]] base::Time due_by_window(const pki::Certificate& certificate,
                                       const RenewalWindow& window);

/// How long a certificate that was obtained because of a CA's window is not replaced because of
/// another: a twentieth of its life. A CA that always says "now" would else cause a certificate
/// with each run.
[[nodiscard]] base::Seconds floor_between_windows(const pki::Certificate& certificate);

/// When the certificate that stands is to be renewed, by its plan and by what is known of it: at
/// once if it was revoked or is not what the plan wants (`shortfall_of`); by the plan's
/// `renew_before`, else by its lifetime; earlier or, where the plan says nothing, later if its CA
/// has said so. `facts` are those of this member of the lineage.
[[nodiscard]] DueTime due_time(const CertificatePlan& plan, const LineageMember& member,
                               const Generation& standing, const LineageFacts& facts);

}  // namespace cairn::client
