#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "protocol/identifier.h"

namespace cairn::protocol {

/// A TXT record of dns-persist-01 (draft-ietf-acme-dns-persist-01 section 4): an issue-value of
/// RFC 8659 section 4.2, "ca.example; accounturi=https://ca.example/acct/1; policy=wildcard".
struct PersistentRecord {
    /// Longer texts are refused.
    static constexpr std::size_t max_length = 4096;

    /// The CA that it names; in any case of letters and with or without a final dot in the text.
    DnsName issuer;
    std::string account_uri;
    /// Whether it also proves control of wildcards and subdomains.
    bool covers_subdomains = false;
    /// From then on it proves nothing.
    std::optional<base::Time> until;

    /// Reads all of a record. Refuses what RFC 8659's grammar does not allow, an empty or missing
    /// account, a parameter of this method that stands twice, and a persistUntil that is no count
    /// of seconds. Names of parameters are compared without regard to case, and unknown ones, and
    /// values of policy that are not "wildcard", are as if they were not there.
    [[nodiscard]] static base::Result<PersistentRecord> from_text(std::string_view text);
    /// The CA that a record names, whatever stands behind it.
    [[nodiscard]] static base::Result<DnsName> issuer_of(std::string_view text);
    /// As it is published.
    [[nodiscard]] std::string to_text() const;
};

}  // namespace cairn::protocol
