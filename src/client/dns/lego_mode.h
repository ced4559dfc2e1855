#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "client/dns/provider.h"

namespace cairn::client {

/// What lego's "exec" and "httpreq" are told of a record.
enum class LegoMode {
    usual,  ///< its name and its value
    raw     ///< domain, token and key authorization, of which they work it out
};

/// The credential key `mode`, which these programs and servers have in PREFIX_MODE.
[[nodiscard]] CredentialKey lego_mode_key(std::string_view prefix);
/// As the credentials say it; the error says that they do not.
[[nodiscard]] base::Result<LegoMode> lego_mode(const DnsCredentials& credentials);
/// Throws Failure if nobody could work out the record from its proof: it is of another method than
/// dns-01.
void require_raw_proof(const TxtRecord& record, const std::string& aim);

}  // namespace cairn::client
