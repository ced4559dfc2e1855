#pragma once
// Private to the tests of store.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "store/testing/repository_contract.h"

namespace cairn::store::testing {

/// A store with an account, and authorizations of it in their several states.
class AuthorizationContract : public RepositoryContract {
  protected:
    /// A pending authorization that the store has.
    ca::Authorization stored(const ca::AccountId& owner, const std::string& name) {
        return stored_order(owner, {name}).proofs.at(0);
    }
    /// The same after validation, valid until `expires`.
    ca::Authorization stored_valid(const ca::AccountId& owner, const std::string& name,
                                   base::Time expires = now + 24h, base::Time finished = now) {
        const auto pending = stored(owner, name);
        EXPECT_TRUE(
            await(store().begin_validation(pending.id, {protocol::ChallengeType::http_01, now})));
        EXPECT_TRUE(await(finish(pending.id, finished, std::nullopt, expires)));
        return found(pending.id);
    }
    ca::Authorization found(const ca::AuthorizationId& id) {
        return await(store().find_authorization(id)).value();
    }

    std::vector<ca::AuthorizationId> unfinished(std::size_t limit) {
        std::vector<ca::AuthorizationId> ids;
        for (const auto& job : await(store().claim_unfinished_validations(limit)))
            ids.push_back(job.id);
        return ids;
    }

    /// Ends an attempt that started at `now`.
    base::Task<bool> finish(ca::AuthorizationId id, base::Time finished,
                            std::optional<protocol::Problem> problem, base::Time expires,
                            protocol::ChallengeType method = protocol::ChallengeType::http_01) {
        ca::ValidationAttempt attempt{method, now, finished, std::move(problem)};
        auto finishing = store().finish_validation(id, std::move(attempt), expires);
        const auto end = co_await std::move(finishing);
        co_return end.is_recorded;
    }

    ca::Account account = stored_account();
    protocol::Problem failure{protocol::ProblemType::connection, "no route to 192.0.2.1", 400};
};
}  // namespace cairn::store::testing
