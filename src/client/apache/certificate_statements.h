#pragma once

#include <string>
#include <vector>

#include "client/apache/config_edits.h"
#include "client/apache/configuration.h"
#include "client/apache/installation.h"

namespace cairn::client::apache {

/// True if a certificate for `names` is one for `name`: itself, or a wildcard of its parent.
[[nodiscard]] bool covers(const std::vector<std::string>& names, std::string_view name);

/// True if TLS is spoken in `host` at this port: SSLEngine says so, or the Listen directive, or
/// it would if it had a certificate.
[[nodiscard]] bool speaks_tls(const Configuration& configuration, const VirtualHost& host,
                              std::uint16_t port);

/// True if `host` shows just these certificates, by directives of its own.
[[nodiscard]] bool shows(const VirtualHost& host, const std::vector<CertificatePair>& pairs);

/// True if `host` has no certificate, or the one that Debian makes for the time being.
[[nodiscard]] bool has_placeholder_certificate(const VirtualHost& host);

/// The lines for a host without a certificate: SSLEngine, the certificates, and Mozilla's
/// intermediate level if nothing is said of protocols and ciphers.
[[nodiscard]] std::vector<std::string> certificate_lines(const Configuration& configuration,
                                                         const VirtualHost* host,
                                                         const InstallationWish& wish);

/// Changes the directives of `host` so that it shows these certificates and no other. Returns what
/// stands in the way, without changing anything: directives outside of it that others stand on,
/// whose names the certificate is not for.
[[nodiscard]] std::vector<std::string> show_certificate(ConfigEdits& edits,
                                                        const Configuration& configuration,
                                                        const VirtualHost& host,
                                                        const InstallationWish& wish);

}  // namespace cairn::client::apache
