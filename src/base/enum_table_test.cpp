#include "base/enum_table.h"

#include <stdexcept>

#include <gtest/gtest.h>

namespace cairn::base::enum_table_test {
namespace {

enum class Color { red, green, blue };
enum class Code : std::uint8_t { none = 0, first = 1, third = 3, last = 63 };
struct Outer {
    enum class Inner { yes, no };
};

struct Facts {
    std::string_view name;
    int status = 0;
};

constexpr EnumTable<Color, std::string_view> words({
    {Color::blue, "blue"},
    {Color::red, "red"},
    {Color::green, "green"},
});
constexpr EnumTable<Code, Facts> facts({
    {Code::none, {"none", 200}},
    {Code::first, {"first", 201}},
    {Code::third, {"third", 203}},
    {Code::last, {"last", 263}},
});
// A table is a constant: it can be asked while the program is compiled.
static_assert(words[Color::blue] == "blue" && facts[Code::third].status == 203);

TEST(EnumTable, KnowsTheEnumeratorsOfAnEnumeration) {
    EXPECT_EQ(enumerators<Color>, (std::array{Color::red, Color::green, Color::blue}));
    EXPECT_EQ(enumerators<Code>, (std::array{Code::none, Code::first, Code::third, Code::last}));
    EXPECT_EQ(enumerators<Outer::Inner>.size(), 2U);
    enum class Local { only };
    EXPECT_EQ(enumerators<Local>.size(), 1U);
}

TEST(EnumTable, FindsAnEnumeratorByItsNumber) {
    EXPECT_EQ(enumerator_from<Code>(3), Code::third);
    EXPECT_EQ(enumerator_from<Code>(63), Code::last);
    for (const std::int64_t number : {-1, 2, 62, 64, 259}) {
        EXPECT_EQ(enumerator_from<Code>(number), std::nullopt) << number;
    }
}

TEST(EnumTable, CountsPlacesWithoutTheGaps) {
    EXPECT_EQ(position_of(Code::none), 0U);
    EXPECT_EQ(position_of(Code::last), 3U);
    EXPECT_EQ(position_of(Code{2}), 4U);
    EXPECT_EQ(position_of(Color::blue), 2U);
    EXPECT_EQ(position_of(Color{7}), 3U);
    EXPECT_EQ(position_of(Color{-1}), 3U);
}

TEST(EnumTable, HasAValueForEachEnumerator) {
    EXPECT_EQ(words[Color::red], "red");
    EXPECT_EQ(words[Color::green], "green");
    EXPECT_EQ(words[Color::blue], "blue");
    EXPECT_EQ(facts[Code::last].name, "last");
    EXPECT_THROW(static_cast<void>(words[Color{3}]), std::out_of_range);
    EXPECT_THROW(static_cast<void>(facts[Code{2}]), std::out_of_range);
}

TEST(EnumTable, IsSearchedByValue) {
    EXPECT_EQ(words.find("green"), Color::green);
    EXPECT_EQ(words.find(std::string_view("Green")), std::nullopt);
    EXPECT_EQ(facts.find(203, &Facts::status), Code::third);
    EXPECT_EQ(facts.find("third", &Facts::name), Code::third);
    EXPECT_EQ(facts.find(202, &Facts::status), std::nullopt);
}

TEST(EnumTable, ListsItsWordsInTheOrderOfTheEnumerators) {
    EXPECT_EQ(listed(words), "red, green, blue");
    EXPECT_EQ(listed(facts, &Facts::name), "none, first, third, last");
}

}  // namespace
}  // namespace cairn::base::enum_table_test
