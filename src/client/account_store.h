#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
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
};

/// The accounts of this state directory, one for each CA:
/// accounts/HOST/PATH/{key.pem,account.json}, mode 0600. A key is on the disk before the CA hears
/// of it, so no account is lost by a crash. Changes are made under `StateDirectory::lock_accounts`.
class AccountStore {
  public:
    explicit AccountStore(const StateDirectory& state) : root_(state.accounts()) {}

    /// The account at this CA, if there is one. Throws Failure if its files are damaged.
    [[nodiscard]] std::optional<StoredAccount> find(const std::string& directory_url) const;
    /// Every account, by CA. Throws Failure.
    [[nodiscard]] std::vector<StoredAccount> all() const;

    /// The key kept for this CA, whether or not an account was made with it, or a new one, kept
    /// now.
    [[nodiscard]] crypto::Signer key_for(const std::string& directory_url,
                                         crypto::KeyType type) const;
    void save(const StoredAccount& account) const;
    /// Removes the account and its keys.
    void remove(const std::string& directory_url) const;

    /// The key that will replace the account's: stored beside it until `commit` or `abandon`.
    [[nodiscard]] crypto::Signer stage_key(const std::string& directory_url,
                                           crypto::KeyType type) const;
    /// A key that was staged and neither committed nor abandoned: by a run that died.
    [[nodiscard]] std::optional<crypto::Signer> staged_key(const std::string& directory_url) const;
    void commit_staged_key(const std::string& directory_url) const;
    void abandon_staged_key(const std::string& directory_url) const;

  private:
    [[nodiscard]] std::filesystem::path folder_of(const std::string& directory_url) const;
    std::filesystem::path root_;
};

}  // namespace cairn::client
