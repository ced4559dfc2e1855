#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "admin/perspective_register.h"
#include "apps/ca/configuration.h"
#include "apps/ca/perspective_roster.h"

namespace cairn::apps {

/// The remote perspectives of the CA in a folder: those of its ca.toml, which it writes, and of a
/// roster, which it tells of each change.
class FolderPerspectives final : public admin::PerspectiveRegister {
  public:
    /// `overrides`: as for `serve`. The roster and the clock outlive it.
    FolderPerspectives(std::filesystem::path folder, std::vector<std::string> overrides,
                       const base::Clock& clock, PerspectiveRoster& roster)
        : folder_(std::move(folder)),
          overrides_(std::move(overrides)),
          clock_(clock),
          roster_(roster) {}

    [[nodiscard]] base::Task<std::vector<admin::PerspectiveFacts>> list() override;
    [[nodiscard]] base::Task<admin::PerspectiveFacts> add(std::string name, std::string region,
                                                          std::string url,
                                                          std::string code) override;
    [[nodiscard]] base::Task<admin::PerspectiveFacts> renew(std::string name) override;
    [[nodiscard]] base::Task<void> remove(std::string name) override;

  private:
    [[nodiscard]] Configuration load() const;
    using Facts = std::vector<admin::PerspectiveFacts>;
    /// One perspective, and whether it answers; it never throws.
    [[nodiscard]] base::Task<Facts> look_at(const Configuration& configuration,
                                            const Configuration::Perspective& perspective);
    /// The perspectives of a service, as well.
    [[nodiscard]] base::Task<Facts> look_at(const Configuration& configuration,
                                            const Configuration::OpenMpicService& service);
    /// Writes ca.toml if it can be read again, and puts it in force.
    void write(const std::string& toml);

    const std::filesystem::path folder_;
    const std::vector<std::string> overrides_;
    const base::Clock& clock_;
    PerspectiveRoster& roster_;
};

}  // namespace cairn::apps
