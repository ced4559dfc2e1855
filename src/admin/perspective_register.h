#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/task.h"

namespace cairn::admin {

/// A remote perspective as an operator sees it.
struct PerspectiveFacts {
    std::string name, url, region;
    /// What it said when it was asked now; none: `failure` says why not.
    std::optional<std::string> program{};
    std::optional<base::Time> certificate_ends{};
    std::string failure{};
};

/// The port to the remote perspectives of a CA, as its configuration names them and they answer.
/// Everything throws Refused, saying what an operator can do.
class PerspectiveRegister {
  public:
    virtual ~PerspectiveRegister() = default;

    /// Each is asked now.
    [[nodiscard]] virtual base::Task<std::vector<PerspectiveFacts>> list() = 0;
    /// Gives it a certificate by the code that it printed, writes it into the configuration, and
    /// has it asked from now on. Empty `code`: it has a certificate of this CA already.
    [[nodiscard]] virtual base::Task<PerspectiveFacts> add(std::string name, std::string region,
                                                           std::string url, std::string code) = 0;
    /// Gives it a new certificate, for a new key.
    [[nodiscard]] virtual base::Task<PerspectiveFacts> renew(std::string name) = 0;
    /// It has no vote any more, also in what is under way, and the configuration forgets it.
    [[nodiscard]] virtual base::Task<void> remove(std::string name) = 0;
};

}  // namespace cairn::admin
