#pragma once

#include "http/message.h"
#include "protocol/problem.h"

namespace cairn::api {

/// The response that carries a problem document (RFC 8555 section 6.7), with the header fields that
/// the problem asks for.
[[nodiscard]] http::Response problem_response(const protocol::Problem& problem);

}  // namespace cairn::api
