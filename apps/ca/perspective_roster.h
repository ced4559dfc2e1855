#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "apps/ca/configuration.h"
#include "apps/ca/open_mpic_validator.h"
#include "apps/ca/perspective_authority.h"
#include "apps/ca/perspective_link.h"
#include "base/clock.h"
#include "base/log.h"
#include "base/task.h"
#include "ca/ports/audit.h"
#include "ca/ports/perspectives.h"
#include "crypto/random.h"

namespace cairn::apps {

/// The remote perspectives that are in force: it outlives reloads, keeps the ways to those that
/// stay, and their certificates fresh. Thread-safe.
class PerspectiveRoster final : public ca::Perspectives {
  public:
    /// All outlive it; `next_executor` gives event loops.
    struct Context {
        std::filesystem::path folder;
        const base::Clock& clock;
        crypto::Random& random;
        base::Log& log;
        std::function<base::Executor()> next_executor;
        /// Told of what the perspectives' authority signs.
        ca::Audit& audit = ca::forgetful_audit();
        /// Questions to one perspective at once.
        std::size_t in_flight = 4096;
    };
    explicit PerspectiveRoster(Context context);
    /// Ends what is under way with perspectives; their loops still run.
    ~PerspectiveRoster() override;

    /// From now on those of `configuration` are asked, and no others; the files of services are
    /// read again. Throws std::runtime_error if these or the authority's files cannot be used; then
    /// the former ones stay.
    void put_in_force(const Configuration& configuration);
    [[nodiscard]] std::shared_ptr<const ca::Panel> panel() const override;
    [[nodiscard]] std::vector<std::shared_ptr<PerspectiveLink>> links() const;
    /// Renews certificates that end soon: the CA's own, and those of perspectives. Called every
    /// minute or so; waits for nothing.
    void keep_up();
    /// A way to a perspective that is none of the CA's yet.
    [[nodiscard]] std::shared_ptr<PerspectiveLink> link_to(
        const Configuration& configuration, const Configuration::Perspective& perspective);
    /// The perspectives of a service, in force or not. Throws as `put_in_force`.
    [[nodiscard]] std::shared_ptr<OpenMpicValidator> validator_for(
        const Configuration& configuration, const Configuration::OpenMpicService& service);

  private:
    struct Member {
        std::shared_ptr<PerspectiveLink> link;
        ca::RemotePerspective remote;
    };
    struct Service {
        std::shared_ptr<OpenMpicValidator> validator;
        ca::RemotePerspective remote;
    };
    [[nodiscard]] const PerspectiveAuthority& authority();
    [[nodiscard]] Service service_for(const Configuration& configuration,
                                      const Configuration::OpenMpicService& service);
    [[nodiscard]] Member member_for(const Configuration& configuration,
                                    const Configuration::Perspective& perspective);
    base::Task<void> look_at(std::shared_ptr<PerspectiveLink> link);

    const Context context_;
    mutable std::mutex mutex_;
    std::unique_ptr<PerspectiveAuthority> authority_;
    std::string ca_url_;
    std::vector<Member> members_;
    std::vector<Service> services_;
    base::Milliseconds timeout_{};
    std::shared_ptr<const ca::Panel> panel_ = std::make_shared<ca::Panel>();
    std::chrono::steady_clock::time_point next_look_, next_identity_;
    base::TaskGroup looks_;
};

}  // namespace cairn::apps
