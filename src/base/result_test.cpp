#include "base/result.h"

#include <gtest/gtest.h>

namespace cairn::base::result_test {
namespace {

TEST(Error, NamesWhereItHappened) {
    EXPECT_EQ(Error{"is negative"}.within("serial").within("certificate").message,
              "certificate: serial: is negative");
}

TEST(Printable, ReplacesWhatATerminalOrALogMightActOn) {
    EXPECT_EQ(printable("plain text ~"), "plain text ~");
    EXPECT_EQ(printable(std::string_view("a\0b\x1b[2J\r\n\x7f", 10)), "a?b?[2J???");
    EXPECT_EQ(printable("\xc3\xa9"), "??");
    EXPECT_EQ(printable(""), "");
}

TEST(Printable, IsNoLongerThanItsLimit) {
    EXPECT_EQ(printable(std::string(1000, 'a')).size(), 200U);
    EXPECT_EQ(printable("abcdef", 3), "abc");
    EXPECT_EQ(printable("abc", 3), "abc");
}

}  // namespace
}  // namespace cairn::base::result_test
