#pragma once

#include <string>
#include <string_view>

#include "net/http_message.h"

namespace cairn::net {

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
[[nodiscard]] bool append_response(std::string& wire, const HttpResponse& response,
                                   const ResponseFraming& framing);

/// A problem document (RFC 9457) of an ACME error type, "malformed" or "serverInternal".
[[nodiscard]] HttpResponse problem_response(int status, std::string_view type,
                                            std::string_view detail);

/// The same for a refusal: "serverInternal" if the server is to blame, else "malformed".
[[nodiscard]] HttpResponse problem_response(const HttpRefusal& refusal);

}  // namespace cairn::net
