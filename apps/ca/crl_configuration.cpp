#include "apps/ca/crl_configuration.h"

#include "base/ip_address.h"
#include "net/url.h"

namespace cairn::apps {

namespace {

constexpr base::Seconds longest_lifetime = std::chrono::days(10);
constexpr base::Seconds longest_reissue = std::chrono::days(4);
constexpr base::Seconds longest_delay = std::chrono::hours(1);
constexpr std::size_t most_shards = 1024;

// Whoever fetches it has no certificate to trust yet (RFC 5280 section 8).
void read_base_url(base::TomlSection& section, std::string& base_url) {
    section.take("base_url", base_url);
    const auto url = net::Url::from_text(base_url);
    if (!base_url.empty() && (!url || url->is_https()))
        section.find("base_url", "must be an http URL (RFC 5280 section 8, BR 7.1.2.11.2)");
    else if (base_url.find_first_of("?#@") != std::string::npos)
        section.find("base_url", "must have no query, fragment or user");
}

}  // namespace

void read_crl(base::TomlSection section, Configuration::Crl& crl) {
    read_base_url(section, crl.base_url);
    auto& times = crl.times;
    section.take_duration("lifetime", times.lifetime);
    section.take_duration("reissue", times.reissue);
    base::Seconds delay = std::chrono::duration_cast<base::Seconds>(times.delay);
    section.take_duration("delay", delay);
    times.delay = delay;
    section.take_count("shards", crl.shards, 1, most_shards);
    if (times.lifetime > longest_lifetime)
        section.find("lifetime", "must not exceed 10d (BR 4.9.7)");
    if (times.reissue > longest_reissue) section.find("reissue", "must not exceed 4d (BR 4.9.7)");
    if (times.reissue * 2 > times.lifetime)
        section.find("reissue",
                     "must not exceed half of lifetime, so that there is time to mend what keeps a "
                     "list from being signed");
    if (delay > longest_delay)
        section.find("delay", "must not exceed 1h: lists tell of a revocation soon");
    section.report_unknown();
}

void read_ocsp(base::TomlSection section, Configuration::Ocsp& ocsp) {
    section.take("enabled", ocsp.enabled);
    read_base_url(section, ocsp.base_url);
    section.take_duration("lifetime", ocsp.lifetime);
    if (ocsp.lifetime < std::chrono::hours(8) || ocsp.lifetime > longest_lifetime)
        section.find("lifetime", "must be from 8h to 10d (BR 4.9.10)");
    section.report_unknown();
}

std::string plain_base(const std::string& chosen, const std::string& public_url) {
    std::string base = chosen;
    if (base.empty()) {
        // The same port speaks plain HTTP for this purpose, whatever number it has.
        const auto url = *net::Url::from_text(public_url);
        const auto address = base::IpAddress::from_lenient_text(url.host());
        base = "http://" + (address ? address->to_url_host() : url.host()) +
               (url.port() == 80 ? "" : ":" + std::to_string(url.port()));
    }
    while (base.ends_with('/')) base.pop_back();
    return base;
}

std::string crl_base(const Configuration& configuration) {
    const auto& chosen = configuration.crl.base_url;
    return plain_base(chosen.empty() ? configuration.issuance.issuer_base_url : chosen,
                      configuration.server.public_url);
}

std::string ocsp_url(const Configuration& configuration) {
    if (!configuration.ocsp.enabled) return {};
    const auto& chosen = configuration.ocsp.base_url;
    return plain_base(chosen.empty() ? configuration.issuance.issuer_base_url : chosen,
                      configuration.server.public_url) +
           "/ocsp";
}

}  // namespace cairn::apps
