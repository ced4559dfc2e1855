#include "apps/ca/directory_section.h"

#include <algorithm>
#include <string>

#include "base/result.h"
#include "net/ascii.h"
#include "protocol/identifier.h"

namespace cairn::apps {

namespace {

// Whether the text can stand in a Link header as the URL of a web page.
bool is_web_page(const std::string& text) {
    const bool is_visible = std::ranges::all_of(text, [](unsigned char octet) {
        return octet > ' ' && octet < 0x7F && octet != '<' && octet != '>' && octet != '"';
    });
    return is_visible && (text.starts_with("https://") || text.starts_with("http://")) &&
           text.find("://") + 3 < text.size();
}

void take_page(base::TomlSection& section, const std::string& key, std::string& target) {
    section.take(key, target);
    if (!target.empty() && !is_web_page(target))
        section.find(key, "must be a URL that begins with https:// or http://, or empty");
}

constexpr std::size_t most_caa_identities = 10;

void take_caa_identities(base::TomlSection& section, std::vector<std::string>& identities) {
    section.take("caa_identities", identities);
    for (auto& identity : identities) {
        identity = net::ascii_lower(identity);
        if (!protocol::DnsName::from_text(identity) || identity.ends_with('.'))
            section.find(
                "caa_identities",
                "names \"" + base::printable(identity) +
                    "\", which is no domain name without a final dot: it stands in the CAA "
                    "records of those who want certificates, as 0 issue \"ca.example\"");
    }
    if (identities.size() > most_caa_identities)
        section.find("caa_identities", "must not name more than 10");
}

}  // namespace

void read_directory(base::TomlSection section, Configuration::Directory& directory) {
    take_page(section, "terms_of_service", directory.terms_of_service);
    take_page(section, "website", directory.website);
    std::string change = "require";
    section.take("terms_change", change);
    using Change = ca::Terms::Change;
    if (change == "require")
        directory.terms_change = Change::asks_for_agreement;
    else if (change == "ignore")
        directory.terms_change = Change::asks_for_nothing;
    else
        section.find("terms_change",
                     "must be \"require\" (where terms_of_service changes, accounts must agree "
                     "anew before they order) or \"ignore\"");
    section.take("external_account_required", directory.external_account_required);
    take_caa_identities(section, directory.caa_identities);
    section.report_unknown();
}

}  // namespace cairn::apps
