#include "client/email_binding.h"

#include <cstdlib>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::client::email_binding_test {
namespace {

using ::testing::HasSubstr;

TEST(EmailBinding, KnowsWhoGivesItOut) {
    EXPECT_THAT(email_binding_url("https://acme.zerossl.com/v2/DV90"), HasSubstr("zerossl.com/"));
    EXPECT_EQ(email_binding_url("https://ca.example/dir"), "");
    ::setenv("CAIRN_TEST_EMAIL_BINDING", "https://ca.example/dir https://ca.example/eab", 1);
    EXPECT_EQ(email_binding_url("https://ca.example/dir"), "https://ca.example/eab");
    EXPECT_EQ(email_binding_url("https://ca.example/"), "");
    ::unsetenv("CAIRN_TEST_EMAIL_BINDING");
}

TEST(EmailBinding, ReadsWhatIsGivenOut) {
    for (const auto* success : {"true", "1"}) {
        const auto account =
            external_account_from_answer(std::string(R"({"success": )") + success +
                                         R"(, "eab_kid": "kid-1", "eab_hmac_key": "AQID"})");
        ASSERT_TRUE(account) << account.error().message;
        EXPECT_EQ(account->key_id, "kid-1");
        EXPECT_EQ(account->hmac_key.size(), 3U);
    }
}

TEST(EmailBinding, SaysWhatIsWrong) {
    const auto error_of = [](std::string_view json) {
        const auto account = external_account_from_answer(json);
        return account ? "no error" : account.error().message;
    };
    EXPECT_THAT(error_of("<html>"), HasSubstr("JSON"));
    EXPECT_THAT(error_of(R"({"success": false, "error": {"type": "missing_email"}})"),
                HasSubstr("missing_email"));
    EXPECT_THAT(error_of(R"({"success": 1, "eab_hmac_key": "AQID"})"), HasSubstr("eab_kid"));
    EXPECT_THAT(error_of(R"({"success": 1, "eab_kid": "", "eab_hmac_key": "AQID"})"),
                HasSubstr("eab_kid"));
    EXPECT_THAT(error_of(R"({"success": 1, "eab_kid": "k", "eab_hmac_key": "?"})"),
                HasSubstr("eab_hmac_key"));
    EXPECT_THAT(error_of(R"({"success": 1, "eab_kid": "k", "eab_hmac_key": ""})"),
                HasSubstr("empty"));
}

TEST(EmailBinding, FindsTheAddress) {
    EXPECT_EQ(email_in({"tel:1", "mailto:a@example.com"}), "a@example.com");
    EXPECT_EQ(email_in({}), "");
}

}  // namespace
}  // namespace cairn::client::email_binding_test
