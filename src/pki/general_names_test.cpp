#include "pki/general_names.h"

#include <stdexcept>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::pki::general_names_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

struct Outcome {
    SubjectNames names;
    std::vector<base::Error> findings;
    asn1::Failure failure;
};

Outcome read(base::BytesView encoding) {
    Outcome outcome;
    asn1::Reader reader(encoding, outcome.failure);
    outcome.names = read_general_names(reader, outcome.findings);
    return outcome;
}

Outcome read_hex(std::string_view hex) {
    return read(base::from_hex(hex).value());
}

/// Reads GeneralNames with these entries.
Outcome read_entries(std::string_view hex) {
    asn1::Writer writer;
    writer.element(asn1::tag::sequence, base::from_hex(hex).value());
    return read(writer.view());
}

base::IpAddress address(std::string_view text) {
    return base::IpAddress::from_text(text).value();
}

TEST(GeneralNames, AreWrittenAndReadBack) {
    SubjectNames names;
    names.dns_names = {"A.example", "*.b.example"};
    names.ip_addresses = {address("192.0.2.1"), address("2001:db8::1")};
    asn1::Writer writer;
    write_general_names(writer, names);
    EXPECT_EQ(base::to_hex(writer.view()),
              "3030"
              "8209412e6578616d706c65"
              "820b2a2e622e6578616d706c65"
              "8704c0000201"
              "871020010db8000000000000000000000001");
    const Outcome outcome = read(writer.view());
    EXPECT_EQ(outcome.names, names);
    EXPECT_THAT(outcome.findings, IsEmpty());
    EXPECT_FALSE(outcome.failure);
}

TEST(GeneralNames, CountsOtherKinds) {
    const Outcome outcome = read_entries(
        "a00606022a03a000"  // otherName
        "810161"            // rfc822Name
        "a300"              // x400Address
        "a4023000"          // directoryName
        "a500"              // ediPartyName
        "860161"            // URI
        "8602c3a4"          // URI in UTF-8
        "88022a03"          // registeredID
        "820161");
    EXPECT_FALSE(outcome.failure);
    EXPECT_THAT(outcome.findings, IsEmpty());
    EXPECT_EQ(outcome.names.other_names, 7U);
    EXPECT_THAT(outcome.names.uris, ElementsAre("a"));
    EXPECT_THAT(outcome.names.dns_names, ElementsAre("a"));
}

TEST(GeneralNames, ReportsEveryBadEntry) {
    const Outcome outcome = read_entries(
        "8200"                  // empty
        "8203610062"            // NUL
        "82026120"              // space
        "820361c3a4"            // UTF-8
        "82027f61"              // DEL
        "8703c00002"            // 3 octets
        "8708c0000201ffffff00"  // an address and a mask
        "890100"                // no such choice
        "0c0161"                // a string of its own
        "820161");
    EXPECT_FALSE(outcome.failure);
    std::vector<std::string> messages;
    messages.reserve(outcome.findings.size());
    for (const base::Error& finding : outcome.findings) messages.push_back(finding.message);
    EXPECT_THAT(
        messages,
        ElementsAre(HasSubstr("entry 1: a dNSName is empty"), HasSubstr("entry 2: dNSName \"a?b\""),
                    HasSubstr("entry 3: dNSName \"a \""), HasSubstr("entry 4: dNSName \"a??\""),
                    HasSubstr("entry 5: dNSName \"?a\""),
                    HasSubstr("entry 6: an iPAddress has 3 octets"),
                    HasSubstr("entry 7: an iPAddress has 8 octets"),
                    HasSubstr("entry 8: the tag 89"), HasSubstr("entry 9: the tag 0c")));
}

TEST(GeneralNames, ReportsTenFindingsAtMost) {
    asn1::Writer writer;
    writer.nested(asn1::tag::sequence, [&] {
        for (int i = 0; i < 5000; ++i) writer.element(asn1::tag::context(2), base::BytesView());
    });
    EXPECT_THAT(read(writer.view()).findings, SizeIs(10));
}

TEST(GeneralNames, RefusesNone) {
    EXPECT_TRUE(read_hex("3000").failure);
    EXPECT_TRUE(read_hex("820161").failure);
    EXPECT_TRUE(read_hex("").failure);
}

TEST(GeneralNames, WritesOnlyWhatItWouldRead) {
    asn1::Writer writer;
    EXPECT_THROW(write_general_names(writer, {}), std::invalid_argument);
    EXPECT_THROW(write_general_names(writer, {{"a"}, {}, 1}), std::invalid_argument);
    EXPECT_THROW(write_general_names(writer, {{""}, {}, 0}), std::invalid_argument);
    EXPECT_THROW(write_general_names(writer, {{"a b"}, {}, 0}), std::invalid_argument);
}

}  // namespace
}  // namespace cairn::pki::general_names_test
