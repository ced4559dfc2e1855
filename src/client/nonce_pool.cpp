#include "client/nonce_pool.h"

#include <utility>

#include "base/base64url.h"

namespace cairn::client {

bool NoncePool::is_nonce(std::string_view text) {
    return !text.empty() && text.size() <= max_length && base::is_base64url(text);
}

void NoncePool::add(std::string_view nonce) {
    if (!is_nonce(nonce)) return;
    const std::scoped_lock lock(mutex_);
    if (nonces_.size() == max_kept) nonces_.erase(nonces_.begin());
    nonces_.emplace_back(nonce);
}

std::optional<std::string> NoncePool::take() {
    const std::scoped_lock lock(mutex_);
    if (nonces_.empty()) return std::nullopt;
    auto nonce = std::move(nonces_.back());
    nonces_.pop_back();
    return nonce;
}

}  // namespace cairn::client
