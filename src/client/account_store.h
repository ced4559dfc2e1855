#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "client/key_store.h"
#include "client/state_directory.h"
#include "crypto/key.h"
#include "crypto/signer.h"

namespace cairn::client {

/// An account at one CA, as stored.
struct StoredAccount {
    std::string directory_url;
    std::string url;
    std::vector<std::string> contact;
    /// Signs for the account, wherever the key itself is.
    crypto::Signer key;
    /// Which of several at the CA it is; empty: the one without a name.
    std::string name{};
};

/// The accounts of this state directory, at each CA one without a name and any number with:
/// accounts/HOST/PATH/{key.pem,account.json} and accounts/HOST/PATH/@NAME/..., mode 0600. A key is
/// on the disk before the CA hears of it, so no account is lost by a crash. Changes are made under
/// `StateDirectory::lock_accounts`.
class AccountStore {
  public:
    /// `name`, empty or one that could be a lineage's, is that of the accounts that all functions
    /// but `all` are about.
    explicit AccountStore(const StateDirectory& state, std::string name = {});

    [[nodiscard]] const std::string& name() const { return name_; }
    /// The account at this CA, if there is one. Throws Failure if its files are damaged.
    [[nodiscard]] std::optional<StoredAccount> find(const std::string& directory_url) const;
    /// Every account, by CA and name. Throws Failure.
    [[nodiscard]] std::vector<StoredAccount> all() const;

    /// The key kept for this CA, whether or not an account was made with it, or a new one, kept
    /// in `store` now.
    [[nodiscard]] crypto::Signer key_for(const std::string& directory_url, crypto::KeyType type,
                                         const KeyStore& store = {}) const;
    /// Where the key that is kept for this CA is; in a file if there is none.
    [[nodiscard]] KeyStore store_of_key(const std::string& directory_url) const;
    /// The same as text (PKCS #8, PEM), to be taken elsewhere. Throws Failure if there is none, or
    /// if it cannot be taken out of where it is.
    [[nodiscard]] base::SecretBytes key_pem(const std::string& directory_url) const;
    /// Keeps a key that was made elsewhere; whatever key is there is set aside.
    void adopt_key(const std::string& directory_url, const crypto::PrivateKey& key) const;
    void save(const StoredAccount& account) const;
    /// Keeps the account's files under other names, so that there is none any more and another can
    /// be made; what it has signed can still be told by its key. The number that stands in those
    /// names; nothing if there was no key.
    std::optional<int> set_aside(const std::string& directory_url) const;
    /// Gives what was set aside as `number` its names back, in the place of what is there.
    void bring_back(const std::string& directory_url, int number) const;
    /// Removes the account and its keys.
    void remove(const std::string& directory_url) const;

    /// The key that will replace the account's: stored beside it until `commit` or `abandon`.
    [[nodiscard]] crypto::Signer stage_key(const std::string& directory_url, crypto::KeyType type,
                                           const KeyStore& store = {}) const;
    /// A key that was staged and neither committed nor abandoned: by a run that died.
    [[nodiscard]] std::optional<crypto::Signer> staged_key(const std::string& directory_url) const;
    void commit_staged_key(const std::string& directory_url) const;
    void abandon_staged_key(const std::string& directory_url) const;

  private:
    [[nodiscard]] std::filesystem::path folder_of(const std::string& directory_url) const;
    std::filesystem::path root_;
    std::string name_;
};

}  // namespace cairn::client
