#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/task.h"
#include "ca/facts/account.h"
#include "ca/facts/request_context.h"
#include "ca/ports/observer.h"
#include "ca/ports/repository.h"
#include "crypto/random.h"
#include "protocol/account.h"
#include "protocol/jwk.h"

namespace cairn::ca {

/// Accounts: making, changing and ending them (RFC 8555 section 7.3). What a client did wrong is
/// thrown as a protocol::Problem.
class Registration {
  public:
    struct Options {
        /// URL of the terms that a new account must agree to, or empty.
        std::string terms_of_service;
        /// Keys of the CA itself, which nobody else can have.
        std::vector<crypto::PublicKey> own_keys;
    };
    Registration(Repository& repository, crypto::Random& random, Options options, base::Log& log,
                 Observer& observer);

    /// Finds the account with this key, or makes one unless only an existing one was asked for.
    [[nodiscard]] base::Task<AccountStore::Creation> register_account(
        protocol::NewAccountRequest request, protocol::Jwk key, RequestContext context);
    /// New contacts, or the end of the account; the account afterwards.
    [[nodiscard]] base::Task<Account> update(Account account, protocol::AccountUpdate update,
                                             RequestContext context);
    /// Gives the account another key (section 7.3.5). 409, with the other account's id in
    /// `KeyTaken`, if it is on an account already.
    [[nodiscard]] base::Task<void> change_key(Account account, protocol::Jwk new_key,
                                              RequestContext context);

    /// Thrown by `change_key` when the new key is on another account.
    struct KeyTaken {
        AccountId holder;
    };

  private:
    /// Judges what can be seen of the key itself.
    void require_usable_key(const protocol::Jwk& key) const;
    void record(Observer::AccountChange change, AccountId account, const RequestContext& context);

    Repository& repository_;
    crypto::Random& random_;
    Options options_;
    base::Log& log_;
    Observer& observer_;
};

}  // namespace cairn::ca
