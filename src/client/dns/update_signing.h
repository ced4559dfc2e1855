#pragma once

#include <optional>

#include "base/result.h"
#include "client/dns/credentials.h"
#include "client/dns/gss_context.h"
#include "dns/tsig.h"

namespace cairn::client {

/// By what DNS updates are signed: with a key, by Kerberos, or not at all.
struct UpdateSigning {
    std::optional<dns::TsigKey> key{};
    std::optional<GssOptions> kerberos{};

    /// As the credentials of the provider rfc2136 say it; the error says what is wrong with them.
    [[nodiscard]] static base::Result<UpdateSigning> from(const DnsCredentials& credentials);
};

}  // namespace cairn::client
