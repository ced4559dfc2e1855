#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "apps/ca/adapters.h"
#include "tests/faults/program/fault_point.h"

namespace cairn::faults {

/// What is odd about the signers.
struct SignerFaults {
    /// While this file exists, they cannot be reached.
    std::filesystem::path away;
    /// Where they say that they sign.
    ca::Signer::Place place = ca::Signer::Place::in_process;
};

/// The product's adapters, each behind one that passes every call on and tells `point` of it.
class FaultyAdapters final : public apps::Adapters {
  public:
    /// `serves_public`: a public CA serves, whatever it lacks.
    FaultyAdapters(FaultPoint& point, SignerFaults signer_faults, bool serves_public = false)
        : point_(point), signer_faults_(std::move(signer_faults)), serves_public_(serves_public) {}

    [[nodiscard]] apps::OpenedStore open_store(const apps::Configuration& configuration,
                                               const std::filesystem::path& folder,
                                               apps::StoreContext context) const override;
    [[nodiscard]] std::unique_ptr<ca::Validator> make_validator(
        const apps::Configuration& configuration,
        const std::function<base::Executor()>& next_executor,
        const base::Clock& clock) const override;
    [[nodiscard]] std::unique_ptr<ca::Signer> make_signer(
        std::unique_ptr<ca::SigningKey> key, const base::Executor& slow_signing) const override;
    /// Nothing where a public CA is to be tested although something is missing.
    [[nodiscard]] std::vector<std::string> missing_for_public(
        const apps::Configuration& configuration, base::Time now) const override;

  private:
    FaultPoint& point_;
    SignerFaults signer_faults_;
    bool serves_public_;
};

}  // namespace cairn::faults
