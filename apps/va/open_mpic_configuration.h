#pragma once

#include <string>
#include <vector>

#include "apps/perspective/open_mpic_endpoint.h"
#include "base/toml_section.h"
#include "protocol/internet_registry.h"

namespace cairn::apps {

/// What [open_mpic] of va.toml says: whether and how this perspective serves the Open MPIC API.
/// Files are relative to the perspective's folder or absolute.
struct OpenMpicConfiguration {
    /// Where it is served; empty: nowhere.
    std::vector<std::string> listen;
    /// By what this server proves who it is, in PEM, its certificate first.
    std::string certificate_file, key_file;
    /// Keys by which clients are known, one on a line; empty: none is asked for.
    std::string api_key_file;
    /// PEM of the authority whose clients alone get through the handshake; empty: no certificate is
    /// asked for.
    std::string client_roots_file;
    /// By which names CAA records may name the CA, if a request names none.
    std::vector<std::string> caa_domains;
    /// Another service of this API that looks as well, as one perspective.
    struct Peer {
        std::string code;
        protocol::InternetRegistry region = protocol::InternetRegistry::arin;
        OpenMpicEndpoint endpoint;
    };
    std::vector<Peer> peers;
};

/// Reads the table. `own_code`: what no peer may be called.
[[nodiscard]] OpenMpicConfiguration read_open_mpic(base::TomlSection section,
                                                   const std::string& own_code);

}  // namespace cairn::apps
