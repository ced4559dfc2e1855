#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "client/account.h"

namespace cairn::client {

/// Where the CA at a directory gives out an external account for an e-mail address alone, without
/// anybody signing up first: ZeroSSL does. Empty if it does not.
///
/// Tests name another pair of a directory and such a place, parted by a blank, in the variable
/// CAIRN_TEST_EMAIL_BINDING of the environment.
[[nodiscard]] std::string email_binding_url(std::string_view directory_url);

/// Reads the answer of such a place: an object with `success`, `eab_kid` and `eab_hmac_key`.
[[nodiscard]] base::Result<ExternalAccount> external_account_from_answer(std::string_view json);

/// Asks for the external account of `email` there, whose TLS is trusted by `options`. Throws
/// Failure.
[[nodiscard]] ExternalAccount request_external_account(const std::string& url,
                                                       const std::string& email,
                                                       const SessionOptions& options);

/// The address of the first contact that is one ("mailto:..."); empty if there is none.
[[nodiscard]] std::string email_in(const std::vector<std::string>& contact);

}  // namespace cairn::client
