#pragma once

#include <map>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "client/nginx/configuration.h"
#include "client/nginx/installation.h"
#include "client/nginx/splices.h"

namespace cairn::client::nginx {

/// The changes of all files.
using FileSplices = std::map<const ConfigurationFile*, Splices>;
/// Those of one file.
[[nodiscard]] Splices& splices_of(FileSplices& all, const ConfigurationFile& file);

/// `ssl_certificate` and `ssl_certificate_key` for each pair.
[[nodiscard]] std::vector<std::string> lines_of(std::span<const CertificatePair> pairs);

/// Gives the server these certificates in the place of those that it names; if it names none, they
/// are added. Directives in a file that it includes are changed there if only servers of `selected`
/// include it; otherwise the `include` gives way to what else is in the file. The error says why
/// that is not possible.
[[nodiscard]] base::Result<void> replace_certificates(const Configuration& configuration,
                                                      std::size_t server,
                                                      const std::set<std::size_t>& selected,
                                                      std::span<const CertificatePair> pairs,
                                                      FileSplices& splices);

/// Adds lines to a server block, behind its last `listen` or at its beginning.
void add_to_server(const ServerBlock& server, std::span<const std::string> lines,
                   FileSplices& splices);

}  // namespace cairn::client::nginx
