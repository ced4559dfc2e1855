#pragma once

#include <span>

#include "base/ip_address.h"
#include "http/message.h"

namespace cairn::http {

/// Whether `address` is one of a proxy that is believed.
[[nodiscard]] bool is_trusted(const base::IpAddress& address,
                              std::span<const base::IpNetwork> trusted_proxies);

/// The client of a request that came from `peer`. If that is a trusted proxy, its X-Forwarded-For
/// fields are read from the right, where it wrote: the first address that is no trusted proxy's is
/// the client. Anything to the left of it, or of text that is no address, could have been written
/// by anybody.
[[nodiscard]] base::IpAddress forwarded_client(const Request& request, const base::IpAddress& peer,
                                               std::span<const base::IpNetwork> trusted_proxies);

}  // namespace cairn::http
