#include "base/bytes.h"

#include <array>

#include <gtest/gtest.h>

namespace cairn::base::bytes_test {
namespace {

TEST(Bytes, AndTextAreViewsOfTheSameOctets) {
    const std::string_view text("a\0\xff", 3);
    const BytesView bytes = bytes_of(text);
    EXPECT_EQ(copy_of(bytes), (Bytes{'a', 0, 0xff}));
    EXPECT_EQ(text_of(bytes), text);
    EXPECT_EQ(static_cast<const void*>(text_of(bytes).data()), text.data());
}

TEST(Hex, ReadsWhatItWrites) {
    Bytes every(256);
    for (std::size_t i = 0; i < every.size(); ++i) every[i] = static_cast<std::uint8_t>(i);
    const std::string text = to_hex(every);
    EXPECT_EQ(text.substr(0, 8), "00010203");
    EXPECT_EQ(text.substr(504), "fcfdfeff");
    EXPECT_EQ(from_hex(text), every);
    EXPECT_EQ(to_hex({}), "");
    EXPECT_EQ(from_hex(""), Bytes{});
}

TEST(Hex, TakesEitherCase) {
    EXPECT_EQ(from_hex("aBcDeF"), (Bytes{0xab, 0xcd, 0xef}));
}

TEST(Hex, RefusesAnythingElse) {
    for (const std::string_view text : {"a", "abc", "0g", "g0", " 00", "0x", "a:b", "-1"}) {
        EXPECT_FALSE(from_hex(text)) << text;
    }
}

TEST(Wipe, LeavesZeros) {
    std::array<std::uint8_t, 5> memory = {1, 2, 3, 4, 5};
    wipe(memory);
    EXPECT_EQ(memory, (std::array<std::uint8_t, 5>{}));
    wipe({});
}

TEST(SecretBytes, GrowLikeOtherOctets) {
    SecretBytes secret = {1, 2, 3};
    secret.insert(secret.end(), 1000, 7);
    const SecretBytes copy = secret;
    EXPECT_EQ(copy.size(), 1003U);
    EXPECT_EQ(copy[2], 3);
    EXPECT_EQ(copy.back(), 7);
}

}  // namespace
}  // namespace cairn::base::bytes_test
