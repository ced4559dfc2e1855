#pragma once
// Private to the tests of api and to fuzz/: what must hold in a store whatever clients have asked.

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "api/links.h"
#include "ca/testing/memory_repository.h"
#include "pki/certificate.h"

namespace cairn::api::testing {

/// Looks through the facts of a store; remembers what it saw, since some of it must never change.
/// What does not hold is a sentence.
class FactCheck {
  public:
    /// For how long what an order, a certificate or a failure takes from its limit stays taken:
    /// longer than any sequence.
    static constexpr base::Seconds taken_for = std::chrono::days(400);

    /// The first thing that does not hold at `now`. Nothing may be under way.
    [[nodiscard]] std::optional<std::string> broken(ca::testing::MemoryFacts& facts,
                                                    base::Time now) {
        const std::scoped_lock lock(facts.mutex);
        std::map<ca::OrderId, int> count;
        for (const auto& [serial, certificate] : facts.certificates) {
            if (auto wrong = broken(facts, certificate)) return wrong;
            if (++count[certificate.order.value()] > 1) return "an order has two certificates";
        }
        for (const auto& [id, kept] : facts.orders)
            if (kept.order.completed && count[id] != 1) return "an order lacks its certificate";
        if (auto wrong = broken_keys(facts)) return wrong;
        return broken_limits(facts, now);
    }
    /// Remembers which orders cannot be issued any more, whatever waits for them.
    void note_lost_orders(ca::testing::MemoryFacts& facts) {
        const std::scoped_lock lock(facts.mutex);
        const auto is_given_up = [&](const ca::AuthorizationId& id) {
            return facts.authorizations.at(id).deactivated.has_value();
        };
        for (const auto& [id, kept] : facts.orders) {
            const auto& order = kept.order;
            if (!order.intent && (facts.accounts.at(order.account).deactivated ||
                                  std::ranges::any_of(order.authorizations, is_given_up)))
                lost_.insert(id);
        }
    }
    /// Whether nothing is begun that has not ended.
    [[nodiscard]] static bool is_settled(ca::testing::MemoryFacts& facts) {
        const std::scoped_lock lock(facts.mutex);
        return std::ranges::none_of(facts.authorizations,
                                    [](const auto& entry) {
                                        const auto& attempt = entry.second.attempt;
                                        return attempt && !attempt->finished;
                                    }) &&
               std::ranges::none_of(facts.orders, [](const auto& entry) {
                   const auto& order = entry.second.order;
                   return order.intent && !order.completed && !order.problem;
               });
    }

    /// Whether an account has valid authorizations for all these names.
    [[nodiscard]] static bool controls(ca::testing::MemoryFacts& facts, const std::string& account,
                                       const std::vector<std::string>& names, const Links& links,
                                       base::Time now) {
        const std::scoped_lock lock(facts.mutex);
        return std::ranges::all_of(names, [&](const std::string& name) {
            return std::ranges::any_of(facts.authorizations, [&](const auto& entry) {
                const auto& proof = entry.second;
                return links.account(proof.account) == account &&
                       proof.identifier.value() == name &&
                       proof.status(now) == protocol::AuthorizationStatus::valid;
            });
        });
    }

  private:
    using Facts = ca::testing::MemoryFacts;

    std::optional<std::string> broken(const Facts& facts, const ca::IssuedCertificate& issued) {
        const auto [known, is_new] = known_.try_emplace(issued.serial, issued.der);
        if (!is_new && known->second != issued.der) return "a certificate has changed";
        if (!issued.order || !issued.account) return "a certificate is nobody's";
        const auto entry = facts.orders.find(*issued.order);
        if (entry == facts.orders.end()) return "a certificate is of no order";
        const auto& order = entry->second.order;
        if (order.account != *issued.account) return "a certificate is of another's order";
        if (!order.completed || !order.intent || order.intent->serial != issued.serial)
            return "an order does not know its certificate";
        if (lost_.contains(order.id)) return "an order was issued that had lost its ground";
        if (names_of(issued.der) != names_of(order)) return "a certificate has other names";
        if (order.intent->begun >= order.expires) return "an expired order was finalized";
        const auto account = facts.accounts.find(order.account);
        if (account == facts.accounts.end()) return "an order is nobody's";
        const auto& end = account->second.deactivated;
        if (is_new && end && *end < order.intent->begun) return "a dead account got a certificate";
        return broken_proof(facts, order);
    }

    /// Each name was proved by this account when the issuance began.
    static std::optional<std::string> broken_proof(const Facts& facts, const ca::Order& order) {
        if (order.authorizations.size() != order.identifiers.size())
            return "an order lacks authorizations";
        for (std::size_t i = 0; i < order.identifiers.size(); ++i) {
            const auto entry = facts.authorizations.find(order.authorizations[i]);
            if (entry == facts.authorizations.end()) return "an authorization is gone";
            const auto& proof = entry->second;
            if (proof.account != order.account) return "a name was proved by another account";
            if (!(proof.identifier == order.identifiers[i])) return "another name was proved";
            if (!proof.attempt || !proof.attempt->finished || proof.attempt->problem)
                return "a name was never proved";
            if (*proof.attempt->finished > order.intent->begun) return "a name was proved later";
            if (proof.expires <= order.intent->begun) return "a proof had lapsed";
            if (proof.deactivated && *proof.deactivated < order.intent->begun)
                return "a proof had been given up";
        }
        return std::nullopt;
    }

    /// No key is of two accounts, or of an account and of a certificate.
    static std::optional<std::string> broken_keys(const Facts& facts) {
        std::vector<crypto::Sha256Digest> keys;
        for (const auto& [id, account] : facts.accounts)
            keys.push_back(crypto::sha256(account.key.public_key().spki()));
        for (const auto& [serial, certificate] : facts.certificates)
            if (std::ranges::find(keys, certificate.key) != keys.end())
                return "a key is an account's and a certificate's";
        std::ranges::sort(keys);
        if (std::ranges::adjacent_find(keys) != keys.end()) return "two accounts have one key";
        return std::nullopt;
    }

    /// Limits are spent by what there is, and by nothing that was refused or has failed.
    static std::optional<std::string> broken_limits(const Facts& facts, base::Time now) {
        for (const auto& [bucket, full_at] : facts.buckets) {
            const auto kind = bucket.substr(0, bucket.find(':'));
            const auto is_of = [&](const ca::AccountId& account) {
                return bucket.find(account.to_string()) != std::string::npos;
            };
            std::int64_t count = 0;
            if (kind == "new_orders_per_account") {
                count = std::ranges::count_if(facts.orders, [&](const auto& entry) {
                    return is_of(entry.second.order.account);
                });
            } else if (kind == "certificates_per_domain") {
                count = std::ssize(facts.certificates);
            } else if (kind == "failed_validations_per_account_and_name") {
                count = std::ranges::count_if(facts.authorizations, [&](const auto& entry) {
                    const auto& attempt = entry.second.attempt;
                    return is_of(entry.second.account) && attempt && attempt->problem;
                });
            } else {
                continue;
            }
            const auto spent = base::Seconds(full_at / 1'000'000'000) - now.time_since_epoch();
            if (spent > count * taken_for) return kind + " is spent by what is not there";
            if (kind == "new_orders_per_account" && spent < (count - 1) * taken_for)
                return "an order was not counted";
        }
        return std::nullopt;
    }

    static std::vector<std::string> names_of(const base::Bytes& der) {
        auto names = pki::Certificate::from_der(der).value().names().dns_names;
        std::ranges::sort(names);
        return names;
    }
    static std::vector<std::string> names_of(const ca::Order& order) {
        std::vector<std::string> names;
        for (const auto& identifier : order.identifiers) names.push_back(identifier.value());
        std::ranges::sort(names);
        return names;
    }

    std::map<pki::SerialNumber, base::Bytes> known_;
    std::set<ca::OrderId> lost_;
};

}  // namespace cairn::api::testing
