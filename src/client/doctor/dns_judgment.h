#pragma once

#include "client/doctor/observation.h"

namespace cairn::client::doctor {

// Each says what was seen of a name in the DNS, and what to do about it. Pure.

/// The addresses that the resolver finds: a proof by connection needs one that the CA can reach.
[[nodiscard]] Findings judge_resolution(const Patient& patient, const Resolution& seen,
                                        Audience audience);
/// What the servers of the zone say: silence, servers that do not have the zone, different serial
/// numbers and different addresses are named.
[[nodiscard]] Findings judge_zone(const Patient& patient, const ZoneView& seen);
[[nodiscard]] Findings judge_dnssec(const Patient& patient, const DnssecView& seen);
/// What stands at _acme-challenge: aliases, left-overs, records under a doubled name, wildcards.
[[nodiscard]] Findings judge_challenge_record(const Patient& patient,
                                              const ChallengeRecordView& seen);

}  // namespace cairn::client::doctor
