#pragma once
// Private to admin and the programs: the operations as a JSON API on the operator's socket.

#include <functional>

#include "admin/operation.h"
#include "http/message.h"

namespace cairn::admin {

/// Answers requests of the operator's socket:
///   GET /v1              what operations there are
///   POST /v1/NOUN/VERB   runs one; the body is a JSON object of its arguments, or empty
/// The status is 200 for what was done, 400 usage, 404 not found, 409 conflict, 503 failed; the
/// body is what `perform` makes. There is no authentication here: the socket lets in nobody but
/// root and the server's own user.
class OperatorApi {
  public:
    /// `context` makes what an operation works on, for an operator of this name.
    explicit OperatorApi(std::function<Context(std::string operator_name)> context)
        : context_(std::move(context)) {}

    /// Refuses requests that came over no local socket.
    [[nodiscard]] base::Task<http::Response> handle(http::Request request) const;

  private:
    std::function<Context(std::string operator_name)> context_;
};

}  // namespace cairn::admin
