#include "client/answer_place.h"

#include <gtest/gtest.h>

#include "client/testing/challenge.h"

namespace cairn::client::answer_place_test {
namespace {

using protocol::ChallengeType;
using testing::challenge;

TEST(AnswerPlace, OfAFileIsAUrlOfPort80) {
    const auto of_name = challenge(ChallengeType::http_01, "a.example");
    EXPECT_EQ(answer_place_of(of_name).place,
              "http://a.example/.well-known/acme-challenge/" + of_name.token.text());
    EXPECT_EQ(answer_place_of(of_name).expected, of_name.key_authorization);
    EXPECT_TRUE(answer_place_of(challenge(ChallengeType::http_01, "2001:db8::1"))
                    .place.starts_with("http://[2001:db8::1]/"));
}

TEST(AnswerPlace, OfARecordIsItsName) {
    const auto of_wildcard = challenge(ChallengeType::dns_01, "*.a.example");
    const auto record = dns_record_of(of_wildcard);
    EXPECT_EQ(answer_place_of(of_wildcard).place, "_acme-challenge.a.example");
    EXPECT_EQ(answer_place_of(of_wildcard).expected, record.value);
}

TEST(AnswerPlace, OfACertificateIsPort443) {
    EXPECT_EQ(answer_place_of(challenge(ChallengeType::tls_alpn_01, "a.example")).place,
              "a.example:443");
    EXPECT_EQ(answer_place_of(challenge(ChallengeType::tls_alpn_01, "2001:db8::1")).place,
              "[2001:db8::1]:443");
}

}  // namespace
}  // namespace cairn::client::answer_place_test
