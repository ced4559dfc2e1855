#include "apps/cairn/foreign_words.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "apps/cairn/program.h"

namespace cairn::foreign_words_test {
namespace {

using ::testing::HasSubstr;

std::string answer(const std::vector<std::string>& words) {
    CommonOptions common;
    Command chosen;
    const auto program = make_program(common, chosen);
    return answer_to_unknown_word(*program, words).value_or("all known");
}

TEST(ForeignWords, AreAnsweredWithOurs) {
    EXPECT_EQ(
        answer({"certonly", "--webroot", "-w", "/srv", "-d", "a.example"}),
        "cairn has no command certonly; certbot's certonly is `cairn issue` (and `cairn certbot "
        "certonly` with its flags as they are) here");
    EXPECT_THAT(answer({"issue", "-d", "a.example", "--webroot-path", "/srv"}),
                HasSubstr("issue has no flag --webroot-path; certbot's --webroot-path is --solver "
                          "webroot:DIR"));
    EXPECT_THAT(answer({"--issue", "-d", "a.example", "-w", "/srv"}),
                HasSubstr("cairn has no flag --issue; acme.sh's --issue is `cairn issue` here"));
    EXPECT_THAT(answer({"issue", "--dns", "cloudflare"}), HasSubstr("--solver dns:PROVIDER"));
    EXPECT_THAT(answer({"issue", "--domains=a.example"}), HasSubstr("-d NAME, once for each"));
    EXPECT_THAT(answer({"renew", "--force-renewal"}), HasSubstr("is --force here"));
    EXPECT_THAT(answer({"issue", "--dns-cloudflare-credentials", "x"}),
                HasSubstr("certbot's --dns-cloudflare-credentials is --solver dns:PROVIDER"));
}

TEST(ForeignWords, LeaveOursAlone) {
    EXPECT_EQ(answer({"renew", "--forse"}), "renew has no flag --forse; did you mean --force?");
    EXPECT_EQ(answer({"issue", "-d", "a.example", "--email", "x"}), "all known");
    EXPECT_EQ(answer({"certbot", "certonly", "--webroot-path", "x"}), "all known");
    EXPECT_FALSE(our_way("--frobnicate"));
}

}  // namespace
}  // namespace cairn::foreign_words_test
