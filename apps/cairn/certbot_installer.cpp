#include "apps/cairn/certbot_installer.h"

#include "apps/cairn/certbot_proof.h"
#include "base/result.h"

namespace cairn {
namespace {

/// As certbot sets it: a year.
constexpr std::string_view hsts = "hsts=31536000";

/// Where a web server is, as far as it is not the usual one.
struct ServerPlace {
    std::string path;  ///< its main file, or its folder
    std::vector<std::string> options;
};

ServerPlace place_of(const CertbotWords& words, std::string_view server) {
    ServerPlace place;
    if (server == "nginx") {
        if (auto root = words.value_of("--nginx-server-root"); root && !root->empty()) {
            while (root->size() > 1 && root->ends_with('/')) root->pop_back();
            // What certbot and Debian take for it unless something else is said.
            if (*root != "/etc/nginx") place.path = *root + "/nginx.conf";
        }
        if (const auto program = words.value_of("--nginx-ctl"); program && *program != "nginx")
            place.options.push_back("program=" + *program);
    } else if (const auto root = words.value_of("--apache-server-root")) {
        if (*root != "/etc/apache2" && *root != "/etc/httpd") place.path = *root;
    }
    return place;
}

}  // namespace

std::string solver_of_server(const CertbotWords& words, std::string_view server) {
    const auto place = place_of(words, server);
    std::string text;
    const auto add = [&](const std::string& part) { text += (text.empty() ? ":" : ",") + part; };
    if (!place.path.empty()) add(place.path);
    for (const auto& option : place.options) add(option);
    return std::string(server) + text;
}

std::string_view reload_of_server(std::string_view server) {
    return server == "nginx" ? "nginx -s reload" : "apachectl graceful";
}

std::optional<std::string> CertbotInstaller::server() const {
    std::optional<std::string> server;
    for (const auto& flag : words_.flags) {
        std::string said;
        if (flag.name == "--nginx" || flag.name == "--apache")
            said = flag.name.substr(2);
        else if (flag.name == "--installer" || flag.name == "--configurator")
            said = flag.value;
        else
            continue;
        if (said != "nginx" && said != "apache") {
            add_finding(findings_, std::string(flag.name) + " " + base::printable(said, 60),
                        "nginx and apache are known; `cairn deploy --help` lists other servers.");
            continue;
        }
        if (server && *server != said) add_finding(findings_, flag.name, *server + " is said too.");
        server = said;
    }
    return server;
}

bool CertbotInstaller::is_named_alone() const {
    return words_.has("--installer");
}

bool CertbotInstaller::says_how_to_answer() const {
    return words_.has("--redirect") || words_.has("--hsts");
}

std::string CertbotInstaller::target(std::string_view server, Redirect redirect) {
    if (words_.has("--redirect") && words_.has("--no-redirect"))
        add_finding(findings_, "--no-redirect", "--redirect is said too.");
    if (words_.has("--hsts") && words_.has("--no-hsts"))
        add_finding(findings_, "--no-hsts", "--hsts is said too.");
    const auto place = place_of(words_, server);
    std::string text(server);
    if (!place.path.empty()) text += ":" + place.path;
    for (const auto& option : place.options) text += "," + option;
    const bool is_redirected = words_.has("--redirect") || (redirect == Redirect::unless_refused &&
                                                            !words_.has("--no-redirect"));
    if (is_redirected) text += ",redirect=yes";
    if (words_.has("--hsts")) text += "," + std::string(hsts);
    return text;
}

}  // namespace cairn
