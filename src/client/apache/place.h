#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace cairn::client::apache {

/// Which Apache is meant, the ports at which the world reaches it, and what is wanted of it.
struct Place {
    /// The folder of its configuration: "/etc/apache2"; empty: where the program looks by itself.
    std::filesystem::path folder{};
    /// Where requests for port 80 come in, and those for port 443: others behind a gateway.
    std::uint16_t http_port = 80, https_port = 443;

    /// For a target: lead http to https, and have browsers keep to https (RFC 6797) for this many
    /// seconds; 0: not.
    bool redirect = false;
    std::uint32_t hsts = 0;

    enum class Use { solver, target };
    /// Reads "[FOLDER][,http-port=PORT][,https-port=PORT]", for a target also ",redirect" and
    /// ",hsts[=SECONDS]"; the folder becomes absolute. The error says what is wrong.
    [[nodiscard]] static base::Result<Place> from_text(std::string_view text, Use use);
    /// The same again, without what is usual.
    [[nodiscard]] std::string text() const;
};

}  // namespace cairn::client::apache
