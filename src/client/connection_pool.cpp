#include "client/connection_pool.h"

namespace cairn::client {

ConnectionPool::Lease ConnectionPool::take() {
    std::unique_ptr<http::Client> client;
    {
        const std::scoped_lock lock(mutex_);
        if (!idle_.empty()) {
            client = std::move(idle_.back());
            idle_.pop_back();
        } else {
            // There is room for all, so that giving back cannot fail.
            idle_.reserve(++made_);
        }
    }
    if (!client) client = std::make_unique<http::Client>(options_);
    return {*this, std::move(client)};
}

void ConnectionPool::give_back(std::unique_ptr<http::Client> client) noexcept {
    const std::scoped_lock lock(mutex_);
    idle_.push_back(std::move(client));
}

}  // namespace cairn::client
