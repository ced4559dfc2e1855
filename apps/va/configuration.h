#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "apps/va/open_mpic_configuration.h"
#include "base/clock.h"
#include "base/ip_address.h"
#include "base/log.h"
#include "base/result.h"
#include "protocol/internet_registry.h"

namespace cairn::apps {

/// Everything that va.toml says, checked. Each member's name is its key's name.
struct PerspectiveConfiguration {
    std::string name;
    protocol::InternetRegistry region = protocol::InternetRegistry::arin;
    /// The public URL of the CA that may ask, in its one spelling.
    std::string ca_url;
    std::vector<std::string> listen{"0.0.0.0:8443"};
    /// Where /healthz is answered without TLS; empty: nowhere.
    std::string admin_listen;
    struct Validation {
        std::uint16_t http_port = 80;
        std::uint16_t https_port = 443;
        std::uint16_t tls_alpn_port = 443;
        std::vector<std::string> dns_servers;
        bool dnssec = true;
        std::string dns_trust_anchor_file, dns_root_hints_file;
        std::vector<base::IpNetwork> allow_networks;
        base::Seconds timeout{10};
        /// So many at once; further questions are refused.
        std::size_t in_flight = 4096;
    } validation;
    OpenMpicConfiguration open_mpic;
    struct Log {
        std::string file = "-";
        base::LogLevel level = base::LogLevel::info;
        std::optional<base::LogFormat> format;
    } log;
};

/// Reads va.toml with overrides, each "KEY=VALUE" with a dotted key and a TOML value. On failure
/// every finding is reported.
[[nodiscard]] base::Result<PerspectiveConfiguration, std::vector<base::Error>>
read_perspective_configuration(const std::string& toml, const std::vector<std::string>& overrides);

/// The configuration in `folder`/va.toml. Throws std::runtime_error with all that is wrong with it.
[[nodiscard]] PerspectiveConfiguration load_perspective_configuration(
    const std::filesystem::path& folder, const std::vector<std::string>& overrides);

/// The text of a new va.toml.
[[nodiscard]] std::string initial_perspective_configuration(
    const PerspectiveConfiguration& configuration);

/// Every key that a configuration may have, dotted.
[[nodiscard]] std::vector<std::string> perspective_configuration_keys();

}  // namespace cairn::apps
