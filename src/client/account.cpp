#include "client/account.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/base64url.h"
#include "client/email_binding.h"
#include "client/key_text.h"
#include "protocol/external_account_binding.h"
#include "protocol/jws.h"

namespace cairn::client {
namespace {

using namespace std::chrono_literals;

constexpr auto lock_patience = 2min;
constexpr std::size_t max_hmac_file = 4096;

base::Result<protocol::AccountObject> parse(const Reply& reply) {
    return protocol::AccountObject::from_json(base::bytes_of(reply.body));
}

protocol::AccountObject parse_or_fail(const Reply& reply, const Aim& aim, const std::string& host) {
    auto account = parse(reply);
    if (!account)
        throw Failure(aim, fmt::format("{} sent an account object that is wrong: {}", host,
                                       account.error().message));
    return std::move(*account);
}

/// The JSON of the external account binding for a key, or empty.
std::string binding(const crypto::Signer& key, const AccountOptions& options,
                    const std::string& url) {
    if (!options.external) return {};
    return protocol::make_external_account_binding(key.public_key(), options.external->key_id,
                                                   options.external->hmac_key, url);
}

}  // namespace

base::Result<ExternalAccount> ExternalAccount::read(std::string key_id,
                                                    const std::filesystem::path& file) {
    auto text = read_file(file, max_hmac_file);
    if (!text) return std::unexpected(text.error());
    std::erase_if(*text, [](char c) { return c == '\n' || c == '\r' || c == ' ' || c == '\t'; });
    std::ranges::replace(*text, '+', '-');
    std::ranges::replace(*text, '/', '_');
    while (text->ends_with('=')) text->pop_back();
    auto key = base::from_base64url(*text);
    base::wipe({reinterpret_cast<std::uint8_t*>(text->data()), text->size()});
    if (!key) return std::unexpected(key.error().within(file.string()));
    if (key->empty()) return base::fail(fmt::format("{}: holds no key", file.string()));
    ExternalAccount account{std::move(key_id), base::SecretBytes(key->begin(), key->end())};
    base::wipe(*key);
    return account;
}

const std::string& Account::directory_url() const {
    return session_.options().directory_url;
}

std::optional<StoredAccount> Account::stored(AccountsLock lock) {
    auto account = store_.find(directory_url());
    if (!account) return std::nullopt;
    if (store_.staged_key(directory_url())) {
        // A staged key may belong to a change of key that another run is in the middle of.
        if (lock == AccountsLock::free) {
            const auto accounts = state_.lock_accounts(timer_, lock_patience);
            return stored(AccountsLock::held);
        }
        settle_staged_key(*account);
        account = store_.find(directory_url());
    }
    session_.speak_for(account->key, account->url);
    return account;
}

StoredAccount Account::use() {
    if (auto account = stored(AccountsLock::free)) return std::move(*account);
    const auto which =
        store_.name().empty() ? std::string() : fmt::format(" of the name {}", store_.name());
    throw Failure(fmt::format("use the account{} at {}", which, session_.host()),
                  fmt::format("there is none in {}", state_.accounts().string()),
                  "make one with `cairn issue`, or name another --ca or --state.");
}

StoredAccount Account::open(const AccountOptions& options, Progress& progress) {
    // Once in a run, however many certificates it is for.
    const bool is_replaced = options.replacement == AccountOptions::Replacement::asked_for &&
                             session_.account_url().empty();
    const auto settled = [&](StoredAccount account) {
        tell_what_has_no_effect(account, options, progress);
        return account;
    };
    if (!is_replaced)
        if (auto account = stored(AccountsLock::free)) return settled(std::move(*account));
    const auto lock = state_.lock_accounts(timer_, lock_patience);
    // Another run may have made it while this one waited.
    if (!is_replaced)
        if (auto account = stored(AccountsLock::held)) return settled(std::move(*account));
    if (is_replaced) return replace(options, progress);
    return register_key(options, progress);
}

StoredAccount Account::replace(const AccountOptions& options, Progress& progress) {
    const auto number = store_.set_aside(directory_url());
    try {
        auto account = register_key(options, progress);
        if (number)
            progress.tell({.kind = ProgressKind::remark,
                           .text = fmt::format("The account before stays as it is at {}; its files "
                                               "are kept beside the new ones as former-{}-*.",
                                               session_.host(), *number)});
        return account;
    } catch (const Failure&) {
        if (number) store_.bring_back(directory_url(), *number);
        throw;
    }
}

void Account::tell_what_has_no_effect(const StoredAccount& account, const AccountOptions& options,
                                      Progress& progress) const {
    const auto tell = [&](std::string text) {
        progress.tell({.kind = ProgressKind::remark, .text = std::move(text)});
    };
    if (options.external)
        tell(
            fmt::format("The account at {} stands, so the external account binding (--eab-kid) has "
                        "no effect; --new-account makes another.",
                        session_.host()));
    const bool is_said = options.contact_is == AccountOptions::Contact::said;
    if (is_said && !options.contact.empty() && options.contact != account.contact)
        tell(
            fmt::format("The account at {} stands, so --email has no effect; `cairn account "
                        "update --email` changes its contact.",
                        session_.host()));
}

StoredAccount Account::open_again(const std::string& lost_url, const AccountOptions& options,
                                  Progress& progress) {
    const auto lock = state_.lock_accounts(timer_, lock_patience);
    // Another job or run may have done so while this one waited.
    if (auto account = stored(AccountsLock::held); account && account->url != lost_url)
        return std::move(*account);
    return register_key(options, progress);
}

bool Account::adopt(const crypto::PrivateKey& key) {
    const auto tried = fmt::format("import an account at {}", session_.host());
    const auto lock = state_.lock_accounts(timer_, lock_patience);
    if (const auto account = stored(AccountsLock::held)) {
        if (account->key.public_key() == key.public_key()) return false;
        throw Failure(tried,
                      fmt::format("another one is kept here: {}", base::printable(account->url)),
                      "give this one a name of its own with --account NAME.");
    }
    const crypto::Signer signer(key);
    const auto url = find_url(signer, {});
    if (!url)
        throw Failure(tried, fmt::format("{} knows no account of this key", session_.host()),
                      "is --ca right? `cairn account register` makes a new account.");
    session_.speak_for(signer, *url);
    const auto object = fetch();
    store_.adopt_key(directory_url(), key);
    store_.save({directory_url(), *url, object.contact, signer, store_.name()});
    return true;
}

AccountOptions Account::with_binding(AccountOptions options, Progress& progress) {
    const auto url = email_binding_url(directory_url());
    const auto email = email_in(options.contact);
    if (options.external || url.empty() || !session_.directory().external_account_required)
        return options;
    if (email.empty())
        throw Failure({fmt::format("register an account at {}", session_.host()), Phase::binding},
                      "the CA binds accounts to ones made outside ACME",
                      "give --email ADDR, for which this CA makes one at once, or get a key id and "
                      "an HMAC key from it and pass --eab-kid and --eab-hmac-key-file.");
    progress.tell({.kind = ProgressKind::registering_account, .host = session_.host()});
    options.external = request_external_account(url, email, session_.options());
    return options;
}

StoredAccount Account::register_key(const AccountOptions& said, Progress& progress) {
    const auto options = with_binding(said, progress);
    const auto key = store_.key_for(directory_url(), crypto::KeyType::ec_p256, options.key_store);
    auto url = find_url(key, options);
    if (!url) url = create(key, options, progress);
    StoredAccount account{directory_url(), std::move(*url), options.contact, key, store_.name()};
    store_.save(account);
    session_.speak_for(account.key, account.url);
    return account;
}

std::optional<std::string> Account::find_url(const crypto::Signer& key,
                                             const AccountOptions& options) {
    const Aim aim(fmt::format("find the account of this key at {}", session_.host()),
                  Phase::account);
    protocol::NewAccountRequest request;
    request.only_return_existing = true;
    // Some CAs that bind accounts want the binding here too.
    request.external_account_binding = binding(key, options, session_.directory().new_account);
    try {
        const auto reply =
            session_.post_with_key(key, session_.directory().new_account, request.to_json(), aim);
        if (reply.location.empty()) throw Failure(aim, "the reply has no Location");
        return reply.location;
    } catch (const Failure& failure) {
        using enum protocol::ProblemType;
        const auto problem = failure.problem();
        // Not every CA looks for accounts. One with this key would be found by newAccount as well
        // (RFC 8555 section 7.3.1), which also says best why it is refused.
        if (problem == account_does_not_exist || problem == external_account_required ||
            problem == malformed || problem == unauthorized)
            return std::nullopt;
        throw;
    }
}

Account::Standing Account::standing_of(const crypto::Signer& key, const std::string& url) {
    try {
        session_.post_as_get_by(key, url,
                                fmt::format("ask for the account at {}", session_.host()));
        return Standing::its_key;
    } catch (const Failure& failure) {
        if (failure.problem() == protocol::ProblemType::account_does_not_exist)
            return Standing::no_account;
        if (failure.problem() == protocol::ProblemType::unauthorized ||
            failure.problem() == protocol::ProblemType::malformed)
            return Standing::another_key;
        throw;
    }
}

std::string Account::create(const crypto::Signer& key, const AccountOptions& options,
                            Progress& progress) {
    const Aim aim(fmt::format("register an account at {}", session_.host()),
                  options.external ? Phase::binding : Phase::account);
    const auto& directory = session_.directory();
    if (!directory.terms_of_service.empty() && options.terms != Terms::agreed)
        throw Failure(aim,
                      fmt::format("the CA asks for agreement to its terms of service: {}",
                                  base::printable(directory.terms_of_service)),
                      "read them and run the command again with --agree-tos.");
    if (directory.external_account_required && !options.external)
        throw Failure(aim, "the CA binds accounts to ones made outside ACME",
                      std::string(advice_for({protocol::ProblemType::external_account_required, {}},
                                             aim.phase)));

    progress.tell({.kind = ProgressKind::registering_account, .host = session_.host()});
    protocol::NewAccountRequest request;
    request.contact = options.contact;
    request.terms_of_service_agreed = options.terms == Terms::agreed;
    request.external_account_binding = binding(key, options, directory.new_account);
    const auto reply = session_.post_with_key(key, directory.new_account, request.to_json(), aim);
    if (reply.location.empty()) throw Failure(aim, "the reply has no Location");
    return reply.location;
}

protocol::AccountObject Account::fetch() {
    const auto aim = fmt::format("read the account at {}", session_.host());
    return parse_or_fail(session_.post_as_get(session_.account_url(), aim), aim, session_.host());
}

protocol::AccountObject Account::update_contact(StoredAccount account,
                                                const std::vector<std::string>& contact) {
    const auto aim = fmt::format("change the contacts of the account at {}", session_.host());
    const auto lock = state_.lock_accounts(timer_, lock_patience);
    const protocol::AccountUpdate update{.contact = contact};
    auto object =
        parse_or_fail(session_.post(account.url, update.to_json(), aim), aim, session_.host());
    account.contact = object.contact;
    store_.save(account);
    return object;
}

StoredAccount Account::roll_over(StoredAccount account, crypto::KeyType type,
                                 const KeyStore& store) {
    const auto aim = fmt::format("replace the key of the account at {}", session_.host());
    const auto& url = session_.directory().key_change;
    if (url.empty())
        throw Failure(aim, fmt::format("the directory of {} has no keyChange", session_.host()),
                      "this CA does not replace keys; deactivate the account and make another.");
    const auto lock = state_.lock_accounts(timer_, lock_patience);
    const auto new_key = store_.stage_key(account.directory_url, type, store);
    // The inner JWS proves the new key, the outer one the old (RFC 8555 section 7.3.5).
    const protocol::KeyChangeRequest request{account.url,
                                             protocol::Jwk::of(account.key.public_key())};
    const auto inner = with_key_or_fail(aim, [&] {
        return protocol::make_jws(new_key, {.url = url, .nonce = {}, .kid = {}}, request.to_json());
    });
    try {
        session_.post(url, inner, aim);
    } catch (const Failure&) {
        // The CA may have changed the key and the reply been lost: only the CA knows. If it cannot
        // be asked now, both keys are kept for the next run.
        settle_staged_key(account);
        auto settled = store_.find(account.directory_url);
        if (!settled || settled->key.public_key() != new_key.public_key()) throw;
        session_.speak_for(settled->key, settled->url);
        return std::move(*settled);
    }
    store_.commit_staged_key(account.directory_url);
    account.key = new_key;
    session_.speak_for(account.key, account.url);
    return account;
}

void Account::settle_staged_key(const StoredAccount& account) {
    const auto staged = store_.staged_key(directory_url());
    if (!staged) return;
    // Asked by the account's URL: a CA may look for no account by its key without a binding.
    if (standing_of(*staged, account.url) == Standing::its_key) {
        store_.commit_staged_key(directory_url());
        return;
    }
    if (standing_of(account.key, account.url) == Standing::another_key)
        throw Failure(fmt::format("use the account at {}", session_.host()),
                      "the CA takes neither its key nor the one that was to replace it",
                      fmt::format("ask the CA whether {} was deactivated; both keys are kept.",
                                  base::printable(account.url)));
    store_.abandon_staged_key(directory_url());
}

void Account::deactivate(const StoredAccount& account) {
    const auto aim = fmt::format("deactivate the account at {}", session_.host());
    const auto lock = state_.lock_accounts(timer_, lock_patience);
    const protocol::AccountUpdate update{.contact = std::nullopt, .deactivate = true};
    session_.post(account.url, update.to_json(), aim);
    store_.remove(account.directory_url);
}

}  // namespace cairn::client
