#include "store/audit/audited_repository.h"

#include "store/audit/audited_call.h"

// What accounts and operators change; audited_orders.cpp has the rest.
namespace cairn::store {

namespace {

constexpr std::string_view not_there = "it is not there";

std::vector<std::string> texts_of(const std::vector<ca::UriPattern>& patterns) {
    std::vector<std::string> texts;
    for (const auto& pattern : patterns) texts.push_back(pattern.text());
    return texts;
}

template <class Things>
std::vector<std::string> strings_of(const Things& things) {
    std::vector<std::string> texts;
    for (const auto& thing : things) texts.push_back(thing.to_string());
    return texts;
}

std::string_view undone_creation(const ca::AccountStore::Creation& creation) {
    if (creation.created) return {};
    if (creation.refusal) return "its key is blocked, or a certificate's";
    if (creation.is_binding_refused) return "its external key cannot be used";
    if (!creation.decision.accepted) return "a limit refused it";
    return "an account has this key already";
}

std::string_view undone_replacement(const ca::AccountStore::KeyReplacement& replacement) {
    using enum ca::AccountStore::KeyReplacement::Outcome;
    switch (replacement.outcome) {
        case replaced:
            return {};
        case taken:
            return "another account has the key";
        case stale:
            return "the former key is not the account's any more";
        case key_is_blocked:
            return "the key is blocked";
        case key_is_certified:
            return "the key is a certificate's";
    }
    return "unknown outcome";
}

std::string text_of(const ca::Rate& rate) {
    return std::to_string(rate.count) + " in " + std::to_string(rate.period.count()) + "s";
}

}  // namespace

ca::AuditEntry AuditedRepository::entry(ca::AuditEvent event) const {
    return entry(event, cause_.request);
}

ca::AuditEntry AuditedRepository::entry(ca::AuditEvent event, const std::string& request) const {
    ca::AuditEntry made(event);
    made.add("request", std::string_view(request));
    if (cause_.client) made.add("client", std::string_view(cause_.client->to_string()));
    made.add("operator", std::string_view(cause_.operator_name));
    return made;
}

base::Task<void> AuditedRepository::probe() {
    co_await store_.probe();
    co_await audit_.probe();
}

base::Task<ca::AccountStore::Creation> AuditedRepository::create_account(ca::Account account,
                                                                         ca::Charges charges) {
    auto told = entry(ca::AuditEvent::account_create);
    told.add("account", account.id).add("thumbprint", account.key.thumbprint());
    told.add("contacts", account.contacts).add("terms", std::string_view(account.terms_url));
    if (account.binding) told.add("kid", std::string_view(account.binding->kid));
    auto call = store_.create_account(std::move(account), std::move(charges));
    return audited(
        audit_, std::move(told), std::move(call),
        [](const Creation& creation, std::uint64_t) { return undone_creation(creation); });
}

base::Task<std::optional<ca::Account>> AuditedRepository::update_account(ca::AccountId id,
                                                                         ca::AccountChange change) {
    auto told = entry(ca::AuditEvent::account_update);
    told.add("account", id);
    if (change.contacts) told.add("contacts", *change.contacts);
    if (change.contacts && change.contacts->empty()) told.add("contacts", "none");
    if (change.terms) told.add("terms", std::string_view(change.terms->url));
    auto call = store_.update_account(id, std::move(change));
    return audited(audit_, std::move(told), std::move(call),
                   [](const std::optional<ca::Account>& account, std::uint64_t) {
                       return account && !account->deactivated ? std::string_view()
                                                               : "the account is deactivated";
                   });
}

base::Task<ca::AccountStore::KeyReplacement> AuditedRepository::replace_account_key(
    ca::AccountId id, crypto::Sha256Digest old_thumbprint, protocol::Jwk new_key) {
    auto told = entry(ca::AuditEvent::account_change_key);
    told.add("account", id).add("former", old_thumbprint).add("thumbprint", new_key.thumbprint());
    auto call = store_.replace_account_key(id, old_thumbprint, std::move(new_key));
    return audited(audit_, std::move(told), std::move(call),
                   [](const KeyReplacement& replacement, std::uint64_t) {
                       return undone_replacement(replacement);
                   });
}

base::Task<std::optional<ca::Account>> AuditedRepository::deactivate_account(ca::AccountId id,
                                                                             base::Time now) {
    auto told = entry(ca::AuditEvent::account_deactivate);
    told.add("account", id);
    auto call = store_.deactivate_account(id, now);
    return audited_if(audit_, std::move(told), std::move(call), not_there);
}

base::Task<std::optional<ca::Account>> AuditedRepository::set_account_scope(
    ca::AccountId id, ca::AccountScope scope) {
    auto told = entry(ca::AuditEvent::account_scope);
    told.add("account", id).add("allow", scope.names.allow.entries());
    told.add("deny", scope.names.deny.entries()).add("uris", texts_of(scope.uris));
    auto call = store_.set_account_scope(id, std::move(scope));
    return audited_if(audit_, std::move(told), std::move(call), not_there);
}

base::Task<bool> AuditedRepository::block_key(crypto::Sha256Digest key) {
    auto told = entry(ca::AuditEvent::key_block);
    told.add("key", key);
    auto call = store_.block_key(key);
    return audited_if(audit_, std::move(told), std::move(call), "it was blocked already");
}

base::Task<bool> AuditedRepository::record_key_compromise(crypto::Sha256Digest key,
                                                          base::Time now) {
    auto told = entry(ca::AuditEvent::key_compromise);
    told.add("key", key);
    auto call = store_.record_key_compromise(key, now);
    return audited_if(audit_, std::move(told), std::move(call), "it was recorded already");
}

base::Task<bool> AuditedRepository::reset_bucket(std::string bucket) {
    auto told = entry(ca::AuditEvent::limit_reset);
    told.add("bucket", std::string_view(bucket));
    auto call = store_.reset_bucket(std::move(bucket));
    return audited_if(audit_, std::move(told), std::move(call), "nobody had taken from it");
}

base::Task<bool> AuditedRepository::create_external_key(ca::ExternalKey key) {
    auto told = entry(ca::AuditEvent::external_key_create);
    told.add("kid", std::string_view(key.kid)).add("note", std::string_view(key.note));
    if (key.not_after) told.add("not_after", *key.not_after);
    if (key.most_uses) told.add("uses", static_cast<std::uint64_t>(*key.most_uses));
    const auto& scope = key.scope;
    told.add("names", strings_of(scope.names)).add("networks", strings_of(scope.networks));
    told.add("profiles", scope.profiles).add("uris", texts_of(scope.uris));
    if (scope.names_are_vouched_for) told.add("vouched_for", "yes");
    auto call = store_.create_external_key(std::move(key));
    return audited_if(audit_, std::move(told), std::move(call), "another has its name");
}

base::Task<std::optional<ca::ExternalKey>> AuditedRepository::revoke_external_key(std::string kid,
                                                                                  base::Time now) {
    auto told = entry(ca::AuditEvent::external_key_revoke);
    told.add("kid", std::string_view(kid));
    auto call = store_.revoke_external_key(std::move(kid), now);
    return audited_if(audit_, std::move(told), std::move(call), not_there);
}

base::Task<void> AuditedRepository::set_limit_override(ca::LimitOverride wanted) {
    auto told = entry(ca::AuditEvent::limit_override);
    told.add("key", std::string_view(wanted.key));
    told.add("rate", std::string_view(text_of(wanted.rate)));
    auto call = store_.set_limit_override(std::move(wanted));
    return audited(audit_, std::move(told), std::move(call));
}

base::Task<bool> AuditedRepository::remove_limit_override(std::string key) {
    auto told = entry(ca::AuditEvent::limit_remove_override);
    told.add("key", std::string_view(key));
    auto call = store_.remove_limit_override(std::move(key));
    return audited_if(audit_, std::move(told), std::move(call), not_there);
}

base::Task<bool> AuditedRepository::retire_issuer(ca::IssuerId issuer,
                                                  std::optional<base::Time> now) {
    auto told = entry(now ? ca::AuditEvent::issuer_retire : ca::AuditEvent::issuer_reinstate);
    told.add("issuer", issuer);
    auto call = store_.retire_issuer(issuer, now);
    return audited_if(audit_, std::move(told), std::move(call), not_there);
}

base::Task<bool> AuditedRepository::add_pull_forward(ca::PullForward rule) {
    auto told = entry(ca::AuditEvent::pull_forward_create);
    told.add("rule", rule.id).add("profile", std::string_view(rule.profile));
    std::vector<std::string> serials;
    for (const auto& serial : rule.serials) serials.push_back(serial.to_hex());
    told.add("serials", serials);
    if (rule.issuer) told.add("issuer", *rule.issuer);
    if (rule.issued_after) told.add("issued_after", *rule.issued_after);
    told.add("issued_before", rule.issued_before);
    if (rule.deadline) told.add("deadline", *rule.deadline);
    auto call = store_.add_pull_forward(std::move(rule));
    return audited_if(audit_, std::move(told), std::move(call), "there are too many");
}

base::Task<bool> AuditedRepository::remove_pull_forward(ca::PullForwardId id) {
    auto told = entry(ca::AuditEvent::pull_forward_remove);
    told.add("rule", id);
    auto call = store_.remove_pull_forward(id);
    return audited_if(audit_, std::move(told), std::move(call), not_there);
}

}  // namespace cairn::store
