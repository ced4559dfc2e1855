#pragma once

#include <string>
#include <vector>

#include "client/apache/config_edits.h"
#include "client/apache/configuration.h"
#include "client/apache/installation.h"

namespace cairn::client::apache {

/// Puts a virtual host for https behind `host`, which answers `names` at the port for http: its
/// text again, without what leads to https, at the same addresses, with the certificate. Where
/// `host` has no name of its own, the other has `names`. Returns what stands in the way, without
/// changing anything.
[[nodiscard]] std::vector<std::string> add_https_sibling(ConfigEdits& edits,
                                                         const Configuration& configuration,
                                                         const VirtualHost& host,
                                                         const std::vector<std::string>& names,
                                                         const InstallationWish& wish);

/// Puts a virtual host for https and `names` at the end of the first file, where the main server
/// answers them: it has from the main server what it does not say itself.
void add_https_host(ConfigEdits& edits, const Configuration& configuration,
                    const std::vector<std::string>& names, const InstallationWish& wish);

/// Has the server listen at the port for https, where it does not: at the addresses at which it
/// listens for http.
void add_listeners(ConfigEdits& edits, const Configuration& configuration, const Place& place);

/// The line of HSTS (RFC 6797).
[[nodiscard]] std::string hsts_line(const Place& place);

}  // namespace cairn::client::apache
