#pragma once

#include "ca/ports/repository.h"
#include "ca/ports/request_checks.h"
#include "ca/work/local_nonces.h"

namespace cairn::ca {

/// RequestChecks of a CA with one node: nonces are in its memory, accounts in its store.
class LocalRequestChecks final : public RequestChecks {
  public:
    LocalRequestChecks(LocalNonces& nonces, AccountStore& accounts)
        : nonces_(nonces), accounts_(accounts) {}

    [[nodiscard]] Pending begin(std::string_view nonce, std::optional<AccountId> account,
                                const base::Executor&) override {
        if (!nonces_.take(nonce)) return Pending::refused();
        return Pending(find(account));
    }

  private:
    base::Task<RequestCheck> find(std::optional<AccountId> account) {
        RequestCheck check{.nonce_is_good = true, .account = std::nullopt};
        if (account) check.account = co_await accounts_.find_account(*account);
        co_return check;
    }

    LocalNonces& nonces_;
    AccountStore& accounts_;
};

}  // namespace cairn::ca
