#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "client/deploy/target.h"

namespace cairn::client {

/// What is shown at the probes of a target, before and after a deployment to it.
class ServedProbe {
  public:
    /// `probes` may be empty: then everything is believed.
    ServedProbe(std::vector<DeployProbe> probes, const DeployMaterial& material);

    [[nodiscard]] bool is_empty() const { return probes_.empty(); }
    /// Looks once, and keeps what is shown, to be recognized by `await_former`.
    void note_former();
    /// Looks until every probe shows the new certificate; half a sentence on where that was seen.
    /// Throws Failure, with what is shown instead, when `patience` is over.
    [[nodiscard]] std::string await_new(std::chrono::milliseconds patience, const std::string& text,
                                        const TargetRun& run) const;
    /// Looks until every probe shows what `note_former` has seen; half a sentence on what is
    /// shown when that is so, or `patience` is over.
    [[nodiscard]] std::string await_former(std::chrono::milliseconds patience,
                                           const TargetRun& run) const;

  private:
    /// What one address shows: the server's certificate (DER), or why none.
    struct Sight {
        std::string place;
        base::Bytes shown;
        std::string why;
    };
    enum class Keys { expected, any };
    [[nodiscard]] std::vector<Sight> look(const DeployProbe& probe, Keys keys) const;
    /// What was shown before may have had a key of another kind.
    [[nodiscard]] std::vector<Sight> look_at_former(const DeployProbe& probe) const;
    [[nodiscard]] const DeployCertificate& expected(const DeployProbe& probe) const;

    std::vector<DeployProbe> probes_;
    const DeployMaterial& material_;
    /// Of each probe.
    std::vector<std::vector<Sight>> former_;
};

}  // namespace cairn::client
