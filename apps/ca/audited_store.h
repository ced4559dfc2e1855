#pragma once

#include <filesystem>
#include <memory>

#include "apps/ca/adapters.h"

namespace cairn::apps {

/// A store whose writing calls stand in this node's audit log, which is opened with it. `clock`
/// outlives it. Throws what Adapters::open_store and NodeAudit throw, and std::runtime_error where
/// the store is lost (apps/ca/lost_store.h).
[[nodiscard]] OpenedStore open_audited_store(const Adapters& adapters,
                                             const Configuration& configuration,
                                             const std::filesystem::path& folder,
                                             StoreContext context, const base::Clock& clock);

/// The same adapters, with signers whose signatures stand in the audit log.
class AuditedAdapters final : public Adapters {
  public:
    /// Both outlive it.
    AuditedAdapters(const Adapters& adapters, ca::Audit& audit)
        : adapters_(adapters), audit_(audit) {}

    [[nodiscard]] OpenedStore open_store(const Configuration& configuration,
                                         const std::filesystem::path& folder,
                                         StoreContext context) const override {
        return adapters_.open_store(configuration, folder, std::move(context));
    }
    [[nodiscard]] std::unique_ptr<ca::Validator> make_validator(
        const Configuration& configuration, const std::function<base::Executor()>& next_executor,
        const base::Clock& clock) const override {
        return adapters_.make_validator(configuration, next_executor, clock);
    }
    [[nodiscard]] std::unique_ptr<ca::Signer> make_signer(
        std::unique_ptr<ca::SigningKey> key, const base::Executor& slow_signing) const override;

  private:
    const Adapters& adapters_;
    ca::Audit& audit_;
};

}  // namespace cairn::apps
