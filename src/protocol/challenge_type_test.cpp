#include "protocol/challenge_type.h"

#include <gtest/gtest.h>

namespace cairn::protocol::challenge_type_test {
namespace {

TEST(ChallengeType, HasTheRegisteredNames) {
    EXPECT_EQ(to_string(ChallengeType::http_01), "http-01");
    EXPECT_EQ(to_string(ChallengeType::dns_01), "dns-01");
    EXPECT_EQ(to_string(ChallengeType::tls_alpn_01), "tls-alpn-01");
}

TEST(ChallengeType, IsReadBackByExactName) {
    for (const auto type : base::enumerators<ChallengeType>) {
        EXPECT_EQ(challenge_type_from(to_string(type)), type);
    }
    for (const char* text : {"", "HTTP-01", "http-01 ", "tls-sni-01"}) {
        EXPECT_EQ(challenge_type_from(text), std::nullopt) << text;
    }
}

}  // namespace
}  // namespace cairn::protocol::challenge_type_test
