#include "pki/serial_number.h"

#include <algorithm>
#include <deque>
#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::pki::serial_number_test {
namespace {

using ::testing::HasSubstr;

base::Bytes octets(std::string_view hex) {
    return base::from_hex(hex).value();
}

/// Gives predetermined octets, as many as are asked for.
class PlannedRandom final : public crypto::Random {
  public:
    explicit PlannedRandom(std::deque<base::Bytes> plan) : plan_(std::move(plan)) {}
    void fill(std::span<std::uint8_t> out) override {
        ASSERT_FALSE(plan_.empty());
        ASSERT_EQ(plan_.front().size(), out.size());
        std::ranges::copy(plan_.front(), out.begin());
        plan_.pop_front();
    }

  private:
    std::deque<base::Bytes> plan_;
};

// Check 143.
TEST(SerialNumber, IsMadeOf128RandomBits) {
    struct Case {
        std::string_view random, content;
    };
    for (const auto& [random, content] : {
             Case{"7f0102030405060708090a0b0c0d0e0f", "7f0102030405060708090a0b0c0d0e0f"},
             Case{"800102030405060708090a0b0c0d0e0f", "00800102030405060708090a0b0c0d0e0f"},
             Case{"00000102030405060708090a0b0c0d0e", "0102030405060708090a0b0c0d0e"},
             Case{"00ff0102030405060708090a0b0c0d0e", "00ff0102030405060708090a0b0c0d0e"},
             Case{"00000000000000000000000000000001", "01"},
         }) {
        PlannedRandom source({octets(random)});
        const SerialNumber serial = SerialNumber::random(source);
        EXPECT_EQ(base::to_hex(serial.der_content()), content);
        EXPECT_EQ(SerialNumber::from_der_content(serial.der_content()).value(), serial);
    }
}

TEST(SerialNumber, IsNeverMadeZero) {
    PlannedRandom source({base::Bytes(16, 0), base::Bytes(16, 1)});
    EXPECT_EQ(SerialNumber::random(source).to_hex(), "01010101010101010101010101010101");
}

TEST(SerialNumber, IsMadeOfTheTimeAnd96RandomBits) {
    PlannedRandom source({octets("0102030405060708090a0b0c"), octets("ff02030405060708090a0b0c")});
    const auto first = SerialNumber::dated(base::Time{base::Seconds{0x6b49d200}}, source);
    EXPECT_EQ(first.to_hex(), "6b49d2000102030405060708090a0b0c");
    EXPECT_EQ(SerialNumber::from_der_content(first.der_content()).value(), first);
    // From 2038 on the first bit is set.
    const auto late = SerialNumber::dated(base::Time{base::Seconds{0x80000000}}, source);
    EXPECT_EQ(base::to_hex(late.der_content()), "0080000000ff02030405060708090a0b0c");
    EXPECT_EQ(SerialNumber::from_der_content(late.der_content()).value(), late);
}

TEST(SerialNumber, IsNeverMadeZeroByADate) {
    PlannedRandom source({base::Bytes(12, 0), base::Bytes(12, 1)});
    EXPECT_EQ(SerialNumber::dated(base::Time{}, source).to_hex(), "010101010101010101010101");
}

// As of Go Daddy's and other roots.
TEST(SerialNumber, MayBeReadAsZero) {
    const auto serial = SerialNumber::from_der_content(octets("00"));
    ASSERT_TRUE(serial);
    EXPECT_EQ(serial->to_hex(), "00");
    EXPECT_EQ(SerialNumber::from_hex("00").value(), *serial);
}

// Check 143.
TEST(SerialNumber, DoesNotRepeat) {
    crypto::SystemRandom source;
    std::set<SerialNumber> seen;
    for (int i = 0; i < 1000; ++i) EXPECT_TRUE(seen.insert(SerialNumber::random(source)).second);
}

TEST(SerialNumber, KeepsTheLeadingZeroThatRfc9773Names) {
    const auto serial = SerialNumber::from_hex("87654321");
    ASSERT_TRUE(serial);
    EXPECT_EQ(base::to_hex(serial->der_content()), "0087654321");
    EXPECT_EQ(serial->to_hex(), "87654321");
    EXPECT_EQ(SerialNumber::from_der_content(octets("0087654321")).value(), *serial);
}

TEST(SerialNumber, ReadsHexInEitherCase) {
    EXPECT_EQ(SerialNumber::from_hex("0AfF").value().to_hex(), "0aff");
    EXPECT_EQ(SerialNumber::from_hex("01").value(),
              SerialNumber::from_der_content(octets("01")).value());
    // 2^159 - 1, the largest number of 20 octets; and one of 21, as some peers make them.
    EXPECT_TRUE(SerialNumber::from_hex("ff" + std::string(38, 'f')));
    EXPECT_TRUE(SerialNumber::from_hex("7f" + std::string(38, 'f')));
}

TEST(SerialNumber, RefusesOtherHex) {
    for (const std::string& text :
         {std::string(), std::string("0"), std::string("0000"), std::string("0001"),
          std::string("1"), std::string("0x12"), std::string("-1"), std::string("1g"),
          std::string("12 "), "80" + std::string(62, '0'), std::string(66, '1'),
          std::string(100000, '1')}) {
        EXPECT_FALSE(SerialNumber::from_hex(text)) << text.substr(0, 50);
    }
}

TEST(SerialNumber, RefusesOtherContent) {
    struct Case {
        std::string hex;
        std::string_view reason;
    };
    for (const auto& [hex, reason] : {
             Case{"", "empty"},
             Case{"0000", "leading zeros"},
             Case{"007f", "leading zeros"},
             Case{"80", "negative"},
             Case{"ff", "negative"},
             Case{"01" + std::string(64, '0'), "32 octets"},
             Case{"00ff" + std::string(62, '0'), "32 octets"},
         }) {
        const auto serial = SerialNumber::from_der_content(octets(hex));
        ASSERT_FALSE(serial) << hex;
        EXPECT_THAT(serial.error().message, HasSubstr(reason)) << hex;
    }
    EXPECT_TRUE(SerialNumber::from_der_content(octets("01" + std::string(38, '0'))));
}

}  // namespace
}  // namespace cairn::pki::serial_number_test
