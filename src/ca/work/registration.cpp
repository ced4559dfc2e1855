#include "ca/work/registration.h"

#include <algorithm>

#include "ca/rules/policy.h"

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
                           base::Log& log, Observer& observer)
    : repository_(repository),
      random_(random),
      options_(std::move(options)),
      log_(log),
      observer_(observer) {}

void Registration::record(Observer::AccountChange change, AccountId account,
                          const RequestContext& context) {
    observer_.account_changed(change);
    log_.info(event_of(change), {{"request", context.request}, {"account", account.to_string()}});
}

base::Task<AccountStore::Creation> Registration::register_account(
    protocol::NewAccountRequest request, protocol::Jwk key, RequestContext context) {
    auto existing = co_await repository_.find_account_by_key(key.thumbprint());
    if (existing) {
        if (existing->deactivated)
            throw Problem(ProblemType::unauthorized, "the account with this key is deactivated",
                          401);
        co_return AccountStore::Creation{std::move(*existing), false};
    }
    if (request.only_return_existing)
        throw Problem(ProblemType::account_does_not_exist, "no account has this key");
    if (!options_.terms_of_service.empty() && !request.terms_of_service_agreed)
        throw Problem(ProblemType::malformed,
                      "the terms of service at " + options_.terms_of_service +
                          " must be agreed to (termsOfServiceAgreed: true)");
    require_usable_key(key);

    const auto now = context.time;
    Account account{.id = AccountId::fresh(now, random_),
                    .key = std::move(key),
                    .contacts = std::move(request.contact),
                    .created = now,
                    .terms_agreed = std::nullopt,
                    .deactivated = std::nullopt};
    if (!options_.terms_of_service.empty()) account.terms_agreed = now;
    auto creation = co_await repository_.create_account(std::move(account));
    if (creation.refusal) refuse_key(*creation.refusal);
    if (creation.account.deactivated)
        throw Problem(ProblemType::unauthorized, "the account with this key is deactivated", 401);
    if (creation.created) record(Observer::AccountChange::created, creation.account.id, context);
    co_return creation;
}

base::Task<Account> Registration::update(Account account, protocol::AccountUpdate update,
                                         RequestContext context) {
    std::optional<Account> changed;
    if (update.deactivate) {
        changed = co_await repository_.deactivate_account(account.id, context.time);
    } else if (update.contact) {
        changed = co_await repository_.update_contacts(account.id, std::move(*update.contact));
    } else {
        co_return account;
    }
    if (!changed || (changed->deactivated && !update.deactivate))
        throw Problem(ProblemType::unauthorized, "the account was deactivated meanwhile", 401);
    record(
        update.deactivate ? Observer::AccountChange::deactivated : Observer::AccountChange::updated,
        account.id, context);
    co_return std::move(*changed);
}

base::Task<void> Registration::change_key(Account account, protocol::Jwk new_key,
                                          RequestContext context) {
    if (new_key.thumbprint() == account.key.thumbprint())
        throw Problem(ProblemType::malformed, "the new key is the account's present key");
    require_usable_key(new_key);
    const auto replacement = co_await repository_.replace_account_key(
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
    if (std::ranges::find(options_.own_keys, key.public_key()) != options_.own_keys.end())
        throw Problem(ProblemType::bad_public_key, "the key belongs to this CA");
}

}  // namespace cairn::ca
