#pragma once

#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cairn::client {

/// The nonces of one CA that are not used yet (RFC 8555 section 6.5). Thread-safe.
class NoncePool {
  public:
    /// Most nonces that are kept; the oldest goes for the newest.
    static constexpr std::size_t max_kept = 32;
    /// Longest nonce that is kept, in characters.
    static constexpr std::size_t max_length = 512;

    /// Whether this may be the value of a Replay-Nonce field (section 6.5.1).
    [[nodiscard]] static bool is_nonce(std::string_view text);
    /// Keeps the value of a Replay-Nonce field. An invalid one is ignored (section 6.5.1).
    void add(std::string_view nonce);
    /// The newest nonce, which has longest to live; nothing if there is none. Nobody gets it again.
    [[nodiscard]] std::optional<std::string> take();

  private:
    std::mutex mutex_;
    /// The newest last.
    std::vector<std::string> nonces_;
};

}  // namespace cairn::client
