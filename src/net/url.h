#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace cairn::net {

/// An absolute http or https URL (RFC 3986), ASCII, at most 2,000 octets, without userinfo and
/// fragment. The host is a lower-case name without final dot, or an address in canonical text.
class Url {
  public:
    [[nodiscard]] static base::Result<Url> from_text(std::string_view text);
    /// Resolves a Location against this URL: absolute, scheme-relative, path-absolute or relative
    /// references, with dot segments removed (RFC 3986 section 5.2).
    [[nodiscard]] base::Result<Url> resolve(std::string_view reference) const;

    [[nodiscard]] bool is_https() const { return https_; }
    /// Without brackets.
    [[nodiscard]] const std::string& host() const { return host_; }
    /// True if the host is an IPv4 or IPv6 address.
    [[nodiscard]] bool host_is_address() const { return host_is_address_; }
    /// The port; the default one of the scheme if none was given.
    [[nodiscard]] std::uint16_t port() const { return port_; }
    /// Path and query, at least "/".
    [[nodiscard]] const std::string& target() const { return target_; }
    /// host[:port], without the port if it is the default one of the scheme; IPv6 in brackets.
    [[nodiscard]] std::string authority() const;
    /// The whole URL in normal form.
    [[nodiscard]] std::string to_string() const;
    friend bool operator==(const Url&, const Url&) = default;

  private:
    Url() = default;
    bool https_ = false;
    bool host_is_address_ = false;
    std::string host_;
    std::uint16_t port_ = 0;
    std::string target_;
};

}  // namespace cairn::net
