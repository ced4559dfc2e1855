#include "client/certificate_authorities.h"

#include <gtest/gtest.h>

namespace cairn::client {
namespace {

TEST(CertificateAuthorities, KnowsNamesAndTakesUrls) {
    EXPECT_EQ(known_authorities().front().name, "letsencrypt");
    for (const auto& [name, url] : known_authorities()) EXPECT_EQ(directory_url_from(name), url);
    EXPECT_EQ(directory_url_from("https://ca.example:14000/dir"), "https://ca.example:14000/dir");
    for (const auto* bad : {"", "letsencrypt2", "ca.example", "http://ca.example/dir", "https://",
                            "ftp://ca.example", "https://user@ca.example/"})
        EXPECT_FALSE(directory_url_from(bad)) << bad;
}

}  // namespace
}  // namespace cairn::client
