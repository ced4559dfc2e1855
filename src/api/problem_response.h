#pragma once

#include "net/http_message.h"
#include "protocol/problem.h"

namespace cairn::api {

/// The response that carries a problem document (RFC 8555 section 6.7), with the header fields that
/// the problem asks for.
[[nodiscard]] net::HttpResponse problem_response(const protocol::Problem& problem);

}  // namespace cairn::api
