#pragma once

#include <string>

#include "client/solver.h"

namespace cairn::client {

/// Where a CA looks for the answer to a challenge, and what it must find there.
struct AnswerPlace {
    /// A URL of port 80 (RFC 8555 section 8.3), "NAME:443" (RFC 8737 section 3), or the name of a
    /// TXT record (RFC 8555 section 8.4).
    std::string place;
    /// The text of the file or of the record; of tls-alpn-01, the key authorization.
    std::string expected;
};
[[nodiscard]] AnswerPlace answer_place_of(const Challenge& challenge);

}  // namespace cairn::client
