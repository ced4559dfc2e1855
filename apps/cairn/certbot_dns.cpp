#include "apps/cairn/certbot_dns.h"

#include <algorithm>
#include <array>

namespace cairn {
namespace {

constexpr auto plugins = std::to_array<CertbotDnsPlugin>({
    {"dns-cloudflare", "--dns-cloudflare", "--dns-cloudflare-credentials",
     "--dns-cloudflare-propagation-seconds", "cloudflare"},
    {"dns-digitalocean", "--dns-digitalocean", "--dns-digitalocean-credentials",
     "--dns-digitalocean-propagation-seconds", "digitalocean"},
    {"dns-dnsimple", "--dns-dnsimple", "--dns-dnsimple-credentials",
     "--dns-dnsimple-propagation-seconds", "dnsimple",
     "dns:dnsimple needs the number of the account as well: add dns_dnsimple_account_id = NUMBER "
     "to the file of credentials."},
    {"dns-dnsmadeeasy", "--dns-dnsmadeeasy", "--dns-dnsmadeeasy-credentials",
     "--dns-dnsmadeeasy-propagation-seconds", ""},
    {"dns-gehirn", "--dns-gehirn", "--dns-gehirn-credentials", "--dns-gehirn-propagation-seconds",
     ""},
    {"dns-google", "--dns-google", "--dns-google-credentials", "--dns-google-propagation-seconds",
     "gcloud"},
    {"dns-linode", "--dns-linode", "--dns-linode-credentials", "--dns-linode-propagation-seconds",
     "linode"},
    {"dns-luadns", "--dns-luadns", "--dns-luadns-credentials", "--dns-luadns-propagation-seconds",
     "luadns"},
    {"dns-nsone", "--dns-nsone", "--dns-nsone-credentials", "--dns-nsone-propagation-seconds",
     "ns1"},
    {"dns-ovh", "--dns-ovh", "--dns-ovh-credentials", "--dns-ovh-propagation-seconds", "ovh"},
    {"dns-rfc2136", "--dns-rfc2136", "--dns-rfc2136-credentials",
     "--dns-rfc2136-propagation-seconds", "rfc2136"},
    {"dns-route53", "--dns-route53", "", "--dns-route53-propagation-seconds", "route53",
     "The keys are taken from the variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or from "
     "credentials/route53.toml; ~/.aws is not read."},
    {"dns-sakuracloud", "--dns-sakuracloud", "--dns-sakuracloud-credentials",
     "--dns-sakuracloud-propagation-seconds", ""},
});

}  // namespace

const CertbotDnsPlugin* find_certbot_dns(std::string_view name) {
    const auto* const found = std::ranges::find(plugins, name, &CertbotDnsPlugin::name);
    return found == plugins.end() ? nullptr : found;
}

const CertbotDnsPlugin* certbot_dns_of_flag(std::string_view flag) {
    const auto* const found = std::ranges::find_if(plugins, [&](const CertbotDnsPlugin& plugin) {
        return !flag.empty() &&
               (flag == plugin.flag || flag == plugin.credentials || flag == plugin.propagation);
    });
    return found == plugins.end() ? nullptr : found;
}

}  // namespace cairn
