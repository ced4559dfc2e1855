#include "client/dns/redaction.h"

#include <gtest/gtest.h>

namespace cairn::client::redaction_test {
namespace {

TEST(Redaction, TakesSecretsOutInEveryForm) {
    Redaction redaction;
    redaction.add("pass word\"+");
    redaction.add("abc");  // too short to be one
    EXPECT_EQ(redaction("a pass word\"+ b abc"), "a [secret] b abc");
    EXPECT_EQ(redaction("x=pass%20word%22%2B&y"), "x=[secret]&y");
    EXPECT_EQ(redaction(R"({"k":"pass word\"+"})"), R"({"k":"[secret]"})");
    EXPECT_EQ(redaction("Basic cGFzcyB3b3JkIis="), "Basic [secret]");
}

TEST(Redaction, TakesTheLongerOneFirst) {
    Redaction redaction;
    redaction.add("token");
    redaction.add("token-of-account");
    EXPECT_EQ(redaction("token-of-account token"), "[secret] [secret]");
}

}  // namespace
}  // namespace cairn::client::redaction_test
