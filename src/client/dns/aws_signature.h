#pragma once

#include <string>
#include <string_view>

#include "base/clock.h"
#include "http/exchange.h"

namespace cairn::client {

/// Who signs requests to AWS, and for which service.
struct AwsSigner {
    std::string access_key_id;
    std::string secret_access_key;
    /// Of temporary credentials; else empty.
    std::string session_token{};
    std::string region;
    std::string service;
};

/// Adds the fields of Signature Version 4 to a request: X-Amz-Date, X-Amz-Security-Token where
/// there is one, and Authorization, which covers them, the host and every field that the request
/// has.
void sign(http::ClientRequest& request, const AwsSigner& signer, base::Time now);

}  // namespace cairn::client
