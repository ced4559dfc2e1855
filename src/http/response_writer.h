#pragma once

#include <string>
#include <string_view>

#include "http/message.h"

namespace cairn::http {

/// What the connection knows and the response does not.
struct ResponseFraming {
    enum class Body { sent, left_out };  ///< left out for HEAD (RFC 9110 section 9.3.2)
    Body body = Body::sent;
    enum class Connection { kept, kept_1_0, closed };
    Connection connection = Connection::kept;
    std::string_view date;  ///< IMF-fixdate
};

/// Appends `response` to `wire` as HTTP/1.1. False, and `wire` as it was, if a field of it holds
/// control characters, which would split the response.
[[nodiscard]] bool append_response(std::string& wire, const Response& response,
                                   const ResponseFraming& framing);

/// A problem document (RFC 9457) of an ACME error type, "malformed" or "serverInternal".
[[nodiscard]] Response problem_response(int status, std::string_view type, std::string_view detail);

/// The same for a refusal: "serverInternal" if the server is to blame, else "malformed".
[[nodiscard]] Response problem_response(const Refusal& refusal);

}  // namespace cairn::http
