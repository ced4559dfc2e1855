#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/ip_address.h"
#include "ca/facts/cause.h"

namespace cairn::ca {

/// The request that made the CA do something: as its log lines tell it, so that one can follow a
/// request from the access log to what became of it, and what decisions about it may rest on.
struct RequestContext {
    /// The id under which the access log has the request.
    std::string request;
    /// When that request had come: nothing that was read for it is older.
    std::chrono::steady_clock::time_point received = std::chrono::steady_clock::time_point::min();
    /// The same by the CA's clock: the present for whatever is decided about the request.
    base::Time time{};
    /// Who sent it, behind trusted proxies. None: its address is not known.
    std::optional<base::IpAddress> client{};

    [[nodiscard]] Cause cause() const { return {.request = request, .client = client}; }
};

}  // namespace cairn::ca
