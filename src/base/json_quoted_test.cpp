#include "base/json_quoted.h"

#include <gtest/gtest.h>

namespace cairn::base::json_quoted_test {
namespace {

TEST(JsonQuoted, EscapesAndRepairs) {
    const struct {
        std::string_view text, quoted;
    } cases[] = {
        {"", R"("")"},
        {"plain", R"("plain")"},
        {"\"\\/", R"("\"\\/")"},
        {"a\tb\r\nc", R"("a\u0009b\u000d\nc")"},
        {std::string_view("\0", 1), R"("\u0000")"},
        {"\x7f", R"("\u007f")"},
        {"\xc2\x9b", R"("\u009b")"},      // CSI, a control character of terminals
        {"\xe2\x80\xae", R"("\u202e")"},  // turns the line around
        {"\xef\xbb\xbf", R"("\ufeff")"},
        {"\xc3\xa9", "\"\xc3\xa9\""},
        {"\xe2\x82\xac", "\"\xe2\x82\xac\""},
        {"\xf0\x9f\x94\x92", "\"\xf0\x9f\x94\x92\""},
        {"\xf4\x8f\xbf\xbf", "\"\xf4\x8f\xbf\xbf\""},  // U+10FFFF
        // RFC 3629: what is not UTF-8
        {"\x80", "\"\xef\xbf\xbd\""},
        {"\xff", "\"\xef\xbf\xbd\""},
        {"\xc3", "\"\xef\xbf\xbd\""},
        {"\xc3(", "\"\xef\xbf\xbd(\""},
        {"\xc0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\""},                  // overlong NUL
        {"\xe0\x80\xaf", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},  // overlong /
        {"\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},  // a surrogate
        {"\xf0\x80\x80\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
        {"\xf4\x90\x80\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\""},
        {"\xe2\x82", "\"\xef\xbf\xbd\xef\xbf\xbd\""},  // cut off
        {"\xe2\x82\"", "\"\xef\xbf\xbd\xef\xbf\xbd\\\"\""},
    };
    for (const auto& [text, quoted] : cases) EXPECT_EQ(json_quoted(text), quoted);
}

TEST(JsonQuoted, LeavesPrintableAsciiAlone) {
    for (char c = ' '; c <= '~'; ++c) {
        if (c == '"' || c == '\\') continue;
        EXPECT_EQ(json_quoted(std::string(1, c)), '"' + std::string(1, c) + '"');
    }
}

TEST(JsonQuoted, FindsWhatIsSpecialWhereverItStands) {
    const std::string around = "0123456789abcdefghijklm";
    for (const std::string_view special : {"\"", "\\", "\x1f", "\x7f", "\x80", "\xff", "\n"}) {
        const auto quoted = json_quoted(special);
        const auto alone = quoted.substr(1, quoted.size() - 2);
        for (std::size_t place = 0; place <= around.size(); ++place) {
            const auto before = around.substr(0, place);
            const auto after = around.substr(place);
            EXPECT_EQ(json_quoted(before + std::string(special) + after),
                      '"' + before + alone + after + '"');
        }
    }
}

TEST(JsonQuoted, IsAppended) {
    std::string json = "[";
    append_json_quoted(json, "a");
    EXPECT_EQ(json, R"(["a")");
}

TEST(JsonForTerminals, EscapesWhatATerminalObeys) {
    EXPECT_EQ(json_for_terminals("{\"a\":\n \"\xc2\x9b\x7f\xe2\x80\xae\xc3\xa9\xff\\n\"}"),
              "{\"a\":\n \"\\u009b\\u007f\\u202e\xc3\xa9\xef\xbf\xbd\\n\"}");
    EXPECT_EQ(json_for_terminals(""), "");
}

}  // namespace
}  // namespace cairn::base::json_quoted_test
