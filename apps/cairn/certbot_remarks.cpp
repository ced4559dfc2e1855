#include "apps/cairn/certbot_remarks.h"

#include <algorithm>
#include <array>
#include <span>

namespace cairn {
namespace {

constexpr std::string_view read_from_apache =
    "Apache itself is asked where its configuration, modules and sites are.";
constexpr std::string_view no_ocsp =
    "CAs offer no OCSP any more, so that there is nothing to staple.";

/// Flags that ask for what is so anyway, or for what does not exist here.
constexpr auto needless = std::to_array<CertbotRemark>({
    {"--work-dir", "nothing is kept there: temporary files stand beside the state."},
    {"--logs-dir", "there is no log: `cairn explain` shows what each attempt came to."},
    {"--max-log-backups", "there is no log: `cairn explain` shows what each attempt came to."},
    {"--no-permissions-check", "permissions are checked where they matter."},
    {"--strict-permissions", "permissions are checked where they matter."},
    {"--user-agent", "CAs are told \"Cairn\" and its version."},
    {"--user-agent-comment", "CAs are told \"Cairn\" and its version."},
    {"--eff-email", "no address is given to the EFF."},
    {"--new-key", "every certificate has a new key unless --reuse-key is said."},
    {"--debug", "-v tells what each request came to."},
    {"--disable-hook-validation", "hooks are looked for before anything is ordered."},
    {"--nginx-sleep-seconds", "nginx is looked at until it shows what it was told to read."},
    {"--apache-challenge-location", "the lines for a challenge stand in the virtual hosts."},
    {"--apache-vhost-root", read_from_apache},
    {"--apache-logs-root", read_from_apache},
    {"--apache-handle-modules", read_from_apache},
    {"--apache-handle-sites", read_from_apache},
    {"--apache-enmod", read_from_apache},
    {"--apache-dismod", read_from_apache},
    {"--apache-le-vhost-ext", "a virtual host for https stands in the file of the one for http."},
    {"--staple-ocsp", no_ocsp},
    {"--no-staple-ocsp", no_ocsp},
});

/// Flags that cannot be obeyed.
constexpr auto refused = std::to_array<CertbotRemark>({
    {"--uir", "add `upgrade-insecure-requests` to the server's configuration yourself."},
    {"--apache-ctl", "Apache is found by itself; of several, name one by --apache-server-root."},
    {"--apache-bin", "Apache is found by itself; of several, name one by --apache-server-root."},
    {"--must-staple", "CAs offer no OCSP any more; leave it out."},
    {"--no-verify-ssl", "a CA is always verified: name its roots with --ca-root FILE."},
    {"--account",
     "accounts have names here: `cairn account list`, and --account NAME of `cairn issue`."},
    {"--config",
     "write the options into the command line, or certificates into a file for `cairn apply`."},
    {"--allow-subset-of-names", "a certificate is issued for all of its names or not at all."},
    {"--duplicate", "give the second certificate a name of its own with --cert-name."},
    {"--debug-challenges", "`cairn doctor NAME` shows what a CA would see."},
    {"--no-autorenew", "every lineage is renewed; `cairn delete` ends one."},
    {"--https-port", "say --standalone; tls-alpn-01 is `cairn issue --solver tls-alpn:ADDR:PORT`."},
    {"--run-deploy-hooks", "`cairn deploy LINEAGE` runs them."},
    {"--chain-path", "the files are in live/NAME of the state."},
    {"--fullchain-path", "the files are in live/NAME of the state."},
});

/// What certbot does with each command that has no counterpart.
constexpr auto refused_verbs = std::to_array<CertbotRemark>({
    {"rollback",
     "`cairn deploy LINEAGE --take-back` undoes the last change of a web server's configuration; "
     "`cairn rollback LINEAGE` makes the certificate before live again."},
    {"plugins", "`cairn issue --help` lists the solvers."},
    {"config_changes",
     "`cairn deploy LINEAGE --take-back` undoes the last change of a web server's configuration."},
    {"update_symlinks", "`cairn renew` mends links by itself."},
});

const CertbotRemark* remark_on(std::span<const CertbotRemark> remarks, std::string_view word) {
    const auto found = std::ranges::find(remarks, word, &CertbotRemark::word);
    return found == remarks.end() ? nullptr : &*found;
}

}  // namespace

const CertbotRemark* remark_on_needless(std::string_view flag) {
    return remark_on(needless, flag);
}
const CertbotRemark* remark_on_refused(std::string_view flag) {
    return remark_on(refused, flag);
}
const CertbotRemark* remark_on_refused_verb(std::string_view verb) {
    return remark_on(refused_verbs, verb);
}

}  // namespace cairn
