#include "client/renew_before.h"

#include <gtest/gtest.h>

namespace cairn::client::renew_before_test {
namespace {

using std::chrono::days;
using std::chrono::hours;

TEST(RenewBefore, ReadsDurationsAndShares) {
    struct Case {
        const char* text;
        base::Seconds of_ninety_days;
    };
    for (const auto& [text, reserve] :
         {Case{"30d", days(30)}, Case{"12h", hours(12)}, Case{"1/3", days(30)},
          Case{"0.1", days(9)}, Case{".5", days(45)}, Case{"2/3", days(60)}}) {
        const auto read = RenewBefore::from_text(text);
        ASSERT_TRUE(read) << text << ": " << read.error().message;
        EXPECT_EQ(read->text(), text);
        EXPECT_EQ(read->reserve_of(days(90)), reserve) << text;
    }
}

TEST(RenewBefore, LeavesANewCertificateAlone) {
    EXPECT_EQ(RenewBefore::from_text("30d")->reserve_of(days(6)), days(3));
    EXPECT_EQ(RenewBefore::from_text("99/100")->reserve_of(days(100)), days(50));
    EXPECT_EQ(RenewBefore::from_text("0.9")->reserve_of(days(100)), days(90));
}

TEST(RenewBefore, RefusesWhatIsNeither) {
    for (const auto* bad :
         {"",   "30", "d",    "1",     "1.0", "0", "0.0",       "0/3", "3/3",  "4/3", "1/0",
          "/3", "1/", "-1/3", "1/3/5", "0.",  ".", "0.1234567", "33%", "1/3d", "0.3 "})
        EXPECT_FALSE(RenewBefore::from_text(bad)) << bad;
}

}  // namespace
}  // namespace cairn::client::renew_before_test
