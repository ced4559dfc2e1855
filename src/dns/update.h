#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace cairn::dns {

/// One change of a zone: a TXT record that is to be there, or is to be gone.
struct TxtUpdate {
    enum class Kind { add, remove };
    Kind kind = Kind::add;
    std::string zone;
    std::string name;
    /// Written as strings of at most 255 octets.
    std::string value;
    std::uint32_t time_to_live = 60;
};

/// The message that asks for it (RFC 2136). Others' values under the name are left alone. The error
/// says which name is none.
[[nodiscard]] base::Result<base::Bytes> make_update(std::uint16_t id, const TxtUpdate& update);

/// The response code of a response to an update; the error says why it is none.
[[nodiscard]] base::Result<int> update_response_code(base::BytesView message);

}  // namespace cairn::dns
