#include "base/toml_section.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::base::toml_section_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class TomlSectionTest : public ::testing::Test {
  protected:
    TomlSection section(const std::string& text) {
        root_ = *parse_toml(text);
        return {&root_, "", reading_};
    }
    std::vector<std::string> findings() const {
        std::vector<std::string> messages;
        for (const auto& finding : reading_.findings) messages.push_back(finding.message);
        return messages;
    }

    toml::table root_;
    TomlReading reading_;
};

TEST_F(TomlSectionTest, TakesWhatIsThereAndLeavesWhatIsNot) {
    auto top = section("name = \"a\"\ncount = 3\nlist = [\"x\", \"y\"]");
    std::string name, other = "as before";
    std::size_t count = 0;
    std::vector<std::string> list;
    top.take("name", name);
    top.take("other", other);
    top.take_count("count", count, 1, 5);
    top.take("list", list);
    EXPECT_EQ(name, "a");
    EXPECT_EQ(other, "as before");
    EXPECT_EQ(count, 3U);
    EXPECT_THAT(list, ElementsAre("x", "y"));
    top.report_unknown();
    reading_.report_unknown();
    EXPECT_THAT(findings(), ElementsAre());
}

TEST_F(TomlSectionTest, FindsAllThatIsWrongWithTheKeyOfEach) {
    auto top = section("[server]\nname = 3\nport = 70000\ncount = 6\nlist = [1]");
    auto server = top.section("server");
    std::string name;
    std::uint16_t port = 1;
    std::size_t count = 2;
    std::vector<std::string> list;
    server.take("name", name);
    server.take_port("port", port);
    server.take_count("count", count, 1, 5);
    server.take("list", list);
    EXPECT_THAT(
        findings(),
        ElementsAre("server.name must be a string", "server.port must be a port number",
                    "server.count must be from 1 to 5", "server.list must be a list of strings"));
    EXPECT_EQ(port, 1);
    EXPECT_EQ(count, 2U);
}

TEST_F(TomlSectionTest, NamesTheKeyThatWasMeant) {
    auto top = section("[server]\nlisten_on = 1\n[other]\nurl = 1");
    auto server = top.section("server");
    std::string text;
    server.take("listen_on_", text);
    server.report_unknown();
    auto store = top.section("store");
    store.take("url", text);
    auto other = top.section("other");
    other.report_unknown();
    reading_.report_unknown();
    EXPECT_THAT(findings(), ElementsAre("server.listen_on is not a known key; did you mean "
                                        "server.listen_on_?",
                                        "other.url is not a known key; did you mean store.url?"));
}

TEST_F(TomlSectionTest, SaysThatAValueIsNoTable) {
    auto top = section("server = 3");
    EXPECT_FALSE(top.section("server").is_there());
    EXPECT_THAT(findings(), ElementsAre("server must be a table"));
}

TEST(TomlTest, QuotesNothingOfAFileThatIsNotToml) {
    const auto parsed = parse_toml("password = sesame, and more");
    ASSERT_FALSE(parsed);
    EXPECT_THAT(parsed.error().message, HasSubstr("not TOML"));
    EXPECT_THAT(parsed.error().message, HasSubstr("line 1"));
    EXPECT_THAT(parsed.error().message, ::testing::Not(HasSubstr("sesame")));
}

TEST(OverrideTest, PutsAValueAtItsDottedKey) {
    toml::table root;
    TomlReading reading;
    apply_override(root, "server.log.level = \"debug\"", reading);
    apply_override(root, "server.log.level=\"info\"", reading);
    EXPECT_EQ(root["server"]["log"]["level"].value<std::string>(), "info");
}

TEST(OverrideTest, NamesTheKeyAndNeverTheValue) {
    toml::table root;
    TomlReading reading;
    for (const auto* text : {"store.url=sesame", "sesame", "a=1\nb=\"sesame\""})
        apply_override(root, text, reading);
    apply_override(root, "a=1", reading);
    apply_override(root, "a.b=\"sesame\"", reading);
    ASSERT_EQ(reading.findings.size(), 4U);
    for (const auto& finding : reading.findings)
        EXPECT_THAT(finding.message, ::testing::AnyOf(::testing::Not(HasSubstr("sesame")),
                                                      HasSubstr("--set sesame: wants KEY=VALUE")));
}

}  // namespace
}  // namespace cairn::base::toml_section_test
