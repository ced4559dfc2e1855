#include "protocol/persistent_record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::protocol::persistent_record_test {
namespace {

using ::testing::HasSubstr;

constexpr const char* account = "https://ca.example/acct/1";

TEST(PersistentRecord, NamesIssuerAndAccount) {
    for (const char* text : {"ca.example; accounturi=https://ca.example/acct/1",
                             "ca.example;accounturi=https://ca.example/acct/1",
                             "  CA.Example.  ;\t accounturi =\thttps://ca.example/acct/1  ",
                             "ca.example; ACCOUNTURI=https://ca.example/acct/1",
                             "ca.example; accounturi=https://ca.example/acct/1; policy=other",
                             "ca.example; accounturi=https://ca.example/acct/1; policy=",
                             "ca.example; more=; accounturi=https://ca.example/acct/1; more=x"}) {
        const auto record = PersistentRecord::from_text(text);
        ASSERT_TRUE(record) << text << ": " << record.error().message;
        EXPECT_EQ(record->issuer.text(), "ca.example");
        EXPECT_EQ(record->account_uri, account);
        EXPECT_FALSE(record->covers_subdomains);
        EXPECT_FALSE(record->until);
    }
}

TEST(PersistentRecord, MayCoverMoreAndEnd) {
    for (const char* text :
         {"ca.example; accounturi=u; policy=wildcard; persistUntil=1800000000",
          "ca.example; persistuntil=1800000000; Policy=WildCard; accounturi=u"}) {
        const auto record = PersistentRecord::from_text(text);
        ASSERT_TRUE(record) << record.error().message;
        EXPECT_TRUE(record->covers_subdomains);
        EXPECT_EQ(record->until, base::Time(base::Seconds(1800000000)));
        EXPECT_EQ(record->to_text(),
                  "ca.example; accounturi=u; policy=wildcard; persistUntil=1800000000");
    }
}

// Check 112.
TEST(PersistentRecord, RefusesWhatIsNone) {
    struct Case {
        std::string text;
        const char* why;
    };
    const Case cases[] = {
        {"", "issuer"},
        {"; accounturi=u", "issuer"},
        {"ca_example; accounturi=u", "issuer"},
        {"ca.example..; accounturi=u", "issuer"},
        {"hello world; accounturi=u", "issuer"},
        {"ca.example", "no accounturi"},
        {"ca.example; policy=wildcard", "no accounturi"},
        {"ca.example;", "semicolon"},
        {"ca.example; accounturi=u;", "semicolon"},
        {"ca.example; ; accounturi=u", "semicolon"},
        {"ca.example; accounturi", "no tag=value"},
        {"ca.example; accounturi=", "empty"},
        {"ca.example; =u", "no tag"},
        {"ca.example; -a=u; accounturi=u", "no tag"},
        {"ca.example; a b=u; accounturi=u", "no tag"},
        {"ca.example; accounturi=u v", "characters"},
        {"ca.example; accounturi=\xc3\xa4", "characters"},
        {std::string("ca.example; accounturi=u\0", 25), "characters"},
        {"ca.example; accounturi=u; accounturi=u", "twice"},
        {"ca.example; accounturi=u; AccountURI=v", "twice"},
        {"ca.example; accounturi=u; policy=wildcard; policy=wildcard", "twice"},
        {"ca.example; accounturi=u; persistUntil=1; persistUntil=1", "twice"},
        {"ca.example; accounturi=u; persistUntil=", "persistUntil"},
        {"ca.example; accounturi=u; persistUntil=-1", "persistUntil"},
        {"ca.example; accounturi=u; persistUntil=+1", "persistUntil"},
        {"ca.example; accounturi=u; persistUntil=1.5", "persistUntil"},
        {"ca.example; accounturi=u; persistUntil=0x10", "persistUntil"},
        {"ca.example; accounturi=u; persistUntil=2027-01-01", "persistUntil"},
        {"ca.example; accounturi=u; persistUntil=99999999999999999999", "persistUntil"},
        {"ca.example; accounturi=" + std::string(PersistentRecord::max_length, 'u'), "longer"},
    };
    for (const auto& [text, why] : cases) {
        const auto record = PersistentRecord::from_text(text);
        ASSERT_FALSE(record) << text;
        EXPECT_THAT(record.error().message, HasSubstr(why)) << text;
    }
}

TEST(PersistentRecord, TellsItsIssuerWhateverStandsBehind) {
    EXPECT_EQ(PersistentRecord::issuer_of("Other.Example.; accounturi=; x")->text(),
              "other.example");
    EXPECT_FALSE(PersistentRecord::issuer_of("v=spf1 -all"));
}

}  // namespace
}  // namespace cairn::protocol::persistent_record_test
