#pragma once
// Private to pki: the textual encoding of certificates and requests (RFC 7468).

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace cairn::pki::pem {

/// A CERTIFICATE block: lines of 64, LF, final line end.
[[nodiscard]] std::string certificate_block(base::BytesView der);
/// The same for a CERTIFICATE REQUEST (RFC 7468 section 7).
[[nodiscard]] std::string request_block(base::BytesView der);

/// What the CERTIFICATE blocks of `text` hold, `max_blocks` of them at most. Between blocks and
/// within them only white space may stand; blocks of any other kind are refused.
[[nodiscard]] base::Result<std::vector<base::Bytes>> certificate_blocks(std::string_view text,
                                                                        std::size_t max_blocks);

}  // namespace cairn::pki::pem
