#include "protocol/json.h"

#include <boost/json/serialize.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::protocol::json_test {
namespace {

using base::bytes_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Text {
    const char* name;
    std::string json;
};
void PrintTo(const Text& text, std::ostream* out) {
    *out << text.name;
}
std::string name_of(const ::testing::TestParamInfo<Text>& info) {
    return info.param.name;
}

std::string repeated(std::string_view text, std::size_t count) {
    std::string result;
    for (std::size_t i = 0; i < count; ++i) result += text;
    return result;
}

class Accepted : public ::testing::TestWithParam<Text> {};
TEST_P(Accepted, IsRead) {
    const auto object = parse_json_object(bytes_of(GetParam().json));
    EXPECT_TRUE(object) << object.error().message;
}
INSTANTIATE_TEST_SUITE_P(
    ParseJsonObject, Accepted,
    ::testing::Values(Text{"empty_object", "{}"}, Text{"white_space_around", " \r\n\t{ } \n"},
                      Text{"all_kinds",
                           R"({"a":[null,true,false,-1,18446744073709551615,1.5e3,"x"]})"},
                      Text{"same_name_at_two_levels", R"({"a":{"a":1},"b":{"a":2}})"},
                      Text{"names_that_differ_in_case", R"({"csr":1,"CSR":2})"},
                      Text{"utf8", "{\"\xc3\xa9\":\"\xf0\x9f\x94\x92\"}"},
                      Text{"surrogate_pair", R"({"a":"\ud83d\udd12"})"},
                      Text{"escaped_nul", R"({"a":"\u0000"})"},
                      Text{"sixteen_levels", repeated("{\"a\":", 15) + "{}" + repeated("}", 15)},
                      Text{"number_of_64_characters", "{\"a\":" + repeated("1", 64) + "}"}),
    name_of);

class Refused : public ::testing::TestWithParam<Text> {};
// Checks 43, 44.
TEST_P(Refused, IsAnError) {
    const auto object = parse_json_object(bytes_of(GetParam().json));
    EXPECT_FALSE(object) << boost::json::serialize(*object);
}
INSTANTIATE_TEST_SUITE_P(
    ParseJsonObject, Refused,
    ::testing::Values(
        Text{"nothing", ""}, Text{"white_space_alone", "  "}, Text{"array", "[]"},
        Text{"string", "\"a\""}, Text{"number", "1"}, Text{"null_value", "null"},
        Text{"cut_off", R"({"a":)"}, Text{"cut_off_in_number", R"({"a":1)"},
        Text{"trailing_comma", R"({"a":1,})"}, Text{"comment", "{}//"},
        Text{"comment_inside", "{/**/}"}, Text{"single_quotes", "{'a':1}"},
        Text{"second_value", "{}{}"}, Text{"trailing_byte", "{}x"},
        Text{"trailing_nul", std::string("{}\0", 3)}, Text{"byte_order_mark", "\xef\xbb\xbf{}"},
        Text{"utf16", std::string("{\0}\0", 4)}, Text{"duplicate", R"({"a":1,"a":1})"},
        Text{"escaped_twin", R"({"alg":"ES256","\u0061lg":"none"})"},
        Text{"duplicate_inside", R"({"x":[{"a":{"b":1,"b":2}}]})"},
        // The first of the two values goes, and with it a duplicate that would be missed.
        Text{"duplicate_of_object", R"({"a":{"b":1,"c":2},"a":{}})"},
        Text{"empty_duplicate_names", R"({"":1,"":2})"},
        Text{"seventeen_levels", repeated("{\"a\":", 16) + "{}" + repeated("}", 16)},
        Text{"seventeen_levels_of_arrays", "{\"a\":" + repeated("[", 16) + repeated("]", 16) + "}"},
        Text{"hundred_thousand_arrays", "{\"a\":" + repeated("[", 100'000)},
        Text{"number_of_65_characters", "{\"a\":" + repeated("1", 65) + "}"},
        Text{"fraction_of_65_characters", "{\"a\":0." + repeated("0", 63) + "}"},
        Text{"number_of_50000_digits", "{\"a\":" + repeated("9", 50'000) + "}"},
        Text{"infinite_number", R"({"a":1e999})"}, Text{"infinite_below", R"({"a":-1e999})"},
        Text{"leading_zero", R"({"a":01})"}, Text{"plus_sign", R"({"a":+1})"},
        Text{"not_a_number", R"({"a":NaN})"}, Text{"infinity", R"({"a":Infinity})"},
        Text{"lone_leading_surrogate", R"({"a":"\ud83d"})"},
        Text{"lone_trailing_surrogate", R"({"a":"\udd12"})"},
        Text{"lone_surrogate_in_name", R"({"\ud83d":1})"},
        Text{"surrogates_swapped", R"({"a":"\udd12\ud83d"})"}, Text{"latin1", "{\"a\":\"\xe9\"}"},
        Text{"overlong_utf8", "{\"a\":\"\xc0\xaf\"}"},
        Text{"surrogate_in_utf8", "{\"a\":\"\xed\xa0\x80\"}"},
        Text{"beyond_unicode", "{\"a\":\"\xf4\x90\x80\x80\"}"},
        Text{"cut_off_utf8", "{\"a\":\"\xe2\x82\"}"},
        Text{"raw_control_character", "{\"a\":\"\n\"}"},
        Text{"thousand_and_one_members",
             [] {
                 std::string json = "{\"0\":0";
                 for (int i = 1; i <= 1000; ++i) json += ",\"" + std::to_string(i) + "\":0";
                 return json + "}";
             }()}),
    name_of);

TEST(ParseJsonObject, KeepsTheTreeInTheMemoryGiven) {
    JsonMemory memory;
    const auto object =
        parse_json_object(bytes_of(R"({"a":["long enough to be on the heap"]})"), memory.storage());
    ASSERT_TRUE(object);
    EXPECT_EQ(*object->storage(), *memory.storage());
    EXPECT_EQ(*object->at("a").as_array().storage(), *memory.storage());
}

TEST(ParseJsonObject, OutgrowsTheStack) {
    const std::string value(100'000, 'x');
    JsonMemory memory;
    const auto object = parse_json_object(bytes_of("{\"a\":\"" + value + "\"}"), memory.storage());
    ASSERT_TRUE(object);
    EXPECT_EQ(object->at("a").as_string(), value);
}

TEST(MemberReader, TakesMembersOfTheRightType) {
    const auto object = parse_json_object(bytes_of(
        R"({"text":"x","yes":true,"number":-7,"time":"2026-11-22T01:02:03+01:00",
            "texts":["a","b"],"object":{"b":[1]},"array":[]})"));
    ASSERT_TRUE(object);
    MemberReader members(*object);
    EXPECT_EQ(members.text("text"), "x");
    EXPECT_EQ(members.required_text("text"), "x");
    EXPECT_EQ(members.text_or_empty("text"), "x");
    EXPECT_EQ(members.boolean("yes"), true);
    EXPECT_EQ(members.integer("number"), -7);
    EXPECT_EQ(members.time("time"), base::from_rfc3339("2026-11-22T00:02:03Z").value());
    EXPECT_THAT(members.texts("texts", 2), ElementsAre("a", "b"));
    EXPECT_NE(members.object("object"), nullptr);
    EXPECT_EQ(members.object_text("object"), R"({"b":[1]})");
    EXPECT_NE(members.array("array"), nullptr);
    EXPECT_FALSE(members.error());
}

TEST(MemberReader, TakesMissingMembersAsNothing) {
    const auto object = parse_json_object(bytes_of(R"({"null":null,"TEXT":"x"})"));
    ASSERT_TRUE(object);
    MemberReader members(*object);
    for (const char* name : {"null", "text"}) {
        EXPECT_EQ(members.text(name), std::nullopt);
        EXPECT_EQ(members.text_or_empty(name), "");
        EXPECT_EQ(members.boolean(name), std::nullopt);
        EXPECT_EQ(members.integer(name), std::nullopt);
        EXPECT_EQ(members.time(name), std::nullopt);
        EXPECT_THAT(members.texts(name, 1), IsEmpty());
        EXPECT_EQ(members.object(name), nullptr);
        EXPECT_EQ(members.object_text(name), "");
        EXPECT_EQ(members.array(name), nullptr);
    }
    EXPECT_FALSE(members.error());
}

TEST(MemberReader, NamesTheMemberThatIsMissingOrOfTheWrongType) {
    struct Case {
        const char* json;
        void (*ask)(MemberReader&);
        const char* message;
    };
    const Case cases[] = {
        {R"({"a":1})", [](MemberReader& members) { (void)members.text("a"); }, "a: not a string"},
        {R"({})", [](MemberReader& members) { (void)members.required_text("a"); }, "a: missing"},
        {R"({"a":1})", [](MemberReader& members) { (void)members.required_text("a"); },
         "a: not a string"},
        {R"({"a":"true"})", [](MemberReader& members) { (void)members.boolean("a"); },
         "a: neither true nor false"},
        {R"({"a":"1"})", [](MemberReader& members) { (void)members.integer("a"); },
         "a: not an integer"},
        {R"({"a":1.0})", [](MemberReader& members) { (void)members.integer("a"); },
         "a: not an integer"},
        {R"({"a":9223372036854775808})", [](MemberReader& members) { (void)members.integer("a"); },
         "a: not an integer"},
        {R"({"a":"2026-02-30T00:00:00Z"})", [](MemberReader& members) { (void)members.time("a"); },
         "a: "},
        {R"({"a":"x"})", [](MemberReader& members) { (void)members.texts("a", 9); },
         "a: not an array"},
        {R"({"a":["x",1]})", [](MemberReader& members) { (void)members.texts("a", 9); },
         "a: an entry is not a string"},
        {R"({"a":["x","y"]})", [](MemberReader& members) { (void)members.texts("a", 1); },
         "a: more than 1 entries"},
        {R"({"a":[]})", [](MemberReader& members) { (void)members.object("a"); },
         "a: not an object"},
        {R"({"a":{}})", [](MemberReader& members) { (void)members.array("a"); }, "a: not an array"},
    };
    for (const Case& its : cases) {
        const auto object = parse_json_object(bytes_of(its.json));
        ASSERT_TRUE(object) << its.json;
        MemberReader members(*object);
        its.ask(members);
        ASSERT_TRUE(members.error()) << its.json;
        EXPECT_THAT(members.error()->message, HasSubstr(its.message));
    }
}

TEST(MemberReader, TellsTheFirstErrorOfSeveral) {
    const auto object = parse_json_object(bytes_of(R"({"a":1,"b":2})"));
    ASSERT_TRUE(object);
    MemberReader members(*object);
    (void)members.text("a");
    (void)members.boolean("b");
    members.refuse("c", "odd");
    ASSERT_TRUE(members.error());
    EXPECT_EQ(members.error()->message, "a: not a string");
}

TEST(MemberReader, RefusesNullWhereItIsTold) {
    const auto object = parse_json_object(bytes_of(R"({"nonce":null})"));
    ASSERT_TRUE(object);
    MemberReader members(*object, NullMember::wrong_type);
    EXPECT_EQ(members.text("nonce"), std::nullopt);
    EXPECT_TRUE(members.error());
}

TEST(Malformed, KeepsTheReason) {
    const Problem problem = malformed(base::Error{"csr: missing"}).error();
    EXPECT_EQ(problem.type, ProblemType::malformed);
    EXPECT_EQ(problem.status, 400);
    EXPECT_EQ(problem.detail, "csr: missing");
}

}  // namespace
}  // namespace cairn::protocol::json_test
