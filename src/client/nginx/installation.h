#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "client/deploy/file_edits.h"
#include "client/nginx/configuration.h"
#include "client/nginx/options.h"
#include "client/nginx/server_choice.h"
#include "protocol/identifier.h"

namespace cairn::client::nginx {

/// Files of one certificate, as they are to stand in the configuration.
struct CertificatePair {
    std::filesystem::path certificate, key;
};

/// What is to be installed: a certificate for `names`, once for each kind of key.
struct Installation {
    std::vector<protocol::Identifier> names;
    /// At least one.
    std::vector<CertificatePair> pairs;
    NginxOptions options;
};

/// Where a name is shown by TLS once the edits are made.
struct TlsPlace {
    protocol::Identifier name;
    ListenHost host;
    std::uint16_t port = 443;
    /// Its connections begin with a header of the PROXY protocol.
    bool speaks_proxy_protocol = false;
};

/// What has to change in a configuration, or why it cannot.
struct InstallationPlan {
    std::vector<FileEdit> edits;
    std::vector<TlsPlace> places;
    /// Sentences on what was left as it is though one might expect a change.
    std::vector<std::string> remarks;
    /// Why a name, or an option, cannot be installed, with what to do about it. With any of these,
    /// there are no edits.
    std::vector<std::string> refusals;
};

/// Plans the smallest change by which each name is answered with the certificates:
///
/// - A server block that answers a name by TLS gets them in the place of those that it has. It is
///   refused where the block also answers other names, and has a certificate for these.
/// - A name that is answered without TLS alone gets `listen ... ssl` in the same block, beside each
///   address at which it is answered, the certificates, and of the settings of TLS those that
///   neither the block nor `http` has, by Mozilla's intermediate level.
/// - A name that no block has is refused: what the default server answers is not for it.
[[nodiscard]] InstallationPlan plan_installation(const Configuration& configuration,
                                                 const Installation& installation);

}  // namespace cairn::client::nginx
