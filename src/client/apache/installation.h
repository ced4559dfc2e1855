#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "client/apache/config_edits.h"
#include "client/apache/configuration.h"
#include "client/apache/place.h"
#include "client/failure.h"
#include "net/socket_address.h"

namespace cairn::client::apache {

/// Files of one certificate: leaf and intermediates in one, and the key.
struct CertificatePair {
    std::filesystem::path full_chain, key;
};

/// What is to be installed.
struct InstallationWish {
    /// Of the certificate: host names, addresses, "*.example".
    std::vector<std::string> names;
    /// At least one; one for each kind of key.
    std::vector<CertificatePair> pairs;
    Place place{};
};

/// Where a name is answered with the certificate afterwards.
struct SecuredName {
    std::string name;
    net::SocketAddress reached_at;
};

/// How the configuration is to change, and what there is to say of it.
struct Installation {
    ConfigEdits edits;
    std::vector<SecuredName> names;
    /// Sentences: which virtual hosts are changed and how, which names are not answered.
    std::vector<std::string> remarks;
};

/// Decides the smallest change by which the virtual hosts that answer the names at the port for
/// https show the certificate: their SSLCertificateFile and its kin, and nothing where they say so
/// already. A name that is answered at the port for http alone gets a virtual host for https behind
/// the one that it has, with a copy of its text. No other virtual host shows the certificate, or is
/// chosen for other names than before. Pure. Throws Failure with all that stands in the way.
[[nodiscard]] Installation plan_installation(const Configuration& configuration,
                                             const InstallationWish& wish);

/// Throws Failure unless `after` answers each name with the certificate, and all others as
/// `before` does.
void expect_installed(const Configuration& before, const Configuration& after,
                      const InstallationWish& wish, const Installation& installation);

}  // namespace cairn::client::apache
