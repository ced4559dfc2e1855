#include "apps/cairn/foreign_words.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "apps/command_line/unknown_word.h"
#include "base/result.h"

namespace cairn {
namespace {

struct ForeignWord {
    std::string_view word;
    std::string_view whose;
    std::string_view ours;
};

constexpr std::string_view certbot = "certbot";
constexpr std::string_view lego = "lego";
constexpr std::string_view acme_sh = "acme.sh";

constexpr auto foreign_words = std::to_array<ForeignWord>({
    // Commands
    {"certonly", certbot,
     "`cairn issue` (and `cairn certbot certonly` with its flags as they are)"},
    {"run", certbot, "`cairn issue` (lego's run, too)"},
    {"certificates", certbot, "`cairn status`"},
    {"enhance", certbot,
     "cairn set LINEAGE --deploy nginx:redirect (or apache:redirect; hsts too)"},
    {"install", certbot, "`cairn set LINEAGE --deploy nginx`, and `cairn deploy LINEAGE`"},
    {"reconfigure", certbot, "`cairn set LINEAGE`"},
    {"register", certbot, "`cairn account register`"},
    {"unregister", certbot, "`cairn account deactivate`"},
    {"update_account", certbot, "`cairn account update`"},
    {"show_account", certbot, "`cairn account show`"},
    {"plugins", certbot, "`cairn issue --help`, which lists the solvers"},
    {"list", lego, "`cairn status`"},
    {"dnshelp", lego, "`cairn dns list`"},
    {"obtain", lego, "`cairn issue`"},
    {"migrate", lego, "`cairn import lego DIR`"},
    {"new", acme_sh, "`cairn issue`"},
    // Flags of certbot
    {"--domains", certbot, "-d NAME, once for each name (lego's, too)"},
    {"--domain", certbot, "-d NAME"},
    {"--cert-name", certbot, "--name LINEAGE of `issue`; other commands take the name as it is"},
    {"--standalone", certbot, "--solver standalone (acme.sh's, too)"},
    {"--webroot", certbot, "--solver webroot:DIR (acme.sh's, too)"},
    {"--webroot-path", certbot, "--solver webroot:DIR, or -d NAME=webroot:DIR for one name"},
    {"-w", certbot, "--solver webroot:DIR, or -d NAME=webroot:DIR for one name (acme.sh's, too)"},
    {"--manual", certbot, "--solver manual"},
    {"--manual-auth-hook", certbot,
     "--solver exec:PROGRAM; `cairn certbot` runs hooks for certbot"},
    {"--manual-cleanup-hook", certbot,
     "--solver exec:PROGRAM; `cairn certbot` runs hooks for certbot"},
    {"--preferred-challenges", certbot,
     "a solver: standalone and webroot do http-01, exec and dns do dns-01, tls-alpn tls-alpn-01"},
    {"--http-01-port", certbot, "--solver standalone:ADDR:PORT"},
    {"--http-01-address", certbot, "--solver standalone:ADDR:PORT"},
    {"-m", certbot, "--email ADDR (lego's, too)"},
    {"--register-unsafely-without-email", certbot, "to leave --email out"},
    {"-n", certbot, "to leave it out: nobody is asked anything without a terminal"},
    {"--non-interactive", certbot, "to leave it out: nobody is asked anything without a terminal"},
    {"--rsa-key-size", certbot, "--key-type rsa2048, rsa3072 or rsa4096"},
    {"--elliptic-curve", certbot, "--key-type ec-p256 or ec-p384"},
    {"--force-renewal", certbot, "--force"},
    {"--keep-until-expiring", certbot, "to leave it out: what stands and is good is left alone"},
    {"--expand", certbot, "--name LINEAGE with all names that it is to have"},
    {"--test-cert", certbot, "--staging"},
    {"--server", certbot, "--ca URL (lego's and acme.sh's, too)"},
    {"--eab-hmac-key", certbot, "--eab-hmac-key-file FILE, so that no other user sees it"},
    {"--preferred-profile", certbot, "--profile P"},
    {"--renew-hook", certbot, "--deploy-hook PROGRAM (lego's, too)"},
    {"--config-dir", certbot, "--state DIR; `cairn import certbot DIR` takes over what is there"},
    {"--work-dir", certbot, "not needed: temporary files stand beside the state"},
    {"--logs-dir", certbot, "`cairn explain`, which shows what each attempt came to"},
    {"--cert-path", certbot, "--cert FILE of `cairn revoke` (lego's is live/NAME of the state)"},
    {"--key-path", certbot, "--key FILE of `cairn revoke`"},
    {"--no-random-sleep-on-renew", certbot, "to leave it out: `cairn renew` begins at once"},
    {"--ip-address", certbot, "-d ADDRESS"},
    {"--nginx", certbot, "--solver nginx --deploy nginx"},
    {"--apache", certbot, "--solver apache --deploy apache"},
    {"--must-staple", certbot, "gone: CAs offer no OCSP any more"},
    // Flags of lego
    {"--accept-tos", lego, "--agree-tos"},
    {"--path", lego, "--state DIR; `cairn import lego DIR` takes over what is there"},
    {"--http", lego, "--solver standalone, or webroot:DIR for --http.webroot DIR"},
    {"--http.port", lego, "--solver standalone:ADDR:PORT"},
    {"--http.webroot", lego, "--solver webroot:DIR"},
    {"--tls", lego, "--solver tls-alpn"},
    {"--tls.port", lego, "--solver tls-alpn:ADDR:PORT"},
    {"--dns.resolvers", lego, "--resolver ADDR"},
    {"--dns.disable-cp", lego, "--propagation none"},
    {"--dns.propagation-wait", lego, "--propagation DURATION"},
    {"--eab", lego, "--eab-kid ID with --eab-hmac-key-file FILE"},
    {"--kid", lego, "--eab-kid ID"},
    {"--hmac", lego, "--eab-hmac-key-file FILE, so that no other user sees it"},
    {"--filename", lego, "--name LINEAGE"},
    {"--days", lego, "--renew-before DURATION of `issue` and `set` (acme.sh's, too)"},
    {"--cert.timeout", lego, "--ca-timeout DURATION"},
    {"--issuance-timeout", certbot, "--ca-timeout DURATION"},
    {"--run-hook", lego, "--deploy-hook PROGRAM"},
    {"--no-bundle", lego, "live/NAME/cert.pem, which stands beside fullchain.pem"},
    {"--pem", lego, "live/NAME: fullchain.pem and privkey.pem"},
    {"--pfx", lego, "--deploy pkcs12:FILE,password-file=FILE"},
    {"--pfx.pass", lego, "--deploy pkcs12:FILE,password-file=FILE"},
    {"--disable-cn", lego, "to leave it out: certificates are ordered without a common name"},
    {"--no-random-sleep", lego, "to leave it out: `cairn renew` begins at once"},
    {"--ari-disable", lego,
     "--renew-before DURATION, where the CA's advice is not to be waited for"},
    {"--renew-force", lego, "`cairn renew --force`"},
    {"--dns.propagation-disable-ans", lego, "--propagation resolver, or none"},
    {"--dns.propagation-rns", lego, "--propagation resolver"},
    {"--dns-timeout", lego, "not needed: each server has five seconds"},
    {"--key", lego, "--key-type KIND for the kind of a key; --key FILE belongs to `cairn revoke`"},
    // Flags of acme.sh
    {"--issue", acme_sh, "`cairn issue`"},
    {"--renew", acme_sh, "`cairn renew LINEAGE`"},
    {"--renew-all", acme_sh, "`cairn renew`"},
    {"-r", acme_sh, "`cairn renew LINEAGE`"},
    {"--cron", acme_sh, "`cairn renew -q`, or `cairn daemon`"},
    {"--revoke", acme_sh, "`cairn revoke LINEAGE`"},
    {"--remove", acme_sh, "`cairn delete LINEAGE`"},
    {"--list", acme_sh, "`cairn status`"},
    {"--info", acme_sh, "`cairn status LINEAGE`"},
    {"--install-cert", acme_sh,
     "--deploy files,fullchain=PATH,key=PATH,reload=COMMAND, or servers read live/NAME of the "
     "state"},
    {"--installcert", acme_sh,
     "--deploy files,fullchain=PATH,key=PATH,reload=COMMAND, or servers read live/NAME of the "
     "state"},
    {"--renew-all", acme_sh, "`cairn renew`"},
    {"--deactivate", acme_sh, "not there: a proof that was given expires by itself"},
    {"--to-pkcs12", acme_sh, "`cairn deploy LINEAGE pkcs12:FILE,password-file=FILE`"},
    {"--signcsr", acme_sh, "`cairn issue --csr FILE`"},
    {"--sign-csr", acme_sh, "`cairn issue --csr FILE`"},
    {"--set-notify", acme_sh, "[notify] in cairn.toml, and `cairn notify test`"},
    {"--notify-hook", acme_sh, "[notify] in cairn.toml, and `cairn notify test`"},
    {"--uninstall", acme_sh, "not there: packages are removed by the system"},
    {"--install-cronjob", acme_sh, "the unit cairn-renew.timer, or `cairn daemon`"},
    {"--register-account", acme_sh, "`cairn account register`"},
    {"--deactivate-account", acme_sh, "`cairn account deactivate`"},
    {"--update-account", acme_sh, "`cairn account update`"},
    {"--set-default-ca", acme_sh, "--ca of each `cairn issue`, which its renewals keep"},
    {"--dns", acme_sh,
     "--solver dns:PROVIDER; dns:acme.sh-dns_NAME is its own script (lego's, too)"},
    {"--alpn", acme_sh, "--solver tls-alpn"},
    {"--httpport", acme_sh, "--solver standalone:ADDR:PORT"},
    {"--tlsport", acme_sh, "--solver tls-alpn:ADDR:PORT"},
    {"--keylength", acme_sh, "--key-type ec-p256, ec-p384, rsa2048, rsa3072 or rsa4096"},
    {"-k", acme_sh, "--key-type ec-p256, ec-p384, rsa2048, rsa3072 or rsa4096"},
    {"--ecc", acme_sh, "--key-type ec-p256, which is so by default"},
    {"--home", acme_sh, "--state DIR; `cairn import acme.sh DIR` takes over what is there"},
    {"--config-home", acme_sh, "--state DIR"},
    {"--cert-home", acme_sh, "--state DIR"},
    {"--accountemail", acme_sh, "--email ADDR"},
    {"--reloadcmd", acme_sh, "--deploy-hook PROGRAM"},
    {"--fullchain-file", acme_sh,
     "--deploy files,fullchain=PATH,key=PATH, or live/NAME/fullchain.pem of the state"},
    {"--key-file", acme_sh,
     "--deploy files,fullchain=PATH,key=PATH, or live/NAME/privkey.pem of the state"},
    {"--domain-alias", acme_sh, "a CNAME at _acme-challenge.NAME, which is followed by itself"},
    {"--ocsp", acme_sh, "gone: CAs offer no OCSP any more"},
    {"--ocsp-must-staple", acme_sh, "gone: CAs offer no OCSP any more"},
    {"--listen-v4", acme_sh, "--solver standalone:0.0.0.0:80"},
    {"--listen-v6", acme_sh, "--solver standalone:[::]:80"},
    {"--local-address", acme_sh, "--solver standalone:ADDR:PORT"},
    {"--stateless", acme_sh, "--solver nginx or apache, which need no configuration for it"},
    {"--ca-file", acme_sh, "live/NAME/chain.pem of the state"},
    {"--cert-file", acme_sh, "live/NAME/cert.pem of the state"},
    {"--ca-bundle", acme_sh, "--ca-root FILE"},
    {"--insecure", acme_sh, "not there: name the CA's roots with --ca-root FILE"},
    {"--dnssleep", acme_sh, "--propagation DURATION"},
    {"--challenge-alias", acme_sh, "a CNAME at _acme-challenge.NAME, which is followed by itself"},
    {"--always-force-new-domain-key", acme_sh, "to leave it out: every certificate has a new key"},
    {"--log", acme_sh, "`cairn explain`, which shows what each attempt came to"},
    {"--debug", acme_sh, "-v"},
    {"--test", acme_sh, "--staging"},
    {"--install", acme_sh, "not needed: the program is all there is"},
    {"--upgrade", acme_sh, "not there: packages are upgraded by the system"},
});

}  // namespace

std::optional<std::string> our_way(std::string_view word) {
    const auto* const known = std::ranges::find(foreign_words, word, &ForeignWord::word);
    if (known != foreign_words.end())
        return fmt::format("{}'s {} is {} here", known->whose, known->word, known->ours);
    // "--dns-cloudflare-credentials" and "--dns.propagation-rns" are of families.
    if (word.starts_with("--dns-"))
        return fmt::format("certbot's {} is --solver dns:PROVIDER or exec:PROGRAM here",
                           base::printable(word, 60));
    if (word.starts_with("dns_"))
        return fmt::format("acme.sh's {} is --solver dns:PROVIDER or exec:PROGRAM here",
                           base::printable(word, 60));
    return std::nullopt;
}

std::optional<std::string> answer_to_unknown_word(CLI::App& program,
                                                  const std::vector<std::string>& words) {
    const auto unknown = command_line::find_unknown_word(program, words);
    if (!unknown) return std::nullopt;
    if (const auto ours = our_way(unknown->word))
        return fmt::format("{}; {}", unknown->finding, *ours);
    return unknown->sentence;
}

}  // namespace cairn
