#include "http/retry_after.h"

#include <optional>
#include <string>

#include <gtest/gtest.h>

namespace cairn::http::retry_after_test {
namespace {

using namespace std::chrono_literals;

struct Case {
    std::string value;
    std::optional<base::Seconds> expected;
};

TEST(RetryAfter, ReadsSecondsAndDates) {
    // The instant of RFC 9110 section 5.6.7's examples: Sun, 06 Nov 1994 08:49:37 GMT.
    const base::Time now(784111777s - 90s);
    const std::optional<base::Seconds> nothing;
    const Case cases[] = {
        {"0", 0s},
        {"3", 3s},
        {"120", 120s},
        {"86400", 86400s},
        {"86401", 86400s},
        {"18446744073709551615", 86400s},
        {"99999999999999999999999", 86400s},
        {"Sun, 06 Nov 1994 08:49:37 GMT", 90s},
        {"Sunday, 06-Nov-94 08:49:37 GMT", 90s},
        {"Sun Nov  6 08:49:37 1994", 90s},
        {"Sun, 06 Nov 1994 08:00:00 GMT", 0s},
        {"Sun, 06 Nov 2094 08:49:37 GMT", 86400s},
        {"", nothing},
        {"-1", nothing},
        {"+5", nothing},
        {"3.5", nothing},
        {"3 ", nothing},
        {"soon", nothing},
        {std::string("Sun, 06 Nov 1994 08:49:37 GMT\0x", 31), nothing},
        {"Sun, 06 Nov 1994 08:49:37", nothing},
        {"Sun, 06 Nov 1994 08:49:37 GMT and more", nothing},
        {std::string(5000, 'S'), nothing},
    };
    for (const auto& [value, expected] : cases)
        EXPECT_EQ(parse_retry_after(value, now), expected) << value.substr(0, 60);
}

}  // namespace
}  // namespace cairn::http::retry_after_test
