#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/task.h"
#include "ca/facts/account.h"
#include "ca/facts/certificate.h"
#include "ca/facts/charge.h"
#include "ca/facts/external_key.h"
#include "ca/facts/id.h"
#include "crypto/digest.h"

namespace cairn::ca {

/// Writes by which somebody intervenes in a running CA: the operator, or, as far as RFC 8555 lets
/// them, who holds an account or a key. When one has returned, it is durable and in force:
/// - whatever this node reads from then on shows it;
/// - so does whatever any other node reads for a request that it gets from then on: a node asks the
///   database whether what it remembers is still so, for each request, and waits for no message;
/// - a job whose request came before may go by what that request had read, for the two seconds that
///   JobsInFlight lets it. What it writes is refused all the same where its condition says so
///   (OrderStore::begin_issuance).
class OperatorStore {
  public:
    virtual ~OperatorStore() = default;

    /// Ends an account: none of its requests is served any more. The account afterwards, none if
    /// there is no such account; deactivating twice keeps the first time.
    [[nodiscard]] virtual base::Task<std::optional<Account>> deactivate_account(AccountId id,
                                                                                base::Time now) = 0;
    /// Replaces what one account may have in its certificates. The account afterwards, none if
    /// there is no such account.
    [[nodiscard]] virtual base::Task<std::optional<Account>> set_account_scope(
        AccountId id, AccountScope scope) = 0;
    /// Blocks a key (SHA-256 of its SPKI): no account gets it and no certificate is issued with it
    /// from now on. Certificates that have it stay as they are. False if it was blocked already.
    [[nodiscard]] virtual base::Task<bool> block_key(crypto::Sha256Digest key) = 0;
    /// Records that others have the key (SHA-256 of its SPKI): it is blocked, and every certificate
    /// with it that has not ended at `now`, one that is being issued included, is revoked for
    /// keyCompromise; those that were already keep their time. False if that is recorded already.
    /// It takes as long for one certificate as for a million: the record itself revokes them.
    [[nodiscard]] virtual base::Task<bool> record_key_compromise(crypto::Sha256Digest key,
                                                                 base::Time now) = 0;
    /// Fills a token bucket: it is as if nobody had ever taken from it. False if nobody has, as far
    /// as the store remembers.
    [[nodiscard]] virtual base::Task<bool> reset_bucket(std::string bucket) = 0;

    /// Adds an external key. False if another has its kid; then nothing is changed.
    [[nodiscard]] virtual base::Task<bool> create_external_key(ExternalKey key) = 0;
    /// Ends an external key: no account is bound to it from now on, no certificate is issued on its
    /// word, and the authorizations that it vouches for and that have not expired are deactivated.
    /// Accounts that are bound stay so. The key afterwards, none if there is no such key; revoking
    /// twice keeps the first time.
    [[nodiscard]] virtual base::Task<std::optional<ExternalKey>> revoke_external_key(
        std::string kid, base::Time now) = 0;
    /// The external keys behind the one called `after`, in the order in which they were made; at
    /// most `limit`. None behind one that does not exist.
    [[nodiscard]] virtual base::Task<std::vector<ExternalKey>> list_external_keys(
        std::optional<std::string> after, std::size_t limit) = 0;
    /// Accounts that are bound to the external key, in the order of their ids; at most `limit`.
    [[nodiscard]] virtual base::Task<std::vector<Account>> accounts_bound_to(
        std::string kid, std::optional<AccountId> after, std::size_t limit) = 0;
    /// Sets a rate for all charges that name its key, in the place of their own and of a former
    /// one. What was taken before stays taken.
    [[nodiscard]] virtual base::Task<void> set_limit_override(LimitOverride wanted) = 0;
    /// Says that an issuer that the store knows issues nothing any more, since `now`, or, with
    /// none, that it does again. False if the store knows no such issuer; retiring twice keeps the
    /// first time. Nodes look for it every few seconds (`retired_issuers`).
    [[nodiscard]] virtual base::Task<bool> retire_issuer(IssuerId issuer,
                                                         std::optional<base::Time> now) = 0;
    struct RetiredIssuer {
        IssuerId issuer;
        base::Time since;
        friend bool operator==(const RetiredIssuer&, const RetiredIssuer&) = default;
    };
    /// Those that issue nothing any more, in the order of their ids.
    [[nodiscard]] virtual base::Task<std::vector<RetiredIssuer>> retired_issuers() = 0;

    /// False if there is none under this key.
    [[nodiscard]] virtual base::Task<bool> remove_limit_override(std::string key) = 0;
    /// The overrides whose keys are behind `after`, in the order of their keys; at most `limit`.
    [[nodiscard]] virtual base::Task<std::vector<LimitOverride>> list_limit_overrides(
        std::string after, std::size_t limit) = 0;
};

}  // namespace cairn::ca
