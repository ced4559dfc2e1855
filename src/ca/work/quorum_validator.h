#pragma once

#include <functional>
#include <memory>

#include "base/clock.h"
#include "base/log.h"
#include "ca/ports/observer.h"
#include "ca/ports/perspectives.h"
#include "ca/ports/validator.h"
#include "ca/rules/policy_kind.h"

namespace cairn::ca {

/// Validates from several places on the network: the CA's own, and remote perspectives that are
/// asked at the same time. Control is proved if the CA itself sees the proof and a quorum of the
/// others does (rules/quorum.h). Without remote perspectives it is the CA's own validator and
/// nothing more, unless the CA is a public one and must have some.
///
/// It ends as soon as its outcome is certain and those who usually answer have had as long again,
/// a second at most, so that what they see is written down with it. A perspective that did not
/// answer the last time is not waited for then. An answer that comes later still counts for the log
/// and the metrics.
class QuorumValidator final : public Validator {
  public:
    /// What it works with; all outlive it and the event loops.
    struct Context {
        const Perspectives& perspectives;
        const base::Clock& clock;
        base::Log& log;
        Observer& observer;
    };
    /// `primary`: the CA's own perspective; it outlives this.
    QuorumValidator(PolicyKind kind, Validator& primary, Context context)
        : kind_(kind), primary_(primary), context_(context) {}

    [[nodiscard]] base::Task<Answer> validate(Question question) override;

  private:
    const PolicyKind kind_;
    Validator& primary_;
    const Context context_;
};

}  // namespace cairn::ca
