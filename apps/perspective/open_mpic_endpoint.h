#pragma once

#include <string>
#include <string_view>

#include "base/enum_table.h"
#include "base/toml_section.h"

namespace cairn::apps {

/// Where a service that speaks the Open MPIC API is, and by what it and its client know each other.
/// Files are relative to the program's folder or absolute.
struct OpenMpicEndpoint {
    /// Without a final slash; "/mpic" is appended.
    std::string url{};
    /// Holds one key; empty: none is sent.
    std::string api_key_file{};
    /// The header field that the key is sent in.
    enum class KeyField {
        x_api_key,  ///< as gateways of clouds take it
        bearer,     ///< Authorization: Bearer KEY (RFC 6750)
    };
    KeyField key_field = KeyField::x_api_key;
    /// PEM of the roots that the service's certificate stands below; empty: the system's.
    std::string roots_file{};
    /// Who this client is, in PEM, for services that ask; both or neither.
    std::string client_certificate_file{}, client_key_file{};
    friend bool operator==(const OpenMpicEndpoint&, const OpenMpicEndpoint&) = default;
};

/// As configurations name them.
inline constexpr base::EnumTable<OpenMpicEndpoint::KeyField, std::string_view> key_field_names({
    {OpenMpicEndpoint::KeyField::x_api_key, "x-api-key"},
    {OpenMpicEndpoint::KeyField::bearer, "authorization"},
});

/// Reads the keys `url`, `api_key_file`, `api_key_field`, `roots_file`, `client_certificate_file`
/// and `client_key_file` of a table.
[[nodiscard]] OpenMpicEndpoint read_open_mpic_endpoint(base::TomlSection& section);

}  // namespace cairn::apps
