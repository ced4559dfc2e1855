#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "protocol/internet_registry.h"
#include "va/open_mpic_request.h"

namespace cairn::apps {

/// A perspective that a service of the Open MPIC API has.
struct OpenMpicSeat {
    std::string code;
    protocol::InternetRegistry region;
};

/// How many perspectives look, how many have to pass, and how often it is tried at most.
struct OpenMpicPlan {
    std::size_t perspectives = 1;
    std::size_t quorum = 1;
    std::size_t attempts = 1;
};
/// What a request comes to where `available` perspectives are. Without counts in the request all
/// look, and as many pass as the Baseline Requirements want (ca/rules/quorum.h). The error is for
/// whoever asked.
[[nodiscard]] base::Result<OpenMpicPlan> plan_for(const std::optional<va::OpenMpicCounts>& counts,
                                                  std::size_t available);

/// Which of `seats` look, as indices: the first, which is the service's own, and others by a keyed
/// digest of the target, so that a target always has the same ones and nobody without the key knows
/// which; of two or more, one in another region if there is any.
[[nodiscard]] std::vector<std::size_t> chosen(std::span<const OpenMpicSeat> seats,
                                              std::size_t count, base::BytesView key,
                                              std::string_view target);

/// Whether so many passed as the plan wants. From a quorum of 3 on they stand in two regions, if
/// those who looked do. A quorum of 0 only looks on: it is always reached.
[[nodiscard]] bool is_reached(const OpenMpicPlan& plan, std::span<const OpenMpicSeat> looked,
                              const std::vector<bool>& passed);

}  // namespace cairn::apps
