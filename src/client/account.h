#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "client/account_store.h"
#include "client/progress.h"
#include "client/session.h"
#include "client/state_directory.h"
#include "client/timer.h"
#include "protocol/account.h"

namespace cairn::client {

/// Whether the user agrees to the CA's terms of service.
enum class Terms { not_agreed, agreed };

/// The external account that a CA gave out outside ACME (RFC 8555 section 7.3.4).
struct ExternalAccount {
    std::string key_id;
    base::SecretBytes hmac_key;

    /// Reads the MAC key from a file that holds it in base64url; base64 and padding, as some CAs
    /// print it, are taken too.
    [[nodiscard]] static base::Result<ExternalAccount> read(std::string key_id,
                                                            const std::filesystem::path& file);
};

/// The options for a new account.
struct AccountOptions {
    Terms terms = Terms::not_agreed;
    std::vector<std::string> contact{};  ///< URLs: "mailto:admin@example.com"
    std::optional<ExternalAccount> external{};
    /// Whether the contact was said for this account, and not for all that are made here.
    enum class Contact { said, usual } contact_is = Contact::said;
    /// Where the key of a new account is kept.
    KeyStore key_store{};
    /// Whether one that stands is left for another.
    enum class Replacement { none, asked_for } replacement = Replacement::none;
};

/// The account at the session's CA: what RFC 8555 section 7.3 says of it, in the order it says it.
/// All functions throw Failure.
class Account {
  public:
    /// `name` is which of several at the CA it is (`AccountStore`).
    Account(Session& session, const StateDirectory& state, Timer& timer, std::string name = {})
        : session_(session), state_(state), store_(state, std::move(name)), timer_(timer) {}

    /// Makes the session use the stored account, or creates one with the options. Of options that
    /// have no effect, because the account stands, it is told.
    StoredAccount open(const AccountOptions& options, Progress& progress);
    /// Makes the session use the stored account; fails if there is none.
    StoredAccount use();
    /// Keeps the account of a key that was made elsewhere, which the CA is asked for, and makes the
    /// session use it. False if it is kept here already; fails if another one is.
    bool adopt(const crypto::PrivateKey& key);
    /// Finds the account again by its key, or creates it again with the options, after the CA has
    /// said that it does not know the one at `lost_url`.
    StoredAccount open_again(const std::string& lost_url, const AccountOptions& options,
                             Progress& progress);

    /// The account as the CA has it; the session must speak for it.
    [[nodiscard]] protocol::AccountObject fetch();
    /// Replaces the contacts (section 7.3.2).
    protocol::AccountObject update_contact(StoredAccount account,
                                           const std::vector<std::string>& contact);
    /// Replaces the key (section 7.3.5).
    StoredAccount roll_over(StoredAccount account, crypto::KeyType type,
                            const KeyStore& store = {});
    /// Ends the account for ever (section 7.3.6) and removes its key.
    void deactivate(const StoredAccount& account);

  private:
    enum class AccountsLock { free, held };
    [[nodiscard]] std::optional<StoredAccount> stored(AccountsLock lock);
    /// Makes another account; the one that stands stays if that fails.
    StoredAccount replace(const AccountOptions& options, Progress& progress);
    void tell_what_has_no_effect(const StoredAccount& account, const AccountOptions& options,
                                 Progress& progress) const;
    [[nodiscard]] std::optional<std::string> find_url(const crypto::Signer& key,
                                                      const AccountOptions& options);
    enum class Standing { its_key, another_key, no_account };
    /// Whether a key belongs to the account at this URL, as the CA says.
    [[nodiscard]] Standing standing_of(const crypto::Signer& key, const std::string& url);
    [[nodiscard]] std::string create(const crypto::Signer& key, const AccountOptions& options,
                                     Progress& progress);
    /// With an external account, where the CA wants one and gives it out for an e-mail address.
    [[nodiscard]] AccountOptions with_binding(AccountOptions options, Progress& progress);
    StoredAccount register_key(const AccountOptions& said, Progress& progress);
    void settle_staged_key(const StoredAccount& account);
    [[nodiscard]] const std::string& directory_url() const;

    Session& session_;
    const StateDirectory& state_;
    AccountStore store_;
    Timer& timer_;
};

}  // namespace cairn::client
