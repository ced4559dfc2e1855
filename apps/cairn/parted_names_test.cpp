#include "apps/cairn/parted_names.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::parted_names_test {
namespace {

using ::testing::ElementsAreArray;

TEST(PartedNames, ArePartedAtCommasOutsideOfSolvers) {
    struct Case {
        const char* text;
        std::vector<std::string> parts;
    };
    const Case cases[] = {
        {"a.example", {"a.example"}},
        {"a.example,b.example", {"a.example", "b.example"}},
        {"", {""}},
        {"a.example,", {"a.example", ""}},
        {"a.example=webroot:/srv/a,b.example=dns:x",
         {"a.example=webroot:/srv/a", "b.example=dns:x"}},
        {"a.example=webroot:/srv/a\\,b,b.example", {"a.example=webroot:/srv/a,b", "b.example"}},
        {"a.example=exec:/bin/x 'a,b' \"c,d\",b.example",
         {"a.example=exec:/bin/x 'a,b' \"c,d\"", "b.example"}},
        {"a.example=exec:/bin/x a\\,b,b.example", {"a.example=exec:/bin/x a,b", "b.example"}},
        // Only command lines have quotes.
        {"a.example=webroot:/srv/o'neil,b.example=webroot:/srv/o'neil",
         {"a.example=webroot:/srv/o'neil", "b.example=webroot:/srv/o'neil"}},
        {"a.example=exec:/bin/x it's,b.example", {"a.example=exec:/bin/x it's", "b.example"}},
        // Names have no backslash.
        {"a\\,b", {"a\\", "b"}},
    };
    for (const auto& [text, parts] : cases)
        EXPECT_THAT(parted_names(text), ElementsAreArray(parts)) << text;
    EXPECT_THAT(parted_names("a=" + with_escaped_commas("webroot:/a,b,,") + ",b"),
                ElementsAreArray({"a=webroot:/a,b,,", "b"}));
}

}  // namespace
}  // namespace cairn::parted_names_test
