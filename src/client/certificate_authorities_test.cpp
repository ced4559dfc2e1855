#include "client/certificate_authorities.h"

#include <gtest/gtest.h>

namespace cairn::client::certificate_authorities_test {
namespace {

TEST(CertificateAuthorities, KnowsNamesAndTakesUrls) {
    EXPECT_EQ(known_authorities().front().name, "letsencrypt");
    for (const auto& authority : known_authorities())
        EXPECT_EQ(directory_url_from(authority.name), authority.directory_url);
    EXPECT_EQ(directory_url_from("https://ca.example:14000/dir"), "https://ca.example:14000/dir");
    for (const auto* bad : {"", "letsencrypt2", "ca.example", "http://ca.example/dir", "https://",
                            "ftp://ca.example", "https://user@ca.example/"})
        EXPECT_FALSE(directory_url_from(bad)) << bad;
}

TEST(CertificateAuthorities, SaysWhatReplacesThoseThatHaveEnded) {
    for (const auto* ended : {"buypass", "https://api.buypass.com/acme/directory",
                              "https://api.test4.buypass.no/acme/directory"}) {
        const auto url = directory_url_from(ended);
        ASSERT_FALSE(url) << ended;
        EXPECT_NE(url.error().message.find("--ca actalis"), std::string::npos);
    }
    EXPECT_FALSE(directory_url_from("https://acme-v01.api.letsencrypt.org/directory"));
}

TEST(CertificateAuthorities, KnowsWhoseStagingOneIs) {
    EXPECT_EQ(authority_of_staging(directory_url_from("google-staging").value()),
              directory_url_from("google").value());
    EXPECT_EQ(authority_of_staging(directory_url_from("google").value()), std::nullopt);
    EXPECT_EQ(authority_of_staging("https://ca.example/dir"), std::nullopt);
}

TEST(CertificateAuthorities, AreRehearsedAtTheirStaging) {
    const auto staging = [](const char* name) {
        return staging_directory_of(directory_url_from(name).value());
    };
    EXPECT_EQ(staging("letsencrypt"), directory_url_from("letsencrypt-staging").value());
    EXPECT_EQ(staging("letsencrypt-staging"), directory_url_from("letsencrypt-staging").value());
    EXPECT_EQ(staging("google"), directory_url_from("google-staging").value());
    EXPECT_EQ(staging("zerossl").error().message, "zerossl has no staging directory");
    EXPECT_EQ(staging("https://ca.example/dir"), std::nullopt);
}

}  // namespace
}  // namespace cairn::client::certificate_authorities_test
