#include "store/sqlite/reader_pool.h"

namespace cairn::store {

ReaderPool::Reader ReaderPool::take() {
    {
        const std::lock_guard lock(mutex_);
        if (!idle_.empty()) {
            auto connection = std::move(idle_.back());
            idle_.pop_back();
            return connection;
        }
    }
    auto connection = std::make_unique<Connection>(path_, Connection::Access::read);
    // Every commit of the writer empties a reader's cache, so a large one would not be filled.
    connection->run("PRAGMA cache_size = -512");
    return connection;
}

void ReaderPool::give_back(Reader connection) {
    const std::lock_guard lock(mutex_);
    idle_.push_back(std::move(connection));
}

}  // namespace cairn::store
