#include "api/links.h"

#include <gtest/gtest.h>

#include "base/clock.h"

namespace cairn::api::links_test {
namespace {

const base::Time now = *base::from_rfc3339("2026-11-22T12:00:00Z");

TEST(LinksTest, ReadsBackOnlyItsOwnAccountUrls) {
    const Links links("https://ca.example:14000");
    crypto::SystemRandom random;
    const auto id = ca::AccountId::fresh(now, random);
    const auto url = links.account(id);
    EXPECT_EQ(url, "https://ca.example:14000/acme/account/" + id.to_string());
    EXPECT_EQ(links.account_from(url), id);
    for (const auto& other : {url + "/", url + "/orders", url.substr(8), "http" + url.substr(5),
                              url + "A", "https://CA.example:14000/acme/account/" + id.to_string(),
                              "https://ca.example/acme/account/" + id.to_string(), std::string()})
        EXPECT_FALSE(links.account_from(other)) << other;
}

// Clients keep the URL of their account for years, and sign with it as it was given to them.
TEST(LinksTest, KnowsAccountUrlsInTheSpellingOfTheConfiguration) {
    const Links links("https://ca.example", "https://CA.example:443");
    crypto::SystemRandom random;
    const auto id = ca::AccountId::fresh(now, random);
    const auto path = "/acme/account/" + id.to_string();
    EXPECT_EQ(links.account(id), "https://ca.example" + path);
    EXPECT_EQ(links.account_from("https://ca.example" + path), id);
    EXPECT_EQ(links.account_from("https://CA.example:443" + path), id);
    for (const auto& other : {"https://ca.example:443" + path, "https://CA.example" + path, path,
                              std::string("https://CA.example:443"), std::string()})
        EXPECT_FALSE(links.account_from(other)) << other;
    EXPECT_FALSE(links.is_url_of("https://CA.example:443" + path, path));
}

TEST(LinksTest, KnowsWhatStandsUnderItsAccounts) {
    const Links links("https://ca.example");
    for (const auto* under :
         {"https://ca.example/acme/account/", "https://ca.example/acme/account/x",
          "https://ca.example/acme/account/x/orders?y"})
        EXPECT_TRUE(links.is_under_accounts(under)) << under;
    for (const auto* other :
         {"https://ca.example/acme/account", "https://ca.example/acme/order/x",
          "https://other.example/acme/account/x", "http://ca.example/acme/account/x", "x", ""})
        EXPECT_FALSE(links.is_under_accounts(other)) << other;
}

TEST(LinksTest, TellsTheUrlOfAPathFromEveryOther) {
    const Links links("https://ca.example");
    EXPECT_TRUE(links.is_url_of("https://ca.example/a/b?c", "/a/b?c"));
    for (const auto* other : {"https://ca.example/a/b", "https://ca.example/a/b?d", "/a/b?c", "",
                              "https://ca.exampl/aa/b?c", "https://ca.example//a/b?c",
                              "https://CA.example/a/b?c", "https://ca.example/a/b?c/a/b?c"})
        EXPECT_FALSE(links.is_url_of(other, "/a/b?c")) << other;
}

TEST(LinksTest, FillsEveryHole) {
    const Links links("https://ca.example");
    crypto::SystemRandom random;
    const auto id = ca::AuthorizationId::fresh(now, random);
    EXPECT_EQ(links.challenge(id, protocol::ChallengeType::tls_alpn_01),
              "https://ca.example/acme/challenge/" + id.to_string() + "/tls-alpn-01");
    EXPECT_EQ(links.certificate(*pki::SerialNumber::from_hex("0a1b")),
              "https://ca.example/acme/certificate/0a1b");
}

}  // namespace
}  // namespace cairn::api::links_test
