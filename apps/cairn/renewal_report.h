#pragma once

#include <vector>

#include <boost/json/array.hpp>

#include "apps/cairn/console.h"
#include "client/renewal.h"

namespace cairn {

/// Which outcomes are worth a sentence.
enum class TellingOf {
    all,
    events  ///< not those of which there was nothing to do
};

/// Tells people what has become of each certificate.
void tell(Console& console, const std::vector<client::RenewalOutcome>& outcomes, TellingOf which,
          client::Installing installing);
/// The same for programs: an object for each.
[[nodiscard]] boost::json::array to_json(const std::vector<client::RenewalOutcome>& outcomes,
                                         client::Installing installing);

}  // namespace cairn
