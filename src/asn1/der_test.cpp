#include "asn1/der.h"

#include <chrono>
#include <stdexcept>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "asn1/object_id.h"

namespace cairn::asn1::der_test {
namespace {

using ::testing::HasSubstr;

base::Bytes octets(std::string_view hex) {
    return base::from_hex(hex).value();
}

TEST(Der, TakesWhatIsDer) {
    for (const std::string& hex : {
             std::string("0101ff"),            // TRUE
             std::string("020100"),            // 0
             std::string("02020080"),          // 128
             std::string("0201ff"),            // -1
             std::string("030100"),            // no bits
             std::string("03020780"),          // one bit
             std::string("0500"),              // NULL
             std::string("0603551d11"),        // 2.5.29.17
             std::string("06028f51"),          // an arc of two octets
             std::string("3000"),              // nothing in a SEQUENCE
             std::string("3106020101020101"),  // equal elements of a SET
             std::string("3106020101020102"),  // sorted elements of a SET
             std::string("a003020100"),        // [0] EXPLICIT 0
             std::string("8001ff"),            // [0], whatever it is
             "048180" + std::string(256, 'a'),
         }) {
        EXPECT_TRUE(check(octets(hex))) << hex;
    }
}

TEST(Der, SaysWhyItRefuses) {
    struct Case {
        std::string_view hex, reason;
    };
    for (const auto& [hex, reason] : {
             Case{"", "ends within an element"},
             Case{"30", "ends within an element"},
             Case{"3001", "ends within an element"},
             Case{"0482", "ends within a length"},
             Case{"048201", "ends within a length"},
             Case{"04850000000001aa", "more than 4 octets"},
             Case{"04ffffffff", "more than 4 octets"},
             Case{"0484ffffffff", "ends within an element"},
             Case{"30800000", "indefinite"},
             Case{"048101aa", "not the shortest"},
             Case{"04820001aa", "not the shortest"},
             Case{"020100ff", "after the end"},
             Case{"30030201", "ends within an element"},
             Case{"1f0100", "above 30"},
             Case{"bf8f0100", "above 30"},
             Case{"0000", "impossible tag 00"},
             Case{"1000", "impossible tag 10"},
             Case{"1100", "impossible tag 11"},
             Case{"2403040100", "in pieces"},
             Case{"2203020100", "in pieces"},
             Case{"010101", "neither 00 nor FF"},
             Case{"0100", "neither 00 nor FF"},
             Case{"0102ffff", "neither 00 nor FF"},
             Case{"0200", "INTEGER is empty"},
             Case{"0202007f", "INTEGER is not the shortest"},
             Case{"0202ff80", "INTEGER is not the shortest"},
             Case{"0300", "BIT STRING is empty"},
             Case{"030101", "too many unused bits"},
             Case{"03020880", "too many unused bits"},
             Case{"03020781", "padding"},
             Case{"050100", "NULL is not empty"},
             Case{"0600", "cut short"},
             Case{"060281ff", "cut short"},
             Case{"06032a8001", "IDENTIFIER is not the shortest"},
             Case{"3106020102020101", "not sorted"},
             Case{"a0048001ff30", "ends within an element"},
         }) {
        const auto sound = check(octets(hex));
        ASSERT_FALSE(sound) << hex;
        EXPECT_THAT(sound.error().message, HasSubstr(reason)) << hex;
    }
}

TEST(Der, NestsThirtyTwoLevelsAndNoMore) {
    const auto nested = [](int levels) {
        base::Bytes encoding;
        for (int i = 0; i < levels; ++i) {
            Writer writer;
            writer.element(tag::sequence, encoding);
            encoding = std::move(writer).take();
        }
        return encoding;
    };
    EXPECT_TRUE(check(nested(31)));
    const auto sound = check(nested(33));
    ASSERT_FALSE(sound);
    EXPECT_THAT(sound.error().message, HasSubstr("too deeply"));
}

TEST(Der, OrdersSetsAsIfPaddedWithZeros) {
    EXPECT_TRUE(in_set_order(octets("0101"), octets("0102")));
    EXPECT_FALSE(in_set_order(octets("0102"), octets("0101")));
    EXPECT_TRUE(in_set_order(octets("01"), octets("0101")));
    EXPECT_FALSE(in_set_order(octets("0101"), octets("01")));
    EXPECT_TRUE(in_set_order(octets("0100"), octets("01")));
    EXPECT_TRUE(in_set_order({}, octets("01")));
}

TEST(DerReader, ReadsInAStraightLine) {
    const base::Bytes sequence = octets("300d0201050101ff030200aa8001cc");
    Failure failure;
    Reader reader(sequence, failure);
    Reader inside = reader.inside(tag::sequence, "all");
    EXPECT_EQ(base::to_hex(inside.element(tag::integer, "number").content), "05");
    EXPECT_TRUE(inside.flag("flag"));
    EXPECT_FALSE(inside.flag("another flag"));
    EXPECT_EQ(base::to_hex(inside.octet_aligned_bits("bits")), "aa");
    EXPECT_TRUE(inside.next_is(tag::context(0)));
    EXPECT_EQ(base::to_hex(inside.element("the last").whole), "8001cc");
    EXPECT_TRUE(inside.at_end());
    inside.end("inside");
    reader.end("outside");
    EXPECT_FALSE(failure) << failure->message;
}

TEST(DerReader, KeepsTheFirstFailureAndReadsNoMore) {
    const base::Bytes encoding = octets("3006020101020102");
    Failure failure;
    Reader reader(encoding, failure);
    Reader inside = reader.inside(tag::sequence, "all");
    EXPECT_TRUE(inside.element(tag::boolean, "first").content.empty());
    EXPECT_TRUE(inside.at_end());
    EXPECT_FALSE(inside.next_is(tag::integer));
    EXPECT_TRUE(inside.element(tag::integer, "second").whole.empty());
    EXPECT_TRUE(reader.at_end());
    inside.end("inside");
    ASSERT_TRUE(failure);
    EXPECT_EQ(failure->message, "first has the tag 02, not 01");
}

TEST(DerNumber, IsWrittenAndReadWithoutItsSign) {
    struct Case {
        std::string_view number, encoding;
    };
    for (const auto& [number, encoding] : {
             Case{"", "020100"},
             Case{"01", "020101"},
             Case{"7f", "02017f"},
             Case{"80", "02020080"},
             Case{"ff01", "020300ff01"},
             Case{"0100", "02020100"},
         }) {
        Writer writer;
        writer.natural_number(octets(number));
        EXPECT_EQ(base::to_hex(writer.view()), encoding);
        Writer of_padded;
        of_padded.natural_number(octets("0000" + std::string(number)));
        EXPECT_EQ(base::to_hex(of_padded.view()), encoding);
        Failure failure;
        EXPECT_EQ(base::to_hex(Reader(writer.view(), failure).natural_number("it")), number);
        EXPECT_FALSE(failure) << failure->message;
    }
}

TEST(DerReader, NamesWhatIsWrong) {
    struct Case {
        std::string_view hex;
        void (*read)(Reader&);
        std::string_view reason;
    };
    for (const auto& [hex, read, reason] : {
             Case{"", [](Reader& r) { r.element("it"); }, "it is missing"},
             Case{"04", [](Reader& r) { r.element("it"); }, "it: the encoding ends"},
             Case{"0500", [](Reader& r) { r.end("it"); }, "it has more in it"},
             Case{"030204f0", [](Reader& r) { r.octet_aligned_bits("it"); }, "whole octets"},
             Case{"0300", [](Reader& r) { r.octet_aligned_bits("it"); }, "whole octets"},
             Case{"010100", [](Reader& r) { r.flag("it"); }, "not TRUE"},
             Case{"0200", [](Reader& r) { r.natural_number("it"); }, "it: an INTEGER is empty"},
             Case{"0202007f", [](Reader& r) { r.natural_number("it"); }, "not the shortest"},
             Case{"020180", [](Reader& r) { r.natural_number("it"); }, "it is negative"},
             Case{"0101ff", [](Reader& r) { r.natural_number("it"); }, "it has the tag 01"},
             Case{"0500", [](Reader& r) { r.time("it"); }, "not of a time"},
         }) {
        const base::Bytes encoding = octets(hex);
        Failure failure;
        Reader reader(encoding, failure);
        read(reader);
        ASSERT_TRUE(failure) << hex;
        EXPECT_THAT(failure->message, HasSubstr(reason)) << hex;
    }
}

base::Time moment(std::string_view text) {
    return base::from_rfc3339(text).value();
}

base::Bytes element(std::uint8_t tag, std::string_view content) {
    Writer writer;
    writer.element(tag, content);
    return std::move(writer).take();
}

// Check 145.
TEST(DerTime, WritesUtcTimeUntil2049) {
    struct Case {
        base::Time time;
        std::uint8_t tag;
        std::string_view text;
    };
    using namespace std::chrono_literals;
    for (const auto& [time, tag, text] : {
             Case{std::chrono::sys_days(1950y / 1 / 1), tag::utc_time, "500101000000Z"},
             Case{moment("1999-12-31T23:59:59Z"), tag::utc_time, "991231235959Z"},
             Case{moment("2000-02-29T00:00:00Z"), tag::utc_time, "000229000000Z"},
             Case{moment("2026-11-22T01:02:03Z"), tag::utc_time, "261122010203Z"},
             Case{moment("2049-12-31T23:59:59Z"), tag::utc_time, "491231235959Z"},
             Case{moment("2050-01-01T00:00:00Z"), tag::generalized_time, "20500101000000Z"},
             Case{moment("9999-12-31T23:59:59Z"), tag::generalized_time, "99991231235959Z"},
         }) {
        Writer writer;
        writer.time(time);
        EXPECT_EQ(base::to_hex(writer.view()), base::to_hex(element(tag, text))) << text;
        Failure failure;
        EXPECT_EQ(Reader(writer.view(), failure).time("time"), time) << text;
        EXPECT_FALSE(failure);
    }
    Writer writer;
    EXPECT_THROW(writer.time(std::chrono::sys_days(1949y / 12 / 31)), std::invalid_argument);
    EXPECT_THROW(writer.time(std::chrono::sys_days(10000y / 1 / 1)), std::invalid_argument);
}

TEST(DerTime, RefusesWhatIsNotOfTheProfile) {
    struct Case {
        std::uint8_t tag;
        std::string_view text;
    };
    for (const auto& [tag, text] : {
             Case{tag::utc_time, "2611220102Z"},            // no seconds
             Case{tag::utc_time, "261122010203+0100"},      // an offset
             Case{tag::utc_time, "261122010203"},           // no zone
             Case{tag::utc_time, "261322010203Z"},          // month 13
             Case{tag::utc_time, "260229000000Z"},          // not a leap year
             Case{tag::utc_time, "261122240000Z"},          // hour 24
             Case{tag::utc_time, "261122236000Z"},          // minute 60
             Case{tag::utc_time, "261122235960Z"},          // a leap second
             Case{tag::utc_time, "26112201020 Z"},          // a space
             Case{tag::utc_time, "20261122010203Z"},        // four digits for a year
             Case{tag::generalized_time, "261122010203Z"},  // two
             Case{tag::generalized_time, "20261122010203.5Z"},
             Case{tag::generalized_time, ""},
         }) {
        const base::Bytes encoding = element(tag, text);
        Failure failure;
        static_cast<void>(Reader(encoding, failure).time("notAfter"));
        ASSERT_TRUE(failure) << text;
        EXPECT_THAT(failure->message, HasSubstr("notAfter is not a time")) << text;
    }
}

TEST(DerWriter, WritesShortestLengths) {
    struct Case {
        std::size_t length;
        std::string_view header;
    };
    for (const auto& [length, header] :
         {Case{0, "0400"}, Case{1, "0401"}, Case{127, "047f"}, Case{128, "048180"},
          Case{255, "0481ff"}, Case{256, "04820100"}, Case{65535, "0482ffff"},
          Case{65536, "0483010000"}}) {
        const base::Bytes content(length, 0xaa);
        Writer writer;
        writer.element(tag::octet_string, content);
        EXPECT_EQ(base::to_hex(writer.view()), std::string(header) + base::to_hex(content));
        EXPECT_TRUE(check(writer.view()));
    }
}

TEST(DerWriter, Nests) {
    Writer writer;
    writer.nested(tag::sequence, [&] {
        writer.nested(tag::context_constructed(0), [&] { writer.small_integer(2); });
        writer.flag_true();
        writer.octet_aligned_bits(octets("aabb"));
        writer.octet_aligned_bits([&] { writer.small_integer(1); });
        writer.raw(octets("0500"));
    });
    EXPECT_EQ(base::to_hex(writer.view()), "3015a0030201020101ff030300aabb0304000201010500");
}

TEST(ObjectId, IsEncoded) {
    EXPECT_EQ(base::to_hex(oid::subject_alt_name), "551d11");
    EXPECT_EQ(base::to_hex(oid::extension_request), "2a864886f70d01090e");  // RFC 2985
    EXPECT_EQ(base::to_hex(oid::domain_validated), "67810c010201");
    EXPECT_EQ(base::to_hex(oid::acme_identifier), "2b0601050507011f");
}

}  // namespace
}  // namespace cairn::asn1::der_test
