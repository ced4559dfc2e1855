#include "client/session_pool.h"

namespace cairn::client {

SessionPool::SessionPool(SessionOptions common, const base::Clock& clock, Timer& timer,
                         crypto::Random& random)
    : common_(std::move(common)), clock_(clock), timer_(timer), random_(random) {}

Session& SessionPool::with(const std::string& directory_url, const std::string& root_file,
                           const std::string& account) {
    const std::scoped_lock lock(mutex_);
    const auto key = std::tuple(directory_url, root_file, account);
    const auto known = sessions_.find(key);
    if (known != sessions_.end()) return *known->second;
    auto options = common_;
    options.directory_url = directory_url;
    options.root_file = root_file;
    auto session = std::make_unique<Session>(std::move(options), clock_, timer_, random_);
    return *sessions_.emplace(key, std::move(session)).first->second;
}

}  // namespace cairn::client
