#include "base/duration.h"

#include <gtest/gtest.h>

namespace cairn::base::duration_test {
namespace {

using namespace std::chrono_literals;

TEST(Duration, IsReadInAllUnitsAndWrittenInTheLargest) {
    const std::pair<const char*, Seconds> cases[] = {
        {"45s", 45s}, {"30m", 30min}, {"12h", 12h}, {"90d", std::chrono::days(90)}};
    for (const auto& [text, duration] : cases) {
        EXPECT_EQ(duration_from(text).value(), duration) << text;
        EXPECT_EQ(duration_text(duration), text);
    }
    EXPECT_EQ(duration_text(1152h), "48d");
    EXPECT_EQ(duration_text(90s), "90s");
}

TEST(Duration, RefusesWhatIsNone) {
    for (const char* text : {"", "s", "5", "0s", "-1s", "1 h", "1w", "1hs", "1.5h", "1000001s",
                             "99999999999999999999s"})
        EXPECT_FALSE(duration_from(text)) << text;
}

}  // namespace
}  // namespace cairn::base::duration_test
