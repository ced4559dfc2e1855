#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "base/task.h"

namespace cairn::ca {

/// Anti-replay nonces (RFC 8555 section 6.5). Thread-safe.
class Nonces {
  public:
    virtual ~Nonces() = default;

    /// The redemption of a nonce: known, or under way meanwhile.
    class Redemption {
      public:
        explicit Redemption(bool is_good) : known_(is_good) {}
        explicit Redemption(base::Task<bool> rest) : rest_(std::move(rest)) {}

        /// True if the nonce was good, and this redemption is the first. Asked once. Throws
        /// StoreUnavailable if that cannot be found out; then the nonce is used up all the same.
        [[nodiscard]] base::Task<bool> outcome() && {
            if (known_) co_return *known_;
            co_return co_await std::move(rest_);
        }

      private:
        std::optional<bool> known_;
        base::Task<bool> rest_;
    };

    /// A nonce in base64url, never the same twice.
    [[nodiscard]] virtual std::string issue() = 0;
    /// Begins to redeem a nonce for a task on `executor`, which may do other things before it asks
    /// for the outcome.
    [[nodiscard]] virtual Redemption redeem(std::string_view nonce,
                                            const base::Executor& executor) = 0;
};

}  // namespace cairn::ca
