#pragma once

#include "ca/admissions.h"
#include "ca/local_nonces.h"
#include "ca/repository.h"

namespace cairn::ca {

/// Admissions to a CA with one node: nonces are in its memory, accounts in its store.
class LocalAdmissions final : public Admissions {
  public:
    LocalAdmissions(LocalNonces& nonces, AccountStore& accounts)
        : nonces_(nonces), accounts_(accounts) {}

    [[nodiscard]] Pending begin(std::string_view nonce, std::optional<AccountId> account,
                                const base::Executor&) override {
        if (!nonces_.take(nonce)) return Pending::refused();
        return Pending(find(account));
    }

  private:
    base::Task<Admission> find(std::optional<AccountId> account) {
        Admission admission{.nonce_is_good = true, .account = std::nullopt};
        if (account) admission.account = co_await accounts_.find_account(*account);
        co_return admission;
    }

    LocalNonces& nonces_;
    AccountStore& accounts_;
};

}  // namespace cairn::ca
