#include "http/http_date.h"

#include <gtest/gtest.h>

namespace cairn::http::http_date_test {
namespace {

constexpr base::Time example{base::Seconds{784'111'777}};

TEST(HttpDate, IsWrittenInTheFixedForm) {
    EXPECT_EQ(http_date(example), "Sun, 06 Nov 1994 08:49:37 GMT");
    EXPECT_EQ(http_date(base::Time{}), "Thu, 01 Jan 1970 00:00:00 GMT");
}

// RFC 9110 section 5.6.7.
TEST(HttpDate, IsReadInEachForm) {
    for (const char* text : {"Sun, 06 Nov 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
                             "Sun Nov  6 08:49:37 1994"})
        EXPECT_EQ(parse_http_date(text), example) << text;
    for (const char* text : {"", "1994-11-06T08:49:37Z", "Sun, 06 Nov 1994 08:49:37 GMT ",
                             "Sun, 06 Nov 1994 08:49:37 CET"})
        EXPECT_FALSE(parse_http_date(text)) << text;
    EXPECT_FALSE(parse_http_date(std::string(1000, 'S')));
}

}  // namespace
}  // namespace cairn::http::http_date_test
