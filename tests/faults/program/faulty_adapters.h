#pragma once

#include <filesystem>

#include "apps/ca/adapters.h"
#include "tests/faults/program/fault_point.h"

namespace cairn::faults {

/// The product's adapters, each behind one that passes every call on and tells `point` of it.
class FaultyAdapters final : public apps::Adapters {
  public:
    /// While the file `signer_away` exists, signers cannot be reached.
    FaultyAdapters(FaultPoint& point, std::filesystem::path signer_away)
        : point_(point), signer_away_(std::move(signer_away)) {}

    [[nodiscard]] apps::OpenedStore open_store(const apps::Configuration& configuration,
                                               const std::filesystem::path& folder,
                                               apps::StoreContext context) const override;
    [[nodiscard]] std::unique_ptr<ca::Validator> make_validator(
        const apps::Configuration& configuration,
        const std::function<base::Executor()>& next_executor) const override;
    [[nodiscard]] std::unique_ptr<ca::Signer> make_signer(
        crypto::PrivateKey key, const base::Executor& slow_signing) const override;

  private:
    FaultPoint& point_;
    std::filesystem::path signer_away_;
};

}  // namespace cairn::faults
