#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/json/object.hpp>

#include "apps/cairn/run.h"
#include "base/clock.h"
#include "base/result.h"
#include "client/certificate_plan.h"
#include "client/deployment.h"
#include "client/lineage.h"
#include "client/lineage_facts.h"
#include "client/persistent_notes.h"
#include "client/renewal_schedule.h"
#include "client/revocation_lists.h"
#include "client/served_check.h"

namespace cairn {

/// A certificate of a lineage as it stands on the disk, with what is known of it.
struct CertificateView {
    client::LineageMember member;
    base::Result<client::CertificatePlan> plan;
    base::Result<client::Generation> generation;
    base::Result<client::LineageFacts> facts;
    std::optional<client::RevocationNote> revocation{};
    /// When and why it is renewed, where something renews it.
    std::optional<client::DueTime> due{};
    /// How its deploy targets stand.
    std::vector<client::TargetState> targets{};
    /// What is served of it, if that was looked at.
    std::optional<client::ServedReport> served{};
    /// What its CA's revocation list says, if that was asked for.
    std::optional<client::RevocationSight> listed{};
    /// Records of dns-persist-01 that prove names of its plan, as far as they are known, each with
    /// its domain.
    std::vector<std::pair<std::string, client::PersistentNote>> persistent{};

    [[nodiscard]] static CertificateView of(const client::StateDirectory& state,
                                            const client::LineageMember& member);

    [[nodiscard]] const std::string& name() const { return member.lineage.text(); }
    /// The type of its key, as far as it is known; else "-".
    [[nodiscard]] std::string key_type() const;
    /// False if its plan names its key type no more, or there is none: nothing renews it.
    [[nodiscard]] bool is_planned() const;
    [[nodiscard]] bool is_being_issued() const;
    /// It is of a key type that the plan has since lately, and was never ordered.
    [[nodiscard]] bool is_yet_to_be_obtained() const;
    /// What is broken, if anything is.
    [[nodiscard]] std::string fault() const;
    /// "ok", "due", "ordered", "broken", "revoked", "expired", "not-yet-valid", "not-renewed".
    [[nodiscard]] std::string standing(base::Time now) const;
    /// The last attempt, if it has failed; null if it has not.
    [[nodiscard]] const client::Attempt* last_failure() const;
    /// What happens next, for people: "renewed 2027-01-10".
    [[nodiscard]] std::string next_action(base::Time now) const;
};

/// What --json tells of it.
[[nodiscard]] boost::json::object to_json(const client::StateDirectory& state,
                                          const CertificateView& view, base::Time now);

/// The certificates of the lineages that were asked for; if none were, of all, also of those that
/// are live and would never be renewed. Of a lineage, those of its plan, and those of key types
/// that it names no more while servers can still read them. Throws Failure for a lineage that is
/// not there.
[[nodiscard]] std::vector<client::LineageMember> members_to_show(
    const Run& run, const std::vector<std::string>& names);

}  // namespace cairn
