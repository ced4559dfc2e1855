#include "protocol/identifier_json.h"

#include <boost/json/parse.hpp>

#include <gtest/gtest.h>

namespace cairn::protocol::identifier_json_test {
namespace {

TEST(ReadIdentifier, TakesTypeAndValue) {
    const auto name =
        read_identifier(boost::json::parse(R"({"type":"dns","value":"*.A.example"})"));
    ASSERT_TRUE(name);
    EXPECT_EQ(*name, Identifier::dns("*.a.example").value());
    const auto address =
        read_identifier(boost::json::parse(R"({"value":"192.0.2.1","type":"ip","more":1})"));
    ASSERT_TRUE(address);
    EXPECT_EQ(*address, Identifier::ip("192.0.2.1").value());
}

TEST(ReadIdentifier, SaysWhatIsWrong) {
    using Named = std::optional<std::pair<std::string, std::string>>;
    const struct {
        const char* json;
        ProblemType type;
        Named identifier;
    } cases[] = {
        {R"("a.example")", ProblemType::malformed, std::nullopt},
        {R"({})", ProblemType::malformed, std::nullopt},
        {R"({"type":"dns"})", ProblemType::malformed, std::nullopt},
        {R"({"value":"a.example"})", ProblemType::malformed, std::nullopt},
        {R"({"type":"dns","value":1})", ProblemType::malformed, std::nullopt},
        {R"({"type":["dns"],"value":"a.example"})", ProblemType::malformed, std::nullopt},
        {R"({"type":"email","value":"a@b.example"})", ProblemType::unsupported_identifier,
         Named({"email", "a@b.example"})},
        {R"({"type":"DNS","value":"a.example"})", ProblemType::unsupported_identifier,
         Named({"DNS", "a.example"})},
        {R"({"type":"dns","value":"a_b.example"})", ProblemType::rejected_identifier,
         Named({"dns", "a_b.example"})},
        {R"({"type":"dns","value":"192.0.2.1"})", ProblemType::rejected_identifier,
         Named({"dns", "192.0.2.1"})},
        {R"({"type":"ip","value":"a.example"})", ProblemType::rejected_identifier,
         Named({"ip", "a.example"})},
        {R"({"type":"dns","value":"\u0000\u001b"})", ProblemType::rejected_identifier,
         Named({"dns", "??"})},
    };
    for (const auto& [json, type, identifier] : cases) {
        const auto read = read_identifier(boost::json::parse(json));
        ASSERT_FALSE(read) << json;
        EXPECT_EQ(read.error().type, type) << json;
        EXPECT_EQ(read.error().identifier, identifier) << json;
        EXPECT_NE(read.error().detail, "") << json;
    }
}

TEST(WriteIdentifier, WritesTypeAndValue) {
    JsonWriter writer;
    write_identifier(writer, "dns", "a.example");
    EXPECT_EQ(writer.take(), R"({"type":"dns","value":"a.example"})");
}

}  // namespace
}  // namespace cairn::protocol::identifier_json_test
