#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "client/account_store.h"
#include "crypto/key.h"

namespace cairn::client {

/// An account as it is taken to another machine or client.
struct AccountFile {
    crypto::PrivateKey key;
    std::string directory_url{};  ///< empty: not said
    std::string name{};           ///< of several at the CA
};

/// Reads one of: what `account_file_text` wrote; a private key as PEM; a private key as JWK (RFC
/// 7517), which is how certbot keeps those of its accounts. The error quotes nothing of it.
[[nodiscard]] base::Result<AccountFile> read_account_file(std::string_view text);

/// One JSON object with the account and its key (PKCS #8, PEM); a secret.
[[nodiscard]] std::string account_file_text(const StoredAccount& account,
                                            const base::SecretBytes& key_pem);

}  // namespace cairn::client
