#pragma once
// Private to dns: the errors of the resolvers, in words.

#include <string>
#include <string_view>

#include "base/result.h"
#include "dns/message.h"

namespace cairn::dns {

/// "looking up TXT for example.org: `reason`".
[[nodiscard]] inline std::unexpected<base::Error> dns_failure(std::string_view name,
                                                              RecordType type,
                                                              std::string_view reason) {
    return base::fail("looking up " + std::string(to_string(type)) + " for " +
                      base::printable(name) + ": " + std::string(reason));
}

/// `answer` if its response code (RFC 1035 section 4.1.1) makes it an answer about the name, and it
/// is not a referral; else the error.
[[nodiscard]] base::Result<Answer> only_facts(Answer answer);

}  // namespace cairn::dns
