#include "protocol/json_writer.h"

#include <gtest/gtest.h>

namespace cairn::protocol::json_writer_test {
namespace {

TEST(JsonWriter, SetsCommasBetweenMembersAndElements) {
    JsonWriter writer;
    writer.begin_object();
    writer.member("text", "x");
    writer.member("no", false);
    writer.member("number", -5);
    writer.member("time", base::Time(base::Seconds(0)));
    writer.name("array");
    writer.begin_array();
    writer.value("a");
    writer.begin_object();
    writer.end_object();
    writer.begin_array();
    writer.end_array();
    writer.raw("[1]");
    writer.end_array();
    writer.member("texts", std::vector<std::string>{"a", "b"});
    writer.end_object();
    EXPECT_EQ(writer.take(), R"({"text":"x","no":false,"number":-5,"time":"1970-01-01T00:00:00Z",)"
                             R"("array":["a",{},[],[1]],"texts":["a","b"]})");
}

TEST(JsonWriter, LeavesOutMembersWithoutValue) {
    JsonWriter writer;
    writer.begin_object();
    writer.optional_member("a", "");
    writer.optional_member("b", std::vector<std::string>());
    writer.optional_member("c", std::optional<base::Time>());
    writer.optional_member("d", "x");
    writer.optional_member("e", std::vector<std::string>{"y"});
    writer.optional_member("f", std::optional(base::Time(base::Seconds(1))));
    writer.end_object();
    EXPECT_EQ(writer.take(), R"({"d":"x","e":["y"],"f":"1970-01-01T00:00:01Z"})");
}

TEST(JsonWriter, EscapesNamesAndTexts) {
    JsonWriter writer;
    writer.begin_object();
    writer.member("a\"b", "back\\slash \"quoted\"");
    writer.member("\n", std::string_view("\0", 1));
    writer.member("utf8", "\xc3\xa9");
    writer.member("latin1", "\xe9");
    writer.end_object();
    EXPECT_EQ(writer.take(),
              "{\"a\\\"b\":\"back\\\\slash \\\"quoted\\\"\","
              "\"\\n\":\"\\u0000\",\"utf8\":\"\xc3\xa9\","
              "\"latin1\":\"\xef\xbf\xbd\"}");
}

}  // namespace
}  // namespace cairn::protocol::json_writer_test
