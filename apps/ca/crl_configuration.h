#pragma once

#include <string>

#include "apps/ca/configuration.h"
#include "base/toml_section.h"

namespace cairn::apps {

/// Reads `[crl]`: how revocation lists are kept up and where they are fetched.
void read_crl(base::TomlSection section, Configuration::Crl& crl);

/// Reads `[ocsp]`: whether certificates' status can be asked for, and where.
void read_ocsp(base::TomlSection section, Configuration::Ocsp& ocsp);

/// Where http URLs below `chosen` begin, without a final slash: that, or, if it is empty, the CA's
/// public URL with http. `public_url` has been checked.
[[nodiscard]] std::string plain_base(const std::string& chosen, const std::string& public_url);
/// The http URL below which revocation lists are named.
[[nodiscard]] std::string crl_base(const Configuration& configuration);
/// The URL of the OCSP responder; empty if there is none.
[[nodiscard]] std::string ocsp_url(const Configuration& configuration);

}  // namespace cairn::apps
