#pragma once

#include <cstdint>
#include <set>

#include "client/nginx/certificate_edit.h"
#include "client/nginx/configuration.h"
#include "client/nginx/installation.h"

namespace cairn::client::nginx {

/// True if the server sends every request on to HTTPS at its own names, so that by TLS it would
/// send it to itself for ever.
[[nodiscard]] bool sends_itself_to_https(const ServerBlock& server);

/// Has the servers that answer names of the installation without TLS send these on to HTTPS, except
/// where one does so already.
void add_redirects(const Configuration& configuration, const Installation& installation,
                   FileSplices& splices, InstallationPlan& plan);

/// Has the servers say Strict-Transport-Security (RFC 6797) for `seconds` in answers by TLS, except
/// where one says it already.
void add_hsts(const Configuration& configuration, const std::set<std::size_t>& servers,
              std::uint32_t seconds, FileSplices& splices, InstallationPlan& plan);

}  // namespace cairn::client::nginx
