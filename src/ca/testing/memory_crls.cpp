#include <algorithm>

#include "ca/testing/memory_repository.h"

namespace cairn::ca::testing {

namespace {

bool is_unfinished(const Order& order) {
    return order.intent && !order.completed && !order.problem;
}

}  // namespace

base::Task<std::vector<CrlList>> MemoryRepository::add_crl_lists(IssuerId issuer,
                                                                 std::vector<std::string> urls) {
    return run(StoreCall::add_crl_lists, [this, issuer, urls = std::move(urls)]() mutable {
        urls.insert(urls.begin(), "");
        std::vector<CrlList> lists;
        for (const auto& url : urls) {
            const auto known = std::ranges::find_if(facts_->crls, [&](const auto& entry) {
                return entry.second.list.issuer == issuer && entry.second.list.url == url;
            });
            if (known != facts_->crls.end()) {
                lists.push_back(known->second.list);
                continue;
            }
            const auto id = static_cast<CrlId>(facts_->crls.size()) + 1;
            lists.push_back({.id = id, .issuer = issuer, .url = url});
            facts_->crls.emplace(id, MemoryFacts::KeptCrl{.list = lists.back()});
        }
        return lists;
    });
}

base::Task<std::vector<CrlState>> MemoryRepository::crl_states() {
    return run(StoreCall::crl_states, [this] {
        std::vector<CrlState> states;
        for (const auto& [id, kept] : facts_->crls) {
            CrlState state{.list = kept.list, .present = std::nullopt, .wishes = kept.wishes};
            if (kept.present) state.present = kept.present->head;
            states.push_back(std::move(state));
        }
        return states;
    });
}

// A compromised key's certificates have revocations once `unfold_compromised_keys` has made them.
base::Task<std::vector<UnlistedRevocation>> MemoryRepository::unlisted_revocations(
    IssuerId issuer, std::optional<pki::SerialNumber> after, std::size_t limit) {
    return run(StoreCall::unlisted_revocations, [this, issuer, after = std::move(after), limit] {
        std::vector<UnlistedRevocation> found;
        for (const auto& [serial, certificate] : facts_->certificates) {
            if (certificate.issuer != issuer || !certificate.revocation || found.size() == limit ||
                (after && serial <= *after))
                continue;
            const auto told = facts_->listed.find(serial);
            const auto reason = certificate.revocation->reason;
            if (told == facts_->listed.end() || told->second != reason)
                found.push_back({serial, certificate.shard, reason});
        }
        return found;
    });
}

base::Task<void> MemoryRepository::mark_listed(std::vector<UnlistedRevocation> revocations) {
    return run(StoreCall::mark_listed, [this, revocations = std::move(revocations)] {
        for (const auto& each : revocations)
            facts_->listed.insert_or_assign(each.serial, each.reason);
    });
}

base::Task<CrlStore::KeysStep> MemoryRepository::unfold_compromised_keys(
    std::optional<crypto::Sha256Digest> after, std::size_t most_keys, std::size_t most) {
    return run(StoreCall::unfold_compromised_keys, [this, after, most_keys, most] {
        KeysStep step;
        std::size_t keys = 0, made = 0;
        for (const auto& [key, at] : facts_->compromised_keys) {
            if ((after && key <= *after) || facts_->unfolded_keys.contains(key)) continue;
            if (keys++ == most_keys || made >= most) return step;
            const bool is_final = std::ranges::none_of(facts_->orders, [&](const auto& entry) {
                return entry.second.key == key && is_unfinished(entry.second.order);
            });
            for (auto& [serial, certificate] : facts_->certificates) {
                if (certificate.key != key || certificate.not_after < at) continue;
                const auto since = certificate.revocation ? certificate.revocation->at : at;
                certificate.revocation = {since, protocol::RevocationReason::key_compromise};
                ++made;
            }
            if (is_final) facts_->unfolded_keys.insert(key);
            step.next = key;
        }
        step.next.reset();
        return step;
    });
}

base::Task<std::vector<ListedRevocation>> MemoryRepository::revocations_of(
    CrlList list, base::Time ended_after, std::optional<pki::SerialNumber> after,
    std::size_t limit) {
    return run(StoreCall::revocations_of, [this, list = std::move(list), ended_after,
                                           after = std::move(after), limit] {
        std::vector<ListedRevocation> found;
        for (const auto& [serial, certificate] : facts_->certificates) {
            const bool is_of_list = list.is_complete() ? certificate.issuer == list.issuer
                                                       : certificate.shard == list.id;
            if (is_of_list && certificate.revocation && found.size() < limit &&
                certificate.not_after >= ended_after && (!after || serial > *after))
                found.push_back({serial, *certificate.revocation});
        }
        return found;
    });
}

base::Task<bool> MemoryRepository::save_crl(SignedCrl crl) {
    return run(StoreCall::save_crl, [this, crl = std::move(crl)] {
        auto& present = facts_->crls.at(crl.head.list).present;
        if (present && present->head.number >= crl.head.number) return false;
        present = crl;
        return true;
    });
}

base::Task<std::optional<SignedCrl>> MemoryRepository::find_crl(CrlId list) {
    return run(StoreCall::find_crl, [this, list]() -> std::optional<SignedCrl> {
        const auto kept = facts_->crls.find(list);
        return kept == facts_->crls.end() ? std::nullopt : kept->second.present;
    });
}

base::Task<std::size_t> MemoryRepository::wish_for_crls(std::optional<IssuerId> issuer) {
    return run(StoreCall::wish_for_crls, [this, issuer] {
        std::size_t count = 0;
        for (auto& [id, kept] : facts_->crls) {
            if (issuer && kept.list.issuer != *issuer) continue;
            ++kept.wishes;
            ++count;
        }
        return count;
    });
}

}  // namespace cairn::ca::testing
