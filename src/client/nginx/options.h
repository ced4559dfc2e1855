#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace cairn::client::nginx {

/// Which nginx is meant, and what is wanted of it: "nginx:/srv/nginx.conf,redirect".
struct NginxOptions {
    /// The main file of the configuration; empty: where the program looks for it.
    std::filesystem::path configuration{};
    /// The folder that nginx calls its prefix; empty: as it was built.
    std::filesystem::path prefix{};
    /// The program, with a path or without.
    std::string program = "nginx";
    /// Where names are answered without TLS, and where with it.
    std::uint16_t http_port = 80, https_port = 443;
    /// A line (`CommandWords`) that has nginx read its configuration anew; empty: `nginx -s
    /// reload`.
    std::string reload{};
    /// Requests without TLS are sent on to HTTPS.
    bool redirects = false;
    /// Strict-Transport-Security with this many seconds; nothing: without.
    std::optional<std::uint32_t> hsts{};

    enum class Use { solver, target };
    /// Reads what stands behind "nginx:", words with commas between them. The error says all that
    /// is wrong.
    [[nodiscard]] static base::Result<NginxOptions> from_text(std::string_view text, Use use);
    /// The same text, with absolute paths; empty if all is as usual.
    [[nodiscard]] std::string to_string() const;

    static constexpr std::string_view solver_usage =
        "nginx[:FILE][,program=FILE][,prefix=DIR][,http-port=N][,reload=COMMAND]";
    static constexpr std::string_view target_usage =
        "nginx[:FILE][,redirect][,hsts[=SECONDS]][,program=FILE][,prefix=DIR][,http-port=N]"
        "[,https-port=N][,reload=COMMAND]";
};

}  // namespace cairn::client::nginx
