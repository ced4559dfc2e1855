#pragma once

#include <string>
#include <vector>

#include "client/apache/configuration.h"
#include "client/lineage.h"

namespace cairn::client::apache {

/// Why a virtual host that shows one of these certificates, as its files stand, could not do so
/// with its SSLCertificateFile, its key, and the security level of its SSLCipherSuite. `apache2 -t`
/// does not look at that, and a server that reads it ends. Empty if there is nothing.
[[nodiscard]] std::string refusal_of(const Configuration& configuration,
                                     const std::vector<CertificateFiles>& certificates);

}  // namespace cairn::client::apache
