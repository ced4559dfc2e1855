#pragma once

#include <string>
#include <string_view>

#include "protocol/challenge_type.h"
#include "protocol/identifier.h"

namespace cairn::protocol {

/// Whether the method looks at TXT records. Then it proves control of names below the identifier,
/// too, wildcards among them (BR 3.2.2.4.7, .21 and .22).
[[nodiscard]] bool is_dns_method(ChallengeType type);

/// The first label of dns-account-01's record, which differs by account: "_" and 16 letters and
/// digits of base32 in lower case (draft-ietf-acme-dns-account-label-03 section 3.2).
[[nodiscard]] std::string dns_account_label(std::string_view account_url);

/// The name of the TXT record in which `type`, a DNS method, looks for the proof of `name`, without
/// a final dot. Throws std::logic_error for another type, and if the account of dns-account-01 is
/// not known.
[[nodiscard]] std::string dns_challenge_name(ChallengeType type, const DnsName& name,
                                             std::string_view account_url);

}  // namespace cairn::protocol
