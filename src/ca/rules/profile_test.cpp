#include "ca/rules/profile.h"

#include <gtest/gtest.h>

namespace cairn::ca::profile_test {
namespace {

Profile named(const char* name) {
    Profile profile;
    profile.name = name;
    return profile;
}

TEST(ProfileTest, ValidityShrinksByTheSchedule) {
    const auto at = [](const char* time) { return longest_validity(*base::from_rfc3339(time)); };
    EXPECT_EQ(at("2026-11-22T00:00:00Z"), std::chrono::days(200));
    EXPECT_EQ(at("2027-03-14T23:59:59Z"), std::chrono::days(200));
    EXPECT_EQ(at("2027-03-15T00:00:00Z"), std::chrono::days(100));
    EXPECT_EQ(at("2029-03-14T23:59:59Z"), std::chrono::days(100));
    EXPECT_EQ(at("2029-03-15T00:00:00Z"), std::chrono::days(47));
}

TEST(ProfilesTest, AnEmptyNameMeansTheDefault) {
    const auto profiles = Profiles::of({{"a", named("a")}, {"b", named("b")}}, "b");
    ASSERT_TRUE(profiles);
    EXPECT_EQ(profiles->find("")->name, "b");
    EXPECT_EQ(profiles->find("a")->name, "a");
    EXPECT_EQ(profiles->find("c"), nullptr);
}

TEST(ProfilesTest, NeedTheirDefault) {
    EXPECT_FALSE(Profiles::of({}, ""));
    EXPECT_FALSE(Profiles::of({{"a", named("a")}}, "b"));
}

}  // namespace
}  // namespace cairn::ca::profile_test
