#pragma once

#include <chrono>
#include <string>

namespace cairn::ca {

/// What made the CA do something, as its log lines tell it, so that one can follow a request from
/// the access log to what became of it.
struct RequestContext {
    /// The id under which the access log has the request.
    std::string request;
    /// When that request had come: nothing that was read for it is older.
    std::chrono::steady_clock::time_point received = std::chrono::steady_clock::time_point::min();
};

}  // namespace cairn::ca
