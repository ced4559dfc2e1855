#pragma once

#include <filesystem>
#include <functional>
#include <future>
#include <optional>
#include <set>
#include <vector>

#include "admin/operation.h"
#include "apps/ca/configuration.h"
#include "base/task.h"
#include "ca/ports/repository.h"

namespace cairn::apps {

/// Which issuers the operator has retired, at whatever node. The store is asked beside the thread
/// that looks. Used by one thread.
class RetirementWatch {
  public:
    /// Asks once, and waits for it; throws what the store throws. The repository outlives this
    /// object.
    RetirementWatch(ca::Repository& repository, std::function<base::Executor()> next_executor);
    /// Waits for the question under way.
    ~RetirementWatch();
    RetirementWatch(const RetirementWatch&) = delete;
    RetirementWatch& operator=(const RetirementWatch&) = delete;

    /// To be called every few seconds: those that are retired now, by the answer to the question of
    /// the last look, if they are not those in force.
    [[nodiscard]] std::optional<std::set<ca::IssuerId>> look();
    [[nodiscard]] const std::set<ca::IssuerId>& in_force() const { return in_force_; }
    /// Says that these are in force; those that were.
    std::set<ca::IssuerId> put_in_force(std::set<ca::IssuerId> retired);

  private:
    [[nodiscard]] std::future<std::set<ca::IssuerId>> ask() const;

    ca::Repository& repository_;
    const std::function<base::Executor()> next_executor_;
    std::set<ca::IssuerId> in_force_;
    std::future<std::set<ca::IssuerId>> question_;
};

/// Makes those of the configuration inactive. Files that cannot be read are left to whoever loads
/// the issuers.
void deactivate(Configuration& configuration, const std::filesystem::path& folder,
                const std::set<ca::IssuerId>& retired);

/// What operations are told of the issuers of a configuration.
[[nodiscard]] std::vector<admin::ConfiguredIssuer> configured_issuers(const ca::Issuers& issuers);

}  // namespace cairn::apps
