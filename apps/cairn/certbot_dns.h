#pragma once

#include <string_view>

namespace cairn {

/// A DNS plugin that comes from certbot itself.
struct CertbotDnsPlugin {
    std::string_view name;         ///< "dns-cloudflare", as --authenticator has it
    std::string_view flag;         ///< "--dns-cloudflare"
    std::string_view credentials;  ///< the flag with the file of credentials; empty: there is none
    std::string_view propagation;  ///< the flag with the seconds that it waits
    std::string_view provider;     ///< ours; empty: there is none
    /// What is to be known of the credentials, in a sentence; empty: nothing.
    std::string_view note{};
};

/// The plugin with this name; null if it is not certbot's own.
[[nodiscard]] const CertbotDnsPlugin* find_certbot_dns(std::string_view name);
/// The plugin that one of whose flags this is; null if it is none of theirs.
[[nodiscard]] const CertbotDnsPlugin* certbot_dns_of_flag(std::string_view flag);

}  // namespace cairn
