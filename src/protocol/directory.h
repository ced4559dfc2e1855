#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace cairn::protocol {

/// The directory object (RFC 8555 section 7.1.1, RFC 9773 section 3, profiles draft section 3).
/// Absent URLs and members are empty.
struct Directory {
    std::string new_nonce, new_account, new_order, new_authz, revoke_cert, key_change, renewal_info;
    std::string terms_of_service, website;
    std::vector<std::string> caa_identities;
    bool external_account_required = false;
    /// Whether orders may name an ancestor domain to prove (RFC 9444 section 4.4).
    bool subdomain_auth_allowed = false;
    std::map<std::string, std::string> profiles;

    [[nodiscard]] std::string to_json() const;
    /// Reads a server's directory. newNonce, newAccount and newOrder must be there, since no
    /// certificate can be obtained without them; any other member that is missing or wrong is left
    /// empty.
    [[nodiscard]] static base::Result<Directory> from_json(base::BytesView json);
};

}  // namespace cairn::protocol
