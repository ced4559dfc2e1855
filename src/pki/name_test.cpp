#include "pki/name.h"

#include <string>
#include <string_view>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::pki::name_test {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct Outcome {
    std::vector<std::string> common_names;
    asn1::Failure failure;
};

Outcome read(base::BytesView encoding) {
    Outcome outcome;
    asn1::Reader reader(encoding, outcome.failure);
    for (const asn1::Element& value : read_common_names(reader, "the subject")) {
        outcome.common_names.emplace_back(base::text_of(value.content));
    }
    return outcome;
}

Outcome read_hex(std::string_view hex) {
    return read(base::from_hex(hex).value());
}

TEST(Name, IsWrittenAndReadBack) {
    struct Case {
        std::string_view organization, common_name, encoding;
    };
    for (const auto& [organization, common_name, encoding] :
         {Case{"", "", "3000"}, Case{"", "a", "300c310a300806035504030c0161"},
          Case{"b", "", "300c310a3008060355040a0c0162"},
          Case{"b", "a", "3018310a3008060355040a0c0162310a300806035504030c0161"}}) {
        asn1::Writer writer;
        write_name(writer, organization, common_name);
        EXPECT_EQ(base::to_hex(writer.view()), encoding);
        const Outcome outcome = read(writer.view());
        EXPECT_FALSE(outcome.failure);
        if (common_name.empty()) {
            EXPECT_THAT(outcome.common_names, IsEmpty());
        } else {
            EXPECT_THAT(outcome.common_names, ElementsAre(common_name));
        }
    }
}

TEST(Name, MayHaveSeveralAttributesInOnePart) {
    const Outcome outcome = read_hex(
        "3022"
        "3114"
        "300806035504030c0161"
        "3008060355040a0c0162"
        "310a"
        "300806035504031e0163");
    EXPECT_FALSE(outcome.failure);
    EXPECT_THAT(outcome.common_names, ElementsAre("a", "c"));
}

TEST(Name, IsRefusedIfItIsNone) {
    for (const std::string_view hex : {
             "",                                 // nothing
             "3100",                             // not a SEQUENCE
             "30023100",                         // a part without attributes
             "30023000",                         // a part that is not a SET
             "300431023000",                     // an attribute without a type
             "3009310730050603550403",           // an attribute without a value
             "300e310c300a06035504030c01610500"  // an attribute with two
         }) {
        const Outcome outcome = read_hex(hex);
        ASSERT_TRUE(outcome.failure) << hex;
        EXPECT_TRUE(outcome.failure->message.starts_with("the subject")) << hex;
    }
}

}  // namespace
}  // namespace cairn::pki::name_test
