#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/task.h"
#include "ca/facts/account.h"
#include "ca/facts/request_context.h"
#include "ca/ports/observer.h"
#include "ca/ports/repository.h"
#include "ca/rules/terms.h"
#include "ca/work/rate_limits.h"
#include "crypto/random.h"
#include "crypto/weak_keys.h"
#include "protocol/account.h"
#include "protocol/jwk.h"

namespace cairn::ca {

/// Accounts: making, changing and ending them (RFC 8555 section 7.3). What a client did wrong is
/// thrown as a protocol::Problem.
class Registration {
  public:
    struct Options {
        /// What a new account must agree to.
        Terms terms{};
        /// Keys of the CA itself, which nobody else can have.
        std::vector<crypto::PublicKey> own_keys{};
        /// Keys that anybody can know; null: there is no list of them.
        std::shared_ptr<const crypto::WeakKeys> weak_keys{};
        /// A new account must be bound to an external one (section 7.3.4).
        bool external_account_required = false;
    };
    Registration(Repository& repository, crypto::Random& random, Options options,
                 RateLimits& limits, base::Log& log, Observer& observer);

    /// Finds the account with this key, or makes one unless only an existing one was asked for.
    /// `url` is the one that the request was sent to, which its external account binding repeats.
    [[nodiscard]] base::Task<AccountStore::Creation> register_account(
        protocol::NewAccountRequest request, protocol::Jwk key, std::string url,
        RequestContext context);
    /// New contacts, agreement to the terms, or the end of the account; the account afterwards.
    [[nodiscard]] base::Task<Account> update(Account account, protocol::AccountUpdate update,
                                             RequestContext context);
    /// Gives the account another key (section 7.3.5). 409, with the other account's id in
    /// `KeyTaken`, if it is on an account already.
    [[nodiscard]] base::Task<void> change_key(Account account, protocol::Jwk new_key,
                                              RequestContext context);

    [[nodiscard]] const Terms& terms() const { return options_.terms; }

    /// Thrown by `change_key` when the new key is on another account.
    struct KeyTaken {
        AccountId holder;
    };

  private:
    /// Makes the account, if the limits let it.
    base::Task<AccountStore::Creation> create(Account account, RequestContext context);
    /// Judges what can be seen of the key itself.
    void require_usable_key(const protocol::Jwk& key) const;
    /// The binding that the request offers, which its MAC proves and its key allows; nothing if it
    /// offers none and none is required. One text for an unknown kid and for a wrong MAC, after the
    /// same work: nobody learns so which kids there are.
    base::Task<std::optional<Account::Binding>> require_binding(std::string object,
                                                                protocol::Jwk key, std::string url,
                                                                RequestContext context);
    /// What of `update` changes the account.
    [[nodiscard]] AccountChange change_by(const Account& account, protocol::AccountUpdate update,
                                          base::Time now) const;
    void record(Observer::AccountChange change, AccountId account, const RequestContext& context);

    Repository& repository_;
    crypto::Random& random_;
    Options options_;
    RateLimits& limits_;
    base::Log& log_;
    Observer& observer_;
};

}  // namespace cairn::ca
