#include "store/sqlite/repository.h"

namespace cairn::store {

base::Task<ca::Removal> SqliteRepository::remove_expired(ca::RetentionCutoffs cutoffs,
                                                         std::size_t at_most) {
    RetentionSweep::Step removed;
    auto step = [&](Connection& connection) {
        removed = retention_sweep_.step(connection, cutoffs, at_most);
        give_back_space(connection, static_cast<std::int64_t>(at_most));
        writer_.after_commit([&] {
            for (const auto& id : removed.orders) orders_.remove(id);
            for (const auto& id : removed.authorizations) authorizations_.remove(id);
            for (const auto& serial : removed.certificates) certificates_.remove(serial);
        });
        return removed.removal;
    };
    co_return co_await writer_.run(step);
}

}  // namespace cairn::store
