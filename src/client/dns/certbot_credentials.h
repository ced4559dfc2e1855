#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace cairn::client {

/// What a file with the credentials of one of certbot's DNS plugins holds, under the names that our
/// provider of this name has for it: lines such as `dns_cloudflare_api_token = ...`, and for Google
/// the key file of a service account. Nothing if it is no such file. The error names the line or
/// the key that is not understood, or the provider that the file is for, and quotes no value.
[[nodiscard]] base::Result<std::optional<std::map<std::string, std::string>>> certbot_credentials(
    std::string_view provider, std::string_view text);

}  // namespace cairn::client
