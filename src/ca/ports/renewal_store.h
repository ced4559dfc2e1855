#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "base/task.h"
#include "ca/facts/order.h"
#include "ca/facts/pull_forward.h"
#include "pki/serial_number.h"

namespace cairn::ca {

/// What the CA says of renewals (RFC 9773). As of OperatorStore: what has been written is in force
/// for whatever any node reads from then on.
class RenewalStore {
  public:
    virtual ~RenewalStore() = default;

    /// So many rules are kept at most: all of them are asked for each certificate.
    static constexpr std::size_t most_pull_forwards = 100;

    /// Adds a rule. False if there are as many as there may be.
    [[nodiscard]] virtual base::Task<bool> add_pull_forward(PullForward rule) = 0;
    /// All rules, in the order of their ids, which begin with the second of their creation.
    [[nodiscard]] virtual base::Task<std::vector<PullForward>> pull_forwards() = 0;
    struct Count {
        std::size_t meant = 0;
        /// Where the next step goes on; none: all were looked at.
        std::optional<pki::SerialNumber> next{};
    };
    /// One step of counting the certificates that `rule` is about and that have not ended at `now`:
    /// looks at the `limit` next ones behind `after`, in the order of their serial numbers.
    [[nodiscard]] virtual base::Task<Count> count_pulled_forward(
        PullForward rule, base::Time now, std::optional<pki::SerialNumber> after,
        std::size_t limit) = 0;
    /// Removes a rule; false if it is not there.
    [[nodiscard]] virtual base::Task<bool> remove_pull_forward(PullForwardId id) = 0;

    /// Which order replaces the certificate with this serial number, or did so until it became
    /// invalid. It is written by OrderStore::create_order, and forgotten with the certificate.
    [[nodiscard]] virtual base::Task<std::optional<Replacement>> find_replacement(
        pki::SerialNumber serial) = 0;
};

}  // namespace cairn::ca
