#pragma once
// Private to client: how programs log in at Google and at Microsoft. Both are grants of OAuth 2.0
// (RFC 6749), and yield a token that ends.

#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "client/dns/access_token.h"
#include "client/dns/provider_http.h"
#include "crypto/key.h"

namespace cairn::client {

/// Who speaks to Google: what the key file of a service account says.
struct ServiceAccount {
    std::string email, key_id;
    /// Where tokens are granted: https.
    std::string token_url;
    std::string project;
    crypto::PrivateKey key;
};
/// Reads the text of such a file.
[[nodiscard]] base::Result<ServiceAccount> service_account_from(const std::string& json);

/// Who speaks to Microsoft's clouds.
struct ServicePrincipal {
    std::string client_id, client_secret;
    /// What the token is for: "https://management.azure.com/.default".
    std::string scope;
};
/// Where tokens are granted to those of the directory `tenant_id`; `login_url` is that of another
/// cloud than the public one, or empty.
[[nodiscard]] std::string azure_token_url(std::string login_url, const std::string& tenant_id);

/// Exchanges a JWT that the account's key signs for a token (RFC 7523). `http` speaks with the
/// account's `token_url`. Throws Failure.
[[nodiscard]] AccessToken::Granted log_in(ProviderHttp& http, const ServiceAccount& account,
                                          const std::string& scope, base::Time now);
/// Exchanges the secret for a token (RFC 6749 section 4.4). `http` speaks with `azure_token_url`.
/// Throws Failure.
[[nodiscard]] AccessToken::Granted log_in(ProviderHttp& http, const ServicePrincipal& principal);

}  // namespace cairn::client
