#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace cairn::client::apache {

/// Which Apache is meant, and the ports at which the world reaches it.
struct Place {
    /// The folder of its configuration: "/etc/apache2"; empty: where the program looks by itself.
    std::filesystem::path folder{};
    /// Where requests for port 80 come in, and those for port 443: others behind a gateway.
    std::uint16_t http_port = 80, https_port = 443;

    /// Reads "[FOLDER][,http-port=PORT][,https-port=PORT]"; the folder becomes absolute.
    [[nodiscard]] static base::Result<Place> from_text(std::string_view text);
    /// The same again, without what is usual.
    [[nodiscard]] std::string text() const;
};

/// A port's number, 1 to 65535.
[[nodiscard]] base::Result<std::uint16_t> port_number(std::string_view text);

}  // namespace cairn::client::apache
