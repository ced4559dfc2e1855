#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "client/renewal.h"
#include "client/state_directory.h"

namespace cairn::client {

/// A kind of trouble that people are told of.
enum class TroubleKind {
    failure,  ///< a certificate could not be renewed, or deployed
    expiry,   ///< one expires soon, or has expired, and was not renewed
    served    ///< a server shows another one than is stored
};
/// "failure": as programs read it.
[[nodiscard]] std::string_view to_string(TroubleKind kind);

/// What is wrong with a lineage now.
struct Trouble {
    TroubleKind kind = TroubleKind::failure;
    std::string lineage;
    /// The same as long as it is the same trouble, whatever the words about it.
    std::string signature;
    /// One sentence, what came back, and what to do.
    std::string summary, came_back, next;
    std::optional<base::Time> not_after{};
};

/// What a look at lineages has found.
struct TroubleReport {
    std::vector<Trouble> troubles;
    /// What was looked at: a trouble of these lineages and kinds that is not found is over.
    std::vector<std::pair<std::string, TroubleKind>> looked_at;
};

/// What has become of a renewal run, in the eyes of people who are told of trouble alone: what
/// failed, and which certificates expire soon because of it, or because nothing renews them.
/// `before_expiry` is as NotifySettings has it.
[[nodiscard]] TroubleReport troubles_of(const StateDirectory& state,
                                        const std::vector<RenewalOutcome>& outcomes, base::Time now,
                                        base::Seconds before_expiry);

/// From when on a certificate that is not renewed is told of.
[[nodiscard]] base::Time warning_time_of(const pki::Certificate& certificate,
                                         base::Seconds before_expiry);

}  // namespace cairn::client
