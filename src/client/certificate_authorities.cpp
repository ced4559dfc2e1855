#include "client/certificate_authorities.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "net/url.h"

namespace cairn::client {

std::span<const KnownAuthority> known_authorities() {
    static constexpr std::string_view letsencrypt_staging =
        "https://acme-staging-v02.api.letsencrypt.org/directory";
    static constexpr std::string_view google_staging =
        "https://dv.acme-v02.test-api.pki.goog/directory";
    static constexpr std::string_view sslcom_staging = "https://acme-try.ssl.com/sslcom-dv-ecc";
    static constexpr std::array authorities = {
        KnownAuthority{"letsencrypt", "https://acme-v02.api.letsencrypt.org/directory",
                       letsencrypt_staging},
        KnownAuthority{"letsencrypt-staging", letsencrypt_staging, letsencrypt_staging},
        KnownAuthority{"zerossl", "https://acme.zerossl.com/v2/DV90", {}},
        KnownAuthority{"google", "https://dv.acme-v02.api.pki.goog/directory", google_staging},
        KnownAuthority{"google-staging", google_staging, google_staging},
        KnownAuthority{"actalis", "https://acme-api.actalis.com/acme/directory", {}},
        KnownAuthority{"sslcom", "https://acme.ssl.com/sslcom-dv-ecc", sslcom_staging},
        KnownAuthority{"sslcom-staging", sslcom_staging, sslcom_staging},
    };
    return authorities;
}

namespace {

/// A CA that people still name and that issues nothing any more.
struct EndedAuthority {
    std::string_view name;
    /// What its directories' URLs have in them.
    std::string_view host;
    /// What there is to do instead.
    std::string_view instead;
};

constexpr EndedAuthority ended_authorities[] = {
    {"buypass", "buypass.",
     "Buypass has ended its ACME service; --ca actalis is another CA in Europe, and --ca "
     "letsencrypt asks for no account beforehand"},
    {"letsencrypt-v1", "acme-v01.api.letsencrypt.org",
     "this interface from before RFC 8555 was ended in 2021; --ca letsencrypt is the one that "
     "followed it"},
};

}  // namespace

base::Result<std::string> directory_url_from(std::string_view name_or_url) {
    for (const auto& authority : known_authorities())
        if (authority.name == name_or_url) return std::string(authority.directory_url);
    for (const auto& ended : ended_authorities)
        if (ended.name == name_or_url ||
            (name_or_url.contains("://") && name_or_url.contains(ended.host)))
            return base::fail(fmt::format("\"{}\" issues nothing any more: {}",
                                          base::printable(name_or_url), ended.instead));
    if (name_or_url.find("://") == std::string_view::npos) {
        std::string known;
        for (const auto& authority : known_authorities())
            known += fmt::format("{}, ", authority.name);
        return base::fail(
            fmt::format("\"{}\" is no CA that is known here: give {}or a directory URL",
                        base::printable(name_or_url), known));
    }
    const auto url = net::Url::from_text(name_or_url);
    if (!url) return std::unexpected(url.error().within("the directory URL"));
    if (!url->is_https())
        return base::fail("the directory URL must be https (RFC 8555 section 6.1)");
    return url->to_string();
}

base::Result<std::optional<std::string>> staging_directory_of(std::string_view directory_url) {
    const auto known =
        std::ranges::find(known_authorities(), directory_url, &KnownAuthority::directory_url);
    if (known == known_authorities().end()) return std::nullopt;
    if (known->staging_url.empty())
        return base::fail(fmt::format("{} has no staging directory", known->name));
    return std::string(known->staging_url);
}

std::optional<std::string> authority_of_staging(std::string_view directory_url) {
    for (const auto& authority : known_authorities())
        if (authority.staging_url == directory_url && authority.directory_url != directory_url)
            return std::string(authority.directory_url);
    return std::nullopt;
}

}  // namespace cairn::client
