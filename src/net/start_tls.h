#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "net/tls_probe.h"

namespace cairn::net {

/// The connection on which a protocol is spoken before TLS begins.
class PlainStream {
  public:
    virtual ~PlainStream() = default;
    /// What has arrived, at least one octet; an error if nothing comes any more.
    [[nodiscard]] virtual base::Result<std::string> receive() = 0;
    /// Sends all of it, or says why it cannot.
    [[nodiscard]] virtual base::Result<void> send(std::string_view octets) = 0;
};

/// Speaks a protocol up to where the client begins TLS. `name` is the domain that is asked for,
/// where the protocol wants one. The error says what the server answered. Reads 64 KiB at most.
[[nodiscard]] base::Result<void> begin_start_tls(PlainStream& stream, StartTls kind,
                                                 const std::string& name);

}  // namespace cairn::net
