#pragma once

#include <optional>
#include <string_view>
#include <utility>

#include "base/task.h"
#include "ca/facts/account.h"
#include "ca/facts/id.h"

namespace cairn::ca {

/// What the store says about a signed request, before its content is used.
struct RequestCheck {
    /// The nonce was good, and this is its first use (RFC 8555 section 6.5).
    bool nonce_is_good = false;
    /// The account that the request names, as it is now; not looked for if the nonce is refused.
    std::optional<Account> account;
};

/// Asks for the nonce and the account of a request at once, since a store elsewhere can answer both
/// at once. Thread-safe.
class RequestChecks {
  public:
    virtual ~RequestChecks() = default;

    /// A check that has been refused at once, or is under way.
    class Pending {
      public:
        [[nodiscard]] static Pending refused() { return Pending(); }
        explicit Pending(base::Task<RequestCheck> rest) : rest_(std::move(rest)) {}

        /// True if the nonce was refused at once.
        [[nodiscard]] bool is_refused() const { return !rest_; }
        /// Call it once. Throws StoreUnavailable if the store cannot answer; the nonce is used
        /// nevertheless.
        [[nodiscard]] base::Task<RequestCheck> outcome() && {
            if (!rest_) co_return RequestCheck{};
            co_return co_await *std::move(rest_);
        }

      private:
        Pending() = default;
        std::optional<base::Task<RequestCheck>> rest_;
    };

    /// Begins to redeem the nonce and to look for the account, for a task on `executor`, which may
    /// do other things before it asks for the outcome.
    [[nodiscard]] virtual Pending begin(std::string_view nonce, std::optional<AccountId> account,
                                        const base::Executor& executor) = 0;
};

}  // namespace cairn::ca
