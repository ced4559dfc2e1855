#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"

namespace cairn::dns {

/// The algorithm of keys that GSS-API makes (RFC 3645).
inline constexpr std::string_view gss_tsig = "gss-tsig";

/// A question for a key of this name by GSS-API (RFC 2930 section 4.3, RFC 3645 section 3.1), with
/// what GSS-API wants to tell the server. The error says why the name is none.
[[nodiscard]] base::Result<base::Bytes> make_tkey_query(std::uint16_t id, std::string_view key_name,
                                                        base::BytesView token, base::Time now);

/// What a server says to it.
struct TkeyAnswer {
    int response_code = 0;
    /// TKEY's own error code, 0 for none (RFC 2930 section 2.6).
    int error = 0;
    /// For GSS-API; may be empty.
    base::Bytes token{};
};
/// Reads it. The error says what is wrong with its form; an answer that has a response code other
/// than 0 needs no record.
[[nodiscard]] base::Result<TkeyAnswer> read_tkey_answer(base::BytesView message,
                                                        std::string_view key_name);

}  // namespace cairn::dns
