#include "ca/work/registration.h"

#include <algorithm>

#include "ca/rules/external_key_rules.h"
#include "ca/rules/policy.h"
#include "protocol/external_account_binding.h"

namespace cairn::ca {

using protocol::Problem;
using protocol::ProblemType;

namespace {

std::string_view event_of(Observer::AccountChange change) {
    switch (change) {
        case Observer::AccountChange::created:
            return "account created";
        case Observer::AccountChange::updated:
            return "account updated";
        case Observer::AccountChange::deactivated:
            return "account deactivated";
        case Observer::AccountChange::key_changed:
            return "account key changed";
    }
    return "account changed";
}

[[noreturn]] void refuse_key(AccountStore::KeyRefusal refusal) {
    if (refusal == AccountStore::KeyRefusal::blocked)
        throw Problem(ProblemType::bad_public_key, "the key is known to be compromised");
    // RFC 8555 section 11.1: an account key must not be a certificate's key.
    throw Problem(ProblemType::bad_public_key, "the key stands in a certificate of this CA");
}

}  // namespace

Registration::Registration(Repository& repository, crypto::Random& random, Options options,
                           RateLimits& limits, base::Log& log, Observer& observer)
    : repository_(repository),
      random_(random),
      options_(std::move(options)),
      limits_(limits),
      log_(log),
      observer_(observer) {}

void Registration::record(Observer::AccountChange change, AccountId account,
                          const RequestContext& context) {
    observer_.account_changed(change);
    log_.info(event_of(change), {{"request", context.request}, {"account", account.to_string()}});
}

base::Task<AccountStore::Creation> Registration::register_account(
    protocol::NewAccountRequest request, protocol::Jwk key, std::string url,
    RequestContext context) {
    auto existing = co_await repository_.find_account_by_key(key.thumbprint());
    if (existing) {
        if (existing->deactivated)
            throw Problem(ProblemType::unauthorized, "the account with this key is deactivated",
                          401);
        co_return AccountStore::Creation{std::move(*existing), false};
    }
    if (request.only_return_existing)
        throw Problem(ProblemType::account_does_not_exist, "no account has this key");
    const auto& terms = options_.terms.url;
    if (!terms.empty() && !request.terms_of_service_agreed)
        throw Problem(
            ProblemType::malformed,
            "the terms of service at " + terms + " must be agreed to (termsOfServiceAgreed: true)");
    require_usable_key(key);
    auto binding = co_await require_binding(std::move(request.external_account_binding), key,
                                            std::move(url), context);

    const auto now = context.time;
    Account account{.id = AccountId::fresh(now, random_),
                    .key = std::move(key),
                    .contacts = std::move(request.contact),
                    .created = now,
                    .terms_agreed = std::nullopt,
                    .deactivated = std::nullopt,
                    .terms_url = terms,
                    .binding = std::move(binding)};
    if (!terms.empty()) account.terms_agreed = now;
    auto creating = create(std::move(account), context);
    auto creation = co_await std::move(creating);
    if (creation.refusal) refuse_key(*creation.refusal);
    if (creation.is_binding_refused)  // as it was a moment ago, it could be used
        throw Problem(ProblemType::unauthorized,
                      "the key of the external account was used or ended meanwhile; ask the "
                      "operator of this CA for a new one");
    if (creation.account.deactivated)
        throw Problem(ProblemType::unauthorized, "the account with this key is deactivated", 401);
    if (creation.created) {
        record(Observer::AccountChange::created, creation.account.id, context);
        if (creation.account.binding)
            log_.info("account bound", {{"request", context.request},
                                        {"account", creation.account.id.to_string()},
                                        {"kid", creation.account.binding->kid}});
    }
    co_return creation;
}

base::Task<AccountStore::Creation> Registration::create(Account account, RequestContext context) {
    const auto charges = new_account_charges(limits_.limits(), context);
    const auto store = repository_.on_behalf_of(context.cause());
    auto creation = co_await store->create_account(account, charges);
    if (creation.decision.accepted) co_return creation;
    const auto client = context.client ? context.client->to_string() : std::string();
    context.time = co_await limits_.wait_or_refuse(charges, creation.decision, client, context);
    account.created = context.time;
    if (account.terms_agreed) account.terms_agreed = context.time;
    creation = co_await store->create_account(account, charges);
    if (!creation.decision.accepted) limits_.refuse(charges, creation.decision, context);
    co_return creation;
}

base::Task<std::optional<Account::Binding>> Registration::require_binding(std::string object,
                                                                          protocol::Jwk key,
                                                                          std::string url,
                                                                          RequestContext context) {
    if (object.empty()) {
        if (!options_.external_account_required) co_return std::nullopt;
        throw Problem(ProblemType::external_account_required,
                      "this CA wants an external account: ask its operator for a key identifier "
                      "and a MAC key, and send an externalAccountBinding made with them");
    }
    const auto binding = protocol::ExternalAccountBinding::from_json(base::bytes_of(object));
    if (!binding) throw binding.error();
    if (binding->url() != url)
        throw Problem(ProblemType::malformed,
                      "externalAccountBinding: its url is not that of the request around it");
    if (binding->account_key().thumbprint() != key.thumbprint())
        throw Problem(ProblemType::malformed,
                      "externalAccountBinding: its payload is not the key of the request around "
                      "it");
    const auto& kid = binding->key_id();
    std::optional<ExternalKey> external_key;
    if (is_kid(kid)) external_key = co_await repository_.find_external_key(kid);
    const auto stand_in = random_.octets(sizeof(crypto::Sha256Digest));
    const bool is_proved = binding->is_keyed_with(
        external_key ? base::BytesView(external_key->hmac_key) : base::BytesView(stand_in));
    if (!external_key || !is_proved)
        throw Problem(ProblemType::unauthorized,
                      "externalAccountBinding: its kid is unknown, or its MAC was made with "
                      "another key; compare both with what the operator of this CA gave out");
    if (auto refusal = binding_refusal(*external_key, context)) throw std::move(*refusal);
    co_return Account::Binding{kid, std::move(object)};
}

base::Task<Account> Registration::update(Account account, protocol::AccountUpdate update,
                                         RequestContext context) {
    const bool is_end = update.deactivate;
    const auto store = repository_.on_behalf_of(context.cause());
    std::optional<Account> changed;
    if (is_end) {
        changed = co_await store->deactivate_account(account.id, context.time);
    } else {
        auto change = change_by(account, std::move(update), context.time);
        if (!change.contacts && !change.terms) co_return account;
        const auto agreement = change.terms;
        changed = co_await store->update_account(account.id, std::move(change));
        if (agreement && changed && !changed->deactivated)
            log_.info("terms agreed", {{"request", context.request},
                                       {"account", account.id.to_string()},
                                       {"terms", agreement->url}});
    }
    if (!changed || (changed->deactivated && !is_end))
        throw Problem(ProblemType::unauthorized, "the account was deactivated meanwhile", 401);
    record(is_end ? Observer::AccountChange::deactivated : Observer::AccountChange::updated,
           account.id, context);
    co_return std::move(*changed);
}

AccountChange Registration::change_by(const Account& account, protocol::AccountUpdate update,
                                      base::Time now) const {
    AccountChange change{.contacts = std::move(update.contact)};
    const auto& terms = options_.terms.url;
    const bool is_new = !account.terms_agreed || account.terms_url != terms;
    if (update.terms_of_service_agreed && !terms.empty() && is_new)
        change.terms = AccountChange::Agreement{now, terms};
    return change;
}

base::Task<void> Registration::change_key(Account account, protocol::Jwk new_key,
                                          RequestContext context) {
    if (new_key.thumbprint() == account.key.thumbprint())
        throw Problem(ProblemType::malformed, "the new key is the account's present key");
    require_usable_key(new_key);
    const auto store = repository_.on_behalf_of(context.cause());
    const auto replacement = co_await store->replace_account_key(
        account.id, account.key.thumbprint(), std::move(new_key));
    using Outcome = AccountStore::KeyReplacement::Outcome;
    switch (replacement.outcome) {
        case Outcome::replaced:
            record(Observer::AccountChange::key_changed, account.id, context);
            co_return;
        case Outcome::taken:
            throw KeyTaken{*replacement.holder};
        case Outcome::stale:
            throw Problem(ProblemType::malformed,
                          "oldKey is not the account's key any more; it was changed meanwhile");
        case Outcome::key_is_blocked:
            refuse_key(AccountStore::KeyRefusal::blocked);
        case Outcome::key_is_certified:
            refuse_key(AccountStore::KeyRefusal::certified);
    }
}

void Registration::require_usable_key(const protocol::Jwk& key) const {
    if (auto refusal = account_key_refusal(key.public_key()))
        throw Problem(ProblemType::bad_public_key, "the key is refused: " + *refusal);
    if (options_.weak_keys && options_.weak_keys->contains(key.public_key()))
        throw Problem(ProblemType::bad_public_key,
                      "the key is one of those that Debian's OpenSSL made in 2006 to 2008, which "
                      "anybody can know (CVE-2008-0166)");
    if (std::ranges::find(options_.own_keys, key.public_key()) != options_.own_keys.end())
        throw Problem(ProblemType::bad_public_key, "the key belongs to this CA");
}

}  // namespace cairn::ca
