#include "protocol/dns_challenge.h"

#include <stdexcept>

#include <gtest/gtest.h>

namespace cairn::protocol::dns_challenge_test {
namespace {

constexpr std::string_view account = "https://example.com/acme/acct/ExampleAccount";

// The vector of draft-ietf-acme-dns-account-label-03 section 3.2.
// Check 110.
TEST(DnsChallenge, HasALabelForEachAccount) {
    EXPECT_EQ(dns_account_label(account), "_ujmmovf2vn55tgye");
    EXPECT_NE(dns_account_label(std::string(account) + "2"), "_ujmmovf2vn55tgye");
    EXPECT_EQ(dns_account_label("").size(), 17U);
}

TEST(DnsChallenge, HasARecordOfItsOwnForEachMethod) {
    const auto name = DnsName::from_text("www.example.org").value();
    EXPECT_EQ(dns_challenge_name(ChallengeType::dns_01, name, {}),
              "_acme-challenge.www.example.org");
    EXPECT_EQ(dns_challenge_name(ChallengeType::dns_account_01, name, account),
              "_ujmmovf2vn55tgye._acme-challenge.www.example.org");
    EXPECT_EQ(dns_challenge_name(ChallengeType::dns_persist_01, name, {}),
              "_validation-persist.www.example.org");
    EXPECT_THROW(static_cast<void>(dns_challenge_name(ChallengeType::dns_account_01, name, {})),
                 std::logic_error);
    for (const auto type : {ChallengeType::http_01, ChallengeType::tls_alpn_01}) {
        EXPECT_FALSE(is_dns_method(type));
        EXPECT_THROW(static_cast<void>(dns_challenge_name(type, name, account)), std::logic_error);
    }
}

}  // namespace
}  // namespace cairn::protocol::dns_challenge_test
