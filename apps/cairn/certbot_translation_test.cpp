#include "apps/cairn/certbot_translation.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/command_words.h"

namespace cairn::certbot_translation_test {
namespace {

using ::testing::HasSubstr;

/// Our command lines for one of certbot's, one a line; or what cannot be translated.
std::string ours(const std::string& theirs) {
    const auto line = client::CommandWords::from_text("certbot " + theirs);
    if (!line) return line.error().message;
    const auto words = CertbotWords::from_words(line->arguments());
    if (!words) return "? " + words.error().message;
    const auto translation = translated(*words);
    if (!translation) return "! " + translation.error().message;
    std::string text;
    for (const auto& command : translation->commands)
        text += (text.empty() ? "" : "\n") + typed(command.words).substr(6);
    return text;
}

struct Case {
    const char* theirs;
    const char* ours;
};

// As people paste them from guides.
constexpr Case cases[] = {
    {"certonly --standalone -d example.com", "issue -d example.com --solver standalone"},
    {"certonly --standalone -d example.com -d www.example.com",
     "issue -d example.com -d www.example.com --solver standalone"},
    {"certonly --standalone -d example.com,www.example.com",
     "issue -d example.com -d www.example.com --solver standalone"},
    {"certonly --standalone --domains example.com", "issue -d example.com --solver standalone"},
    {"certonly --standalone --domain=example.com", "issue -d example.com --solver standalone"},
    {"--standalone certonly -d example.com", "issue -d example.com --solver standalone"},
    {"certonly --standalone -dexample.com", "issue -d example.com --solver standalone"},
    {"certonly -n --standalone --agree-tos -m you@example.com -d example.com",
     "issue -d example.com --solver standalone --email you@example.com --agree-tos"},
    {"certonly --non-interactive --agree-tos --email you@example.com --standalone -d example.com "
     "--no-eff-email",
     "issue -d example.com --solver standalone --email you@example.com --agree-tos"},
    {"certonly --standalone --preferred-challenges http -d mail.example.com",
     "issue -d mail.example.com --solver standalone"},
    {"certonly --standalone --http-01-port 8080 -d a.example",
     "issue -d a.example --solver standalone:0.0.0.0:8080"},
    {"certonly --standalone --http-01-address 192.0.2.1 -d a.example",
     "issue -d a.example --solver standalone:192.0.2.1:80"},
    {"certonly --standalone --http-01-address 2001:db8::1 --http-01-port 81 -d a.example",
     "issue -d a.example --solver 'standalone:[2001:db8::1]:81'"},
    {"certonly -a standalone -d a.example", "issue -d a.example --solver standalone"},
    {"certonly --authenticator webroot -w /srv -d a.example",
     "issue -d a.example --solver webroot:/srv"},
    {"certonly --webroot -w /var/www/html -d example.com -d www.example.com",
     "issue -d example.com -d www.example.com --solver webroot:/var/www/html"},
    {"certonly --webroot --webroot-path /var/www/html -d example.com",
     "issue -d example.com --solver webroot:/var/www/html"},
    {"certonly --webroot --webroot-path=/var/www/certbot -d example.com --email you@example.com "
     "--agree-tos --no-eff-email",
     "issue -d example.com --solver webroot:/var/www/certbot --email you@example.com "
     "--agree-tos"},
    {"certonly --webroot -w /srv/a -d a.example -w /srv/b -d b.example",
     "issue -d a.example -d b.example=webroot:/srv/b --solver webroot:/srv/a"},
    {"certonly --webroot -d a.example -w /srv/a", "issue -d a.example --solver webroot:/srv/a"},
    {"certonly -w /srv/a -d a.example", "issue -d a.example --solver webroot:/srv/a"},
    {"certonly --webroot --webroot-map '{\"a.example,b.example\":\"/srv/a\"}'",
     "issue -d a.example=webroot:/srv/a -d b.example=webroot:/srv/a"},
    {"certonly --webroot -d a.example --webroot-map '{\"a.example\":\"/srv/a\"}'",
     "issue -d a.example=webroot:/srv/a"},
    {"certonly --manual -d example.com", "issue -d example.com --solver manual"},
    {"certonly --manual --preferred-challenges dns -d '*.example.com' -d example.com",
     "issue -d '*.example.com' -d example.com --solver manual"},
    {"certonly --manual --preferred-challenges http -d example.com",
     "issue -d example.com --solver manual:http-01"},
    {"certonly --manual --preferred-challenges=dns --manual-auth-hook /etc/auth.sh "
     "--manual-cleanup-hook /etc/cleanup.sh -d example.com",
     "issue -d example.com --solver 'certbot-hooks:dns-01 /etc/auth.sh /etc/cleanup.sh'"},
    {"certonly --manual --manual-auth-hook '/etc/auth.sh --fast' -d example.com",
     "issue -d example.com --solver 'certbot-hooks:http-01 '\\''/etc/auth.sh --fast'\\'''"},
    {"certonly --dns-cloudflare --dns-cloudflare-credentials /root/.secrets/cloudflare.ini "
     "-d example.com -d '*.example.com'",
     "issue -d example.com -d '*.example.com' --solver dns:cloudflare --credentials "
     "/root/.secrets/cloudflare.ini"},
    {"certonly --dns-cloudflare --dns-cloudflare-credentials /cf.ini "
     "--dns-cloudflare-propagation-seconds 60 -d a.example",
     "issue -d a.example --solver dns:cloudflare --credentials /cf.ini --propagation 60s"},
    {"certonly --dns-route53 -d '*.a.example'", "issue -d '*.a.example' --solver dns:route53"},
    {"certonly -a dns-google --dns-google-credentials=/g.json -d a.example",
     "issue -d a.example --solver dns:gcloud --credentials /g.json"},
    {"certonly -a certbot-dns-ovh:dns-ovh --dns-ovh-credentials /o.ini -d a.example",
     "issue -d a.example --solver dns:ovh --credentials /o.ini"},
    {"certonly --dns-digitalocean --dns-digitalocean-credentials /d.ini -d a.example",
     "issue -d a.example --solver dns:digitalocean --credentials /d.ini"},
    {"certonly --dns-nsone --dns-nsone-credentials /n.ini -d a.example",
     "issue -d a.example --solver dns:ns1 --credentials /n.ini"},
    {"certonly --dns-rfc2136 --dns-rfc2136-credentials /r.ini -d a.example -n",
     "issue -d a.example --solver dns:rfc2136 --credentials /r.ini"},
    {"certonly --dns-linode-credentials /l.ini -d a.example",
     "issue -d a.example --solver dns:linode --credentials /l.ini"},
    {"reconfigure --cert-name a --dns-luadns --dns-luadns-credentials /l.ini",
     "set a --solver dns:luadns --credentials /l.ini"},
    {"certonly --standalone --issuance-timeout 120 -d a.example",
     "issue -d a.example --solver standalone --ca-timeout 120s"},
    {"certonly --standalone -d a.example --cert-name web",
     "issue -d a.example --name web --solver standalone"},
    {"certonly --standalone -d a.example --key-type rsa --rsa-key-size 4096",
     "issue -d a.example --solver standalone --key-type rsa4096"},
    {"certonly --standalone -d a.example --rsa-key-size 4096",
     "issue -d a.example --solver standalone --key-type rsa4096"},
    {"certonly --standalone -d a.example --key-type rsa",
     "issue -d a.example --solver standalone --key-type rsa2048"},
    {"certonly --standalone -d a.example --key-type ecdsa",
     "issue -d a.example --solver standalone --key-type ec-p256"},
    {"certonly --standalone -d a.example --key-type ecdsa --elliptic-curve secp384r1",
     "issue -d a.example --solver standalone --key-type ec-p384"},
    {"certonly --standalone -d a.example --elliptic-curve secp256r1",
     "issue -d a.example --solver standalone --key-type ec-p256"},
    {"certonly --standalone -d a.example --reuse-key",
     "issue -d a.example --solver standalone --reuse-key"},
    {"certonly --standalone -d a.example --no-reuse-key",
     "issue -d a.example --solver standalone --fresh-key"},
    {"certonly --standalone -d a.example --new-key", "issue -d a.example --solver standalone"},
    {"certonly --standalone -d a.example --force-renewal",
     "issue -d a.example --solver standalone --force"},
    {"certonly --standalone -d a.example --renew-by-default",
     "issue -d a.example --solver standalone --force"},
    {"certonly --standalone -d a.example --keep-until-expiring",
     "issue -d a.example --solver standalone"},
    {"certonly --standalone -d a.example --keep", "issue -d a.example --solver standalone"},
    {"certonly --expand --standalone -d a.example -d b.example",
     "issue -d a.example -d b.example --name a.example --solver standalone"},
    {"certonly --expand --standalone -d '*.a.example' -d a.example",
     "issue -d '*.a.example' -d a.example --name a.example --solver standalone"},
    {"certonly --cert-name web --renew-with-new-domains --standalone -d b.example",
     "issue -d b.example --name web --solver standalone"},
    {"certonly --standalone -d a.example --dry-run",
     "issue -d a.example --solver standalone --dry-run"},
    {"certonly --standalone -d a.example --staging",
     "issue -d a.example --solver standalone --staging"},
    {"certonly --standalone -d a.example --test-cert",
     "issue -d a.example --solver standalone --staging"},
    {"certonly --standalone -d a.example --staging --dry-run",
     "issue -d a.example --solver standalone --dry-run"},
    {"certonly --standalone -d a.example --server https://ca.example/directory",
     "issue -d a.example --solver standalone --ca https://ca.example/directory"},
    {"certonly --standalone -d a.example --server https://acme.zerossl.com/v2/DV90 --eab-kid K "
     "--eab-hmac-key SECRET",
     "issue -d a.example --solver standalone --ca https://acme.zerossl.com/v2/DV90 --eab-kid K "
     "--eab-hmac-key-file HMAC-KEY-FILE"},
    {"certonly --standalone -d a.example --preferred-chain 'ISRG Root X1'",
     "issue -d a.example --solver standalone --preferred-chain 'ISRG Root X1'"},
    {"certonly --standalone -d a.example --preferred-profile shortlived",
     "issue -d a.example --solver standalone --profile shortlived"},
    {"certonly --standalone -d a.example --required-profile tlsserver",
     "issue -d a.example --solver standalone --required-profile tlsserver"},
    {"certonly --standalone -d a.example --deploy-hook 'systemctl reload nginx'",
     "issue -d a.example --solver standalone --deploy-hook 'systemctl reload nginx'"},
    {"certonly --standalone -d a.example --renew-hook /etc/reload",
     "issue -d a.example --solver standalone --deploy-hook /etc/reload"},
    {"certonly --standalone -d a.example --pre-hook 'service nginx stop' --post-hook 'service "
     "nginx start'",
     "issue -d a.example --solver standalone --pre-hook 'service nginx stop' --post-hook 'service "
     "nginx start'"},
    {"certonly --standalone --register-unsafely-without-email --agree-tos -d a.example",
     "issue -d a.example --solver standalone --agree-tos"},
    {"certonly --standalone --ip-address 192.0.2.1", "issue -d 192.0.2.1 --solver standalone"},
    {"certonly --standalone --preferred-profile shortlived --ip-address 192.0.2.1 -d a.example",
     "issue -d 192.0.2.1 -d a.example --solver standalone --profile shortlived"},
    {"certonly --standalone --csr request.pem", "issue --csr request.pem --solver standalone"},
    {"certonly --standalone -d a.example -q", "issue -d a.example --solver standalone -q"},
    {"certonly --standalone -d a.example -v", "issue -d a.example --solver standalone -v"},
    {"certonly --standalone -d a.example -vvv", "issue -d a.example --solver standalone -v"},
    {"certonly -nq --standalone -d a.example", "issue -d a.example --solver standalone -q"},
    {"certonly --standalone -d a.example --config-dir /srv/c --work-dir /srv/w --logs-dir /srv/l",
     "issue -d a.example --solver standalone --state /srv/c"},
    {"certonly --standalone -d a.example --non-inter --agree",
     "issue -d a.example --solver standalone --agree-tos"},
    {"auth --standalone -d a.example", "issue -d a.example --solver standalone"},
    {"certonly -d a.example", "issue -d a.example"},
    {"--nginx -d example.com -d www.example.com",
     "issue -d example.com -d www.example.com --solver nginx --deploy nginx,redirect=yes"},
    {"run --nginx -d a.example", "issue -d a.example --solver nginx --deploy nginx,redirect=yes"},
    {"--apache -d example.com",
     "issue -d example.com --solver apache --deploy apache,redirect=yes"},
    {"--nginx --non-interactive --agree-tos -m you@example.com -d a.example --no-redirect",
     "issue -d a.example --solver nginx --email you@example.com --agree-tos --deploy nginx"},
    {"--nginx --redirect --hsts --staple-ocsp -d a.example",
     "issue -d a.example --solver nginx --deploy nginx,redirect=yes,hsts=31536000"},
    {"-a webroot -i nginx -w /srv -d a.example",
     "issue -d a.example --solver webroot:/srv --deploy nginx,redirect=yes"},
    {"-i apache -d a.example --no-redirect", "issue -d a.example --solver apache --deploy apache"},
    {"certonly --standalone --preferred-challenges dns,http -d a.example",
     "issue -d a.example --solver standalone"},
    {"--dns-cloudflare --dns-cloudflare-credentials /cf.ini -i nginx -d '*.a.example'",
     "issue -d '*.a.example' --solver dns:cloudflare --credentials /cf.ini --deploy "
     "nginx,redirect=yes"},
    {"--configurator apache -d a.example",
     "issue -d a.example --solver apache --deploy apache,redirect=yes"},
    {"--nginx --cert-name web --no-redirect", "issue --name web --solver nginx --deploy nginx"},
    {"--nginx --nginx-server-root /usr/local/etc/nginx/ --nginx-ctl /opt/nginx/sbin/nginx -d "
     "a.example --no-redirect",
     "issue -d a.example --solver "
     "nginx:/usr/local/etc/nginx/nginx.conf,program=/opt/nginx/sbin/nginx --deploy "
     "nginx:/usr/local/etc/nginx/nginx.conf,program=/opt/nginx/sbin/nginx"},
    {"--apache --apache-server-root /etc/apache2-intern -d a.example --no-redirect",
     "issue -d a.example --solver apache:/etc/apache2-intern --deploy apache:/etc/apache2-intern"},
    {"certonly --nginx -d a.example", "issue -d a.example --solver nginx"},
    {"certonly --apache -d a.example --redirect", "issue -d a.example --solver apache"},
    {"certonly --webroot -w /srv -i nginx -d a.example",
     "issue -d a.example --solver webroot:/srv --deploy-hook 'nginx -s reload'"},
    {"install --nginx --cert-name a.example",
     "set a.example --deploy nginx,redirect=yes\ndeploy a.example nginx"},
    {"enhance --apache --hsts --cert-name a.example",
     "set a.example --deploy apache,hsts=31536000\ndeploy a.example apache"},
    {"reconfigure --cert-name a.example --nginx", "set a.example --solver nginx --deploy nginx"},
    {"renew --nginx -q", "set LINEAGE --solver nginx -q\nrenew -q"},
    {"renew", "renew"},
    {"renew --quiet", "renew -q"},
    {"-q renew", "renew -q"},
    {"renew --dry-run", "renew --dry-run"},
    {"renew --dry-run --agree-tos --server https://ca.example/dir",
     "renew --dry-run --ca https://ca.example/dir --agree-tos"},
    {"renew --force-renewal", "renew --force"},
    {"renew --cert-name a.example --force-renewal", "renew a.example --force"},
    {"renew --no-random-sleep-on-renew", "renew"},
    {"renew --quiet --no-self-upgrade", "renew -q"},
    {"renew --deploy-hook 'systemctl reload nginx'",
     "set LINEAGE --deploy-hook 'systemctl reload nginx'\nrenew"},
    {"renew --quiet --post-hook 'systemctl reload nginx'",
     "set LINEAGE --post-hook 'systemctl reload nginx' -q\nrenew -q"},
    {"renew --cert-name a.example --renew-hook /etc/reload",
     "set a.example --deploy-hook /etc/reload\nrenew a.example"},
    {"renew --webroot -w /srv --cert-name a.example",
     "set a.example --solver webroot:/srv\nrenew a.example"},
    {"renew --dry-run --deploy-hook /etc/reload", "renew --dry-run"},
    {"reconfigure --cert-name a.example --deploy-hook /etc/reload",
     "set a.example --deploy-hook /etc/reload"},
    {"certificates", "status"},
    {"certificates --cert-name a.example", "status a.example"},
    {"delete --cert-name a.example", "delete a.example"},
    {"delete --cert-name a.example -n", "delete a.example --yes"},
    {"delete -n --cert-name a.example,b.example", "delete a.example --yes\ndelete b.example --yes"},
    {"revoke --cert-name a.example", "revoke a.example"},
    {"revoke --cert-name a.example --reason keycompromise",
     "revoke a.example --reason keyCompromise"},
    {"revoke --cert-path /etc/letsencrypt/live/a/cert.pem --reason superseded",
     "revoke --cert /etc/letsencrypt/live/a/cert.pem --reason superseded"},
    {"revoke --cert-path c.pem --key-path k.pem", "revoke --cert c.pem --key k.pem"},
    {"revoke --cert-name a.example --delete-after-revoke",
     "revoke a.example\ndelete a.example --yes"},
    {"revoke --cert-name a.example --no-delete-after-revoke", "revoke a.example"},
    {"revoke --cert-name a.example --staging", "revoke a.example --ca letsencrypt-staging"},
    {"register --agree-tos -m you@example.com",
     "account register --email you@example.com --agree-tos"},
    {"register --agree-tos --register-unsafely-without-email", "account register --agree-tos"},
    {"unregister", "account deactivate"},
    {"unregister --staging", "account deactivate --ca letsencrypt-staging"},
    {"update_account --email new@example.com", "account update --email new@example.com"},
    {"update_account --register-unsafely-without-email", "account update --email ''"},
    {"show_account", "account show"},
};

TEST(CertbotTranslation, SaysWhatPeoplePasteInOurWords) {
    EXPECT_GE(std::size(cases), 100U);
    for (const auto& each : cases) EXPECT_EQ(ours(each.theirs), each.ours) << each.theirs;
}

constexpr Case refusals[] = {
    {"--apache", "! certbot run: say the names with -d"},
    {"run --standalone -d a.example", "! certbot run: say which web server"},
    {"-d a.example", "`certonly`, for the certificate alone"},
    {"--nginx --apache -d a.example", "! --apache: nginx is said too; where apache is only to"},
    {"--nginx --webroot -w /srv -d a.example", "say -i nginx"},
    {"--nginx --dns-ovh -d a.example", "say -i nginx"},
    {"-i haproxy -a standalone -d a.example", "! --installer haproxy: nginx and apache are known"},
    {"--nginx --uir -d a.example", "! --uir: "},
    {"--nginx --redirect --no-redirect -d a.example", "! --no-redirect: --redirect is said too"},
    {"certonly --nginx --preferred-challenges dns -d a.example", "! --preferred-challenges: "},
    {"certonly --standalone --preferred-challenges dns -d a.example",
     "! --preferred-challenges: standalone proves control by http"},
    {"certonly --dns-ovh --preferred-challenges http-01 -d a.example",
     "! --preferred-challenges: dns-ovh proves control by dns"},
    {"certonly --standalone --preferred-challenges tls-sni -d a.example",
     "! --preferred-challenges: \"tls-sni\" is not to be had"},
    {"certonly --nginx-frobnicate", "? certbot has no flag --nginx-frobnicate"},
    {"certonly --dns-hetzner --dns-hetzner-credentials /cf.ini -d a.example",
     "! --dns-hetzner: certbot's plugins are not there but for its own"},
    {"certonly -a dns-hetzner -d a.example", "! --authenticator dns-hetzner: "},
    {"certonly --dns-gehirn --dns-gehirn-credentials /g.ini -d a.example",
     "! --dns-gehirn: there is no such DNS provider here"},
    {"certonly --dns-sakuracloud -d a.example", "! --dns-sakuracloud: there is no such"},
    {"certonly -a dns-dnsmadeeasy -d a.example", "! --dns-dnsmadeeasy: there is no such"},
    {"certonly --dns-ovh --dns-linode -d a.example", "! --dns-linode: dns-ovh is said too"},
    {"certonly --dns-ovh --standalone -d a.example", "! --standalone: dns-ovh is said too"},
    {"certonly --dns-ovh --dns-ovh-propagation-seconds soon -d a.example",
     "! --dns-ovh-propagation-seconds: "},
    {"certonly --dns-google --dns-google-project p -d a.example", "credentials/gcloud.toml"},
    {"certonly --dns-ovh=yes -d a.example", "? --dns-ovh takes no value"},
    {"certonly --dns-ovh-credentials", "? --dns-ovh-credentials needs a value"},
    {"certonly --standalone --issuance-timeout 9999 -d a.example", "! --issuance-timeout: "},
    {"certonly --standalone -d a.example --must-staple", "! --must-staple: "},
    {"certonly --standalone -d a.example --no-verify-ssl", "--ca-root"},
    {"certonly -d a.example --preferred-challenges tls-alpn-01 --manual",
     "! --preferred-challenges: "},
    {"certonly --standalone", "say the names with -d"},
    {"certonly --webroot -d a.example", "say the folder with -w"},
    {"certonly --standalone -d a.example --elliptic-curve secp521r1", "! --elliptic-curve: "},
    {"certonly --standalone -d a.example --rsa-key-size 1024", "! --rsa-key-size: "},
    {"certonly --standalone -d a.example --eab-kid K", "go together"},
    {"certonly --standalone -d a.example --staging --server https://ca.example/", "! --staging: "},
    {"certonly --standalone -d a.example --config-dir /etc/letsencrypt/", "cairn import certbot"},
    {"certonly --standalone --webroot -w /srv -d a.example", "standalone is said too"},
    {"certonly --manual -n -d a.example", "--manual-auth-hook"},
    {"certonly --allow-subset-of-names --standalone -d a.example", "! --allow-subset-of-names: "},
    {"enhance --hsts -d a.example", "! certbot enhance: name the lineage with --cert-name"},
    {"enhance --nginx --cert-name a.example", "! certbot enhance: say how the server is to answer"},
    {"install --cert-name a.example", "! certbot install: say which web server"},
    {"install --nginx --cert-path c.pem --key-path k.pem", "! certbot install: name the lineage"},
    {"rollback", "cairn rollback LINEAGE"},
    {"renew -d a.example", "--cert-name"},
    {"delete", "name the lineages"},
    {"revoke", "either --cert-name or --cert-path"},
    {"revoke --cert-name a --reason boredom", "! --reason: "},
    {"reconfigure --cert-name a", "say what is to be changed"},
    {"certonly --frobnicate", "? certbot has no flag --frobnicate"},
    {"certnoly", "? certbot has no command certnoly"},
    {"certonly renew", "? both certonly and renew are said"},
    {"certonly --manual-", "? --manual- may be --manual-auth-hook or "},
    {"certonly --standalone=yes", "? --standalone takes no value"},
    {"certonly -d", "? --domains needs a value"},
};

TEST(CertbotTranslation, RefusesByNameWhatItCannotSay) {
    for (const auto& each : refusals)
        EXPECT_THAT(ours(each.theirs), HasSubstr(each.ours)) << each.theirs;
    EXPECT_THAT(ours("certonly --uir --must-staple -d a"),
                ::testing::AllOf(HasSubstr("--uir: "), HasSubstr("--must-staple: ")));
}

TEST(CertbotTranslation, KeepsASecretOutOfTheWords) {
    const auto words = CertbotWords::from_words(
        {"register", "--eab-kid", "K", "--eab-hmac-key", "SECRET", "--agree-tos"});
    const auto translation = translated(words.value()).value();
    EXPECT_EQ(translation.hmac_key, "SECRET");
    EXPECT_EQ(typed(translation.commands.front().words).find("SECRET"), std::string::npos);
}

TEST(CertbotTranslation, NotesWhatIsDifferent) {
    const auto words = CertbotWords::from_words(
        {"renew", "--deploy-hook", "/x", "--logs-dir", "/l", "--user-agent", "x"});
    const auto translation = translated(words.value()).value();
    EXPECT_TRUE(translation.commands.front().is_for_every_lineage);
    EXPECT_FALSE(translation.commands.back().is_for_every_lineage);
    EXPECT_THAT(translation.notes, ::testing::SizeIs(3));
}

}  // namespace
}  // namespace cairn::certbot_translation_test
