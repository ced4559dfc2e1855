#pragma once
// Private to the .cpp files of store.

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "ca/ports/repository.h"
#include "ca/ports/request_checks.h"
#include "store/object_cache.h"
#include "store/postgres/nonces.h"
#include "store/postgres/pool.h"

namespace cairn::store {

/// An account as it was when the database had this version of it.
struct KnownAccount {
    ca::AccountId id;
    ca::Account account;
    std::int64_t version;
};

/// Redeems nonces, and checks whether the accounts in memory are up to date: one statement for all
/// requests of an event loop that arrived while the former statement was in flight.
class PostgresRequestChecks final : public ca::RequestChecks {
  public:
    /// Accounts that are not in memory are looked for in `accounts`.
    PostgresRequestChecks(PostgresPool& pool, SharedNonces& nonces, ca::AccountStore& accounts,
                          ObjectCache<KnownAccount>& known_accounts, base::Log& log);
    ~PostgresRequestChecks() override;

    void start(const std::vector<base::Executor>& executors);
    void stop();

    [[nodiscard]] Pending begin(std::string_view nonce, std::optional<ca::AccountId> account,
                                const base::Executor& executor) override;

  private:
    struct Claim;
    struct Batch;
    using Claims = std::vector<std::shared_ptr<Claim>>;

    base::Task<ca::RequestCheck> outcome_of(std::shared_ptr<Claim> claim,
                                            std::optional<ca::AccountId> id,
                                            std::optional<KnownAccount> known);
    base::Task<void> send(Batch& batch);
    base::Task<void> decide(const Claims& claims);

    PostgresPool& pool_;
    SharedNonces& nonces_;
    ca::AccountStore& accounts_;
    ObjectCache<KnownAccount>& known_accounts_;
    /// One for each event loop.
    std::vector<std::unique_ptr<Batch>> batches_;
    base::TaskGroup tasks_;
};

}  // namespace cairn::store
