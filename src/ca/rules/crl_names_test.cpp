#include "ca/rules/crl_names.h"

#include <set>

#include <gtest/gtest.h>

#include "crypto/random.h"

namespace cairn::ca::crl_names_test {
namespace {

IssuerId issuer() {
    IssuerId id{};
    for (std::size_t i = 0; i < id.size(); ++i) id.at(i) = static_cast<std::uint8_t>(i);
    return id;
}

TEST(CrlNames, ServesACompleteListUnderTheIssuersName) {
    EXPECT_EQ(complete_crl_path(issuer()), "/crl/0001020304050607.crl");
    EXPECT_EQ(crl_path({.id = 1, .issuer = issuer()}), "/crl/0001020304050607.crl");
}

TEST(CrlNames, ServesAShardAtTheEndOfItsUrl) {
    const auto urls = shard_urls("http://pki.example/crl/here", issuer(), 3);
    ASSERT_EQ(urls.size(), 3U);
    EXPECT_TRUE(urls[2].starts_with("http://pki.example/crl/here/crl/0001020304050607/2-"))
        << urls[2];
    const auto path = crl_path({.id = 4, .issuer = issuer(), .url = urls[2]});
    EXPECT_TRUE(path.starts_with("/crl/0001020304050607/2-")) << path;
    EXPECT_TRUE(urls[2].ends_with(path));
}

TEST(CrlNames, NamesShardsOfAnotherBaseApart) {
    std::set<std::string> paths;
    for (const char* base : {"http://ca.example", "http://ca.example:8080", "http://cdn.example"})
        for (const auto& url : shard_urls(base, issuer(), 2))
            paths.insert(crl_path({.id = 1, .issuer = issuer(), .url = url}));
    EXPECT_EQ(paths.size(), 6U);
    EXPECT_EQ(shard_urls("http://ca.example", issuer(), 2)[1],
              shard_urls("http://ca.example", issuer(), 5)[1])
        << "more shards leave those that are there";
}

TEST(CrlNames, GivesEachShardAboutAsMany) {
    constexpr std::size_t shards = 8, certificates = 8000;
    std::vector<std::size_t> counts(shards);
    crypto::SystemRandom random;
    const base::Time now{base::Seconds{1'800'000'000}};
    for (std::size_t i = 0; i < certificates; ++i)
        ++counts.at(shard_number(pki::SerialNumber::dated(now, random), shards));
    for (const auto count : counts) {
        EXPECT_GT(count, 800U);
        EXPECT_LT(count, 1200U);
    }
    EXPECT_EQ(shard_number(pki::SerialNumber::from_hex("01").value(), 8), 1U);
}

}  // namespace
}  // namespace cairn::ca::crl_names_test
