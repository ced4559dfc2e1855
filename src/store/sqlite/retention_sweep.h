#pragma once
// Private to the .cpp files of store.

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "ca/ports/repository.h"
#include "store/sqlite/connection.h"

namespace cairn::store {

/// Goes round a database in small steps and removes what ca::Repository::remove_expired says.
///
/// Ids rise with time, so the old objects come first without another index, and objects with a time
/// in the future come last; certificates have an index. An object that must stay is skipped until
/// the next round.
class RetentionSweep {
  public:
    struct Step {
        ca::Removal removal;
        std::vector<ca::OrderId> orders;                  ///< those that are gone
        std::vector<ca::AuthorizationId> authorizations;  ///< those that are gone
        std::vector<pki::SerialNumber> certificates;      ///< those that are gone
    };
    /// Looks at `at_most` rows. Called within a transaction; that may be rolled back, then the rows
    /// are looked at again in the next round.
    [[nodiscard]] Step step(Connection& connection, const ca::RetentionCutoffs& cutoffs,
                            std::size_t at_most);

  private:
    enum class Stage { orders, authorizations, certificates };

    // Each looks at `at_most` rows, and moves on to the next stage once there are no more.
    // Returns how many it has looked at.
    std::size_t sweep_orders(Connection& connection, base::Time cutoff, std::size_t at_most,
                             Step& step);
    std::size_t sweep_authorizations(Connection& connection, base::Time cutoff, std::size_t at_most,
                                     Step& step);
    std::size_t sweep_certificates(Connection& connection, const ca::RetentionCutoffs& cutoffs,
                                   std::size_t at_most, Step& step);
    void begin(Stage stage);

    Stage stage_ = Stage::orders;
    /// The last id of the stage's table that was looked at.
    base::Bytes position_;
};

/// Gives at most `at_most` free pages back to the file system, if there are more than new rows will
/// soon use. May be part of a transaction.
void give_back_space(Connection& connection, std::int64_t at_most);

}  // namespace cairn::store
