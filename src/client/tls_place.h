#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "client/settings.h"
#include "net/tls_probe.h"

namespace cairn::client {

/// What is spoken before TLS at a port that is registered for a protocol with STARTTLS: smtp at 25
/// and 587. None at all others.
[[nodiscard]] net::StartTls usual_start_tls(std::uint16_t port);

/// Where a server speaks TLS, as settings and the command line name it, and what is spoken there
/// before.
struct TlsPlace {
    ServedPlace place;
    net::StartTls start_tls = net::StartTls::none;
    /// Reads what ServedPlace reads, and "KIND://" before it: one of STARTTLS ("smtp"), whose usual
    /// port counts where none is said, or "tls" for none. Without it, what is usual at the port.
    [[nodiscard]] static base::Result<TlsPlace> from_text(std::string_view text);
    /// As `from_text` reads it; the kind stands there only where it is not what is usual.
    [[nodiscard]] std::string to_string() const;
};

}  // namespace cairn::client
