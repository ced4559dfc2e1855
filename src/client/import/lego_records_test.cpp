#include "client/import/lego_records.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::client::lego_records_test {
namespace {

using ::testing::ElementsAre;

TEST(LegoRecords, AreReadAsLegoWritesThem) {
    const auto account = LegoAccount::from_json(R"({
	"email": "admin@example.test",
	"registration": {
		"body": {"status": "valid", "contact": ["mailto:admin@example.test"]},
		"uri": "https://ca.example/my-account/44"
	}
})");
    ASSERT_TRUE(account) << account.error().message;
    EXPECT_EQ(account->email, "admin@example.test");
    EXPECT_EQ(account->url, "https://ca.example/my-account/44");
    EXPECT_THAT(account->contact, ElementsAre("mailto:admin@example.test"));
    const auto never = LegoAccount::from_json(R"({"email": "a@b", "registration": null})");
    ASSERT_TRUE(never);
    EXPECT_EQ(never->url, "");

    const auto certificate = LegoCertificate::from_json(
        R"({"domain": "l.example", "certUrl": "https://ca.example/cert/1", "certStableUrl": ""})");
    ASSERT_TRUE(certificate) << certificate.error().message;
    EXPECT_EQ(certificate->domain, "l.example");
    EXPECT_EQ(certificate->url, "https://ca.example/cert/1");
}

TEST(LegoRecords, AreRefusedWhereTheyAreNone) {
    EXPECT_FALSE(LegoAccount::from_json("[]"));
    EXPECT_FALSE(LegoAccount::from_json(R"({"email": 1})"));
    EXPECT_FALSE(LegoAccount::from_json(R"({"registration": {"uri": []}})"));
    EXPECT_FALSE(LegoCertificate::from_json(R"({"domain": 7})"));
    EXPECT_FALSE(LegoCertificate::from_json(""));
}

}  // namespace
}  // namespace cairn::client::lego_records_test
