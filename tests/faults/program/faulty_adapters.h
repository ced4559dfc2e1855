#pragma once

#include "apps/ca/adapters.h"
#include "tests/faults/program/fault_point.h"

namespace cairn::faults {

/// The product's adapters, each behind one that passes every call on and tells `point` of it.
class FaultyAdapters final : public apps::Adapters {
  public:
    explicit FaultyAdapters(FaultPoint& point) : point_(point) {}

    [[nodiscard]] apps::OpenedStore open_store(const apps::Configuration& configuration,
                                               const std::filesystem::path& folder,
                                               apps::StoreSurroundings surroundings) const override;
    [[nodiscard]] std::unique_ptr<ca::Validator> make_validator(
        const apps::Configuration& configuration,
        const std::function<base::Executor()>& next_executor) const override;
    [[nodiscard]] std::unique_ptr<ca::Signer> make_signer(
        crypto::PrivateKey key, const base::Executor& slow_signing) const override;

  private:
    FaultPoint& point_;
};

}  // namespace cairn::faults
