#pragma once

#include <memory>

#include "base/clock.h"
#include "base/task.h"
#include "dns/resolver.h"
#include "va/open_mpic_request.h"
#include "va/open_mpic_response.h"
#include "va/validation.h"

namespace cairn::apps {

/// How this machine looks at a target for the Open MPIC API. Thread-safe.
class OpenMpicLook {
  public:
    /// The clock outlives it.
    OpenMpicLook(va::Settings settings, std::shared_ptr<dns::Resolver> resolver,
                 const base::Clock& clock)
        : settings_(std::move(settings)), resolver_(std::move(resolver)), clock_(clock) {}

    /// What it sees, within the deadline of its settings. A failure of the target is a result; that
    /// this machine lacks something is none (`is_completed`).
    [[nodiscard]] base::Task<va::OpenMpicVote> look(std::string code, va::OpenMpicRequest request);

  private:
    [[nodiscard]] base::Task<va::OrFailure<va::Evidence>> examine(
        const va::OpenMpicRequest& request) const;

    const va::Settings settings_;
    const std::shared_ptr<dns::Resolver> resolver_;
    const base::Clock& clock_;
};

/// The time as the API has it: nanoseconds since 1970.
[[nodiscard]] std::int64_t nanoseconds_of(base::Time time);

}  // namespace cairn::apps
