#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "apps/cairn/certbot_words.h"

namespace cairn {

/// Our solver that answers by way of the web server "nginx" or "apache", with what the command line
/// says of where that is: "nginx:/srv/nginx/nginx.conf".
[[nodiscard]] std::string solver_of_server(const CertbotWords& words, std::string_view server);

/// The web server that is to get the certificate, as a command line of certbot says it.
class CertbotInstaller {
  public:
    /// What cannot be translated is added to `findings`. Both outlive it.
    CertbotInstaller(const CertbotWords& words, std::vector<std::string>& findings)
        : words_(words), findings_(findings) {}

    /// "nginx" or "apache"; nothing where none is named.
    [[nodiscard]] std::optional<std::string> server() const;
    /// True if one is named apart from who proves control (`-i nginx`).
    [[nodiscard]] bool is_named_alone() const;

    enum class Redirect { unless_refused, if_said };
    /// Our deploy target for it: "nginx,redirect=yes,hsts=31536000".
    [[nodiscard]] std::string target(std::string_view server, Redirect redirect);
    /// True if something is said of how the server is to answer: --redirect, --hsts.
    [[nodiscard]] bool says_how_to_answer() const;

  private:
    const CertbotWords& words_;
    std::vector<std::string>& findings_;
};

/// What has the web server read its files again.
[[nodiscard]] std::string_view reload_of_server(std::string_view server);

}  // namespace cairn
