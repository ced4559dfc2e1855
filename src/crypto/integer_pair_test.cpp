#include "crypto/integer_pair.h"

#include <array>
#include <string>

#include <gtest/gtest.h>

namespace cairn::crypto::integer_pair_test {
namespace {

using base::Bytes;

struct Case {
    std::string first, second;
    std::string der;
};

const Case cases[] = {
    {"01", "02", "3006020101020102"},
    {"7f", "80", "300702017f02020080"},  // a zero keeps it positive
    {"", "ff01",
     "30080201000203"
     "00ff01"},  // zero itself
    {std::string(254, '7'), "01",
     "308184"
     "02"
     "7f" +
         std::string(254, '7') + "020101"},
    {std::string(256, 'a'), "01",
     "308187"
     "028181"
     "00" +
         std::string(256, 'a') + "020101"},
    {std::string(512, 'b'), "01",
     "30820108"
     "02820101"
     "00" +
         std::string(512, 'b') + "020101"},
};

TEST(IntegerPair, IsWrittenAndReadAsDer) {
    for (const auto& [first, second, der] : cases) {
        const Bytes one = base::from_hex(first).value();
        const Bytes two = base::from_hex(second).value();
        EXPECT_EQ(base::to_hex(to_der({one, two})), der);

        const Bytes encoding = base::from_hex(der).value();
        const auto pair = integer_pair_from_der(encoding);
        ASSERT_TRUE(pair) << der;
        EXPECT_EQ(base::to_hex(pair->first), first);
        EXPECT_EQ(base::to_hex(pair->second), second);
    }
}

TEST(IntegerPair, IsWrittenWithoutLeadingZeros) {
    const Bytes padded = {0, 0, 0x80};
    const Bytes zero = {0, 0};
    EXPECT_EQ(base::to_hex(to_der({padded, zero})), "300702020080020100");
}

TEST(IntegerPair, IsRefusedInAnyOtherEncoding) {
    for (const std::string_view der : {
             "",
             "30",
             "3000",
             "3003020101",
             "300602010102010200",  // too short, too long
             "3006020101020102"
             "00",                      // trailing octets
             "3009020101020102020103",  // a third
             "3005020101020102",
             "3007020101020102",  // wrong length
             "3106020101020102",
             "3006030101020102",
             "3006020101040102",    // wrong type
             "300702020001020102",  // a needless zero
             "3006020181020102",    // negative
             "30050200020101",
             "3005020101"
             "0200",  // empty
             "308106020101020102",
             "30820006020101020102",  // length longer than necessary
             "300702810101020102",    //
             "3080020101020102"
             "0000",  // indefinite length
             "3083000006020101020102",
             "30ff",
             "3084ffffffff",  // lengths of many octets
             "3081",
             "308200",
             "30820100",  // lengths cut off
         }) {
        EXPECT_FALSE(integer_pair_from_der(base::from_hex(der).value())) << der;
    }
}

// Every prefix, so that no length is trusted beyond the octets that are there.
TEST(IntegerPair, IsRefusedCutOffAnywhere) {
    for (const auto& entry : cases) {
        const Bytes der = base::from_hex(entry.der).value();
        for (std::size_t size = 0; size < der.size(); ++size) {
            const Bytes cut(der.begin(), der.begin() + static_cast<std::ptrdiff_t>(size));
            EXPECT_FALSE(integer_pair_from_der(cut));
        }
    }
}

}  // namespace
}  // namespace cairn::crypto::integer_pair_test
