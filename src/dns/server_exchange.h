#pragma once

#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "base/task.h"
#include "dns/message.h"
#include "dns/response.h"
#include "net/socket_address.h"

namespace cairn::dns {

/// Why a server gave no answer that can be used.
struct ServerError : base::Error {
    enum class Kind {
        silent,       ///< nothing came within the time
        refused,      ///< nobody listens there
        unreachable,  ///< this machine has no way there
        broken        ///< what came is no answer
    };
    Kind kind = Kind::broken;
};

/// Asks one server one question, over UDP three times at most, and over TCP if the answer does not
/// fit (RFC 1035 section 4.2, RFC 7766). Blocks, for about `patience` at most. Throws
/// base::Shortage if this process lacks descriptors, memory or ports.
[[nodiscard]] base::Result<Response, ServerError> ask_server(const net::SocketAddress& server,
                                                             std::string_view name, RecordType type,
                                                             Recursion recursion,
                                                             base::Milliseconds patience);

/// Sends one message over TCP, or over UDP to a server that refuses TCP, and returns the message
/// with the same id that comes back. Blocks. Throws base::Shortage.
[[nodiscard]] base::Result<base::Bytes, ServerError> send_to_server(
    const net::SocketAddress& server, base::BytesView message, base::Milliseconds patience);

}  // namespace cairn::dns
