#pragma once
// Private to the tests of ca, store, api and admin: what befalls the calls of a MemoryRepository.

#include <exception>
#include <map>
#include <mutex>
#include <utility>

#include "ca/testing/gate.h"

namespace cairn::ca::testing {

/// The calls of Repository, by their names.
enum class StoreCall {
    create_account,
    find_account,
    find_account_by_key,
    list_accounts,
    update_account,
    find_external_key,
    deactivate_account,
    set_account_scope,
    replace_account_key,
    create_order,
    create_authorization,
    find_order,
    find_order_and_proofs,
    find_authorization,
    find_authorizations,
    find_valid_authorizations,
    orders_of,
    begin_validation,
    note_failed_try,
    finish_validation,
    deactivate_authorization,
    begin_issuance,
    pin_issuance,
    complete_issuance,
    fail_issuance,
    claim_unfinished_validations,
    claim_unfinished_issuances,
    add_certificate,
    find_certificate,
    find_download,
    revoke_certificate,
    block_key,
    record_key_compromise,
    is_key_blocked,
    save_issuer,
    find_issuer,
    add_pull_forward,
    pull_forwards,
    count_pulled_forward,
    remove_pull_forward,
    find_replacement,
    add_crl_lists,
    crl_states,
    unlisted_revocations,
    mark_listed,
    unfold_compromised_keys,
    revocations_of,
    save_crl,
    find_crl,
    wish_for_crls,
    look_for_certificates,
    look_for_orders,
    save_audit_head,
    find_audit_head,
    list_audit_heads,
    list_audit_chains,
    retire_issuer,
    retired_issuers,
    charge,
    look,
    reset_bucket,
    create_external_key,
    revoke_external_key,
    list_external_keys,
    accounts_bound_to,
    set_limit_override,
    remove_limit_override,
    list_limit_overrides,
    try_lease,
    release,
    probe,
    believed_time,
    keep_believed_time,
    remove_expired,
};

/// Lets a test hold calls of a store, have them fail, and count them. Thread-safe.
class StoreScript {
  public:
    enum class Moment {
        before,  ///< nothing is read or written yet
        after,   ///< it is, but the caller does not know
    };

    /// Where such calls wait while it is closed.
    [[nodiscard]] Gate& gate(StoreCall call, Moment moment = Moment::before) {
        const std::scoped_lock lock(mutex_);
        return gates_[{call, moment}];
    }
    /// The next such call ends with `error`. `after`: what it writes is there all the same.
    template <class Error>
    void fail(StoreCall call, Moment moment, Error error) {
        const std::scoped_lock lock(mutex_);
        errors_[{call, moment}] = std::make_exception_ptr(std::move(error));
    }
    /// How often it was called.
    [[nodiscard]] int count(StoreCall call) const {
        const std::scoped_lock lock(mutex_);
        const auto entry = counts_.find(call);
        return entry == counts_.end() ? 0 : entry->second;
    }
    /// How often anything was called.
    [[nodiscard]] int total() const {
        const std::scoped_lock lock(mutex_);
        int sum = 0;
        for (const auto& [call, count] : counts_) sum += count;
        return sum;
    }

    /// For the repository: a call has come so far.
    [[nodiscard]] base::Task<void> reach(StoreCall call, Moment moment) {
        if (moment == Moment::before) count_one(call);
        auto& gate = this->gate(call, moment);
        co_await gate.pass();
        if (const auto error = take_error({call, moment})) std::rethrow_exception(error);
    }

  private:
    using Place = std::pair<StoreCall, Moment>;

    void count_one(StoreCall call) {
        const std::scoped_lock lock(mutex_);
        ++counts_[call];
    }
    std::exception_ptr take_error(const Place& place) {
        const std::scoped_lock lock(mutex_);
        const auto entry = errors_.find(place);
        if (entry == errors_.end()) return nullptr;
        auto error = std::move(entry->second);
        errors_.erase(entry);
        return error;
    }

    mutable std::mutex mutex_;
    std::map<Place, Gate> gates_;
    std::map<Place, std::exception_ptr> errors_;
    std::map<StoreCall, int> counts_;
};

}  // namespace cairn::ca::testing
