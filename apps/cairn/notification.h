#pragma once

#include <vector>

#include "apps/cairn/run.h"
#include "client/progress.h"
#include "client/renewal.h"

namespace cairn {

/// Tells people, in the ways of the settings, what of these outcomes they should know and do not
/// know yet. What cannot be sent is told to `progress`. Throws nothing.
void notify_of(Run& run, const std::vector<client::RenewalOutcome>& outcomes,
               client::Progress& progress) noexcept;
/// Looks into the revocation lists of those of these lineages' CAs that give no advice on renewals,
/// and keeps it where a certificate is revoked, which makes it due. Throws nothing.
void watch_revocations(Run& run, const std::vector<client::LineageName>& lineages,
                       client::Progress& progress) noexcept;
/// Looks at what servers show of the certificates of these lineages, and tells `progress`, and
/// people, where that is not what is stored. Throws nothing.
void watch_served(Run& run, const std::vector<client::LineageName>& lineages,
                  client::Progress& progress) noexcept;

}  // namespace cairn
