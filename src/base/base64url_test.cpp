#include "base/base64url.h"

#include <gtest/gtest.h>

namespace cairn::base::base64url_test {
namespace {

struct Vector {
    std::string_view plain;
    std::string_view encoded;
};

// RFC 4648 section 10, without padding, and the two characters that base64url has of its own.
constexpr Vector vectors[] = {
    {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},
    {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xfb\xff\xfe", "-__-"},
};

TEST(Base64url, WritesAndReadsTheVectorsOfRfc4648) {
    for (const auto& [plain, encoded] : vectors) {
        EXPECT_EQ(base64url(bytes_of(plain)), encoded);
        const auto decoded = from_base64url(encoded);
        ASSERT_TRUE(decoded) << encoded;
        EXPECT_EQ(text_of(*decoded), plain);
        EXPECT_TRUE(is_base64url(encoded));
    }
}

TEST(Base64url, ReadsTheExampleOfRfc7515AppendixC) {
    EXPECT_EQ(from_base64url("A-z_4ME"), (Bytes{3, 236, 255, 224, 193}));
    EXPECT_EQ(base64url(Bytes{3, 236, 255, 224, 193}), "A-z_4ME");
}

TEST(Base64url, ReadsBackEveryOctetAtEveryPlace) {
    for (int value = 0; value < 256; ++value) {
        for (std::size_t place = 0; place < 5; ++place) {
            Bytes bytes(5, 0x55);
            bytes[place] = static_cast<std::uint8_t>(value);
            EXPECT_EQ(from_base64url(base64url(bytes)), bytes);
        }
    }
}

TEST(Base64url, RefusesEveryOtherSpelling) {
    for (const std::string_view text : {
             "A",                   // a length of 1 modulo 4
             "AAAAA",               //
             "Zg==",                // padding
             "Zm8=",                //
             "Zg=",                 //
             "+__-",       "-//-",  // the alphabet of plain base64
             " Zg",        "Zg ",   "Z g", "Zg\n",
             "Zm9v\r\n",   "Zh",    "Zv",  // trailing bits that are not zero: 4 of them
             "Zm9",        "Zm-",          // 2 of them
             "Zm\xc3\xa9", "Zm9v.", "*",
         }) {
        EXPECT_FALSE(from_base64url(text)) << text;
    }
    EXPECT_FALSE(from_base64url(std::string_view("Zm\0v", 4)));
}

TEST(Base64url, KnowsItsAlphabet) {
    int members = 0;
    for (int c = 0; c < 256; ++c) {
        const char character = static_cast<char>(c);
        members += is_base64url({&character, 1}) ? 1 : 0;
    }
    EXPECT_EQ(members, 64);
    EXPECT_TRUE(is_base64url("AZaz09-_"));
    EXPECT_TRUE(is_base64url("A"));  // the alphabet, not the length
    EXPECT_FALSE(is_base64url("Zg=="));
    EXPECT_FALSE(is_base64url("a+b"));
}

}  // namespace
}  // namespace cairn::base::base64url_test
