#include "apps/ca/public_demands.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "apps/ca/initial_configuration.h"

namespace cairn::apps::public_demands_test {
namespace {

const base::Time now = *base::from_rfc3339("2026-11-22T12:00:00Z");

std::vector<std::string> missing(ca::PolicyKind kind, const std::vector<std::string>& settings,
                                 base::Time at = now) {
    const auto read =
        read_configuration(initial_configuration("127.0.0.1:14000", "127.0.0.1:14001",
                                                 "https://localhost:14000", {"localhost"}, kind),
                           settings, now);
    if (!read) return {read.error().front().message};
    return missing_for_public(*read, at);
}

bool names(const std::vector<std::string>& missing, std::string_view what) {
    return std::ranges::any_of(missing, [&](const auto& each) { return each.contains(what); });
}

const std::vector<std::string> complete{R"(directory.terms_of_service="https://ca.example/terms")",
                                        R"(directory.caa_identities=["ca.example"])",
                                        R"(policy.weak_keys=["blacklist"])"};

TEST(PublicDemandsTest, APrivateCaOwesTheBrowsersNothing) {
    EXPECT_TRUE(missing(ca::PolicyKind::private_ca, {}).empty());
}

TEST(PublicDemandsTest, NoSettingMakesUpForWhatIsNotThere) {
    const auto left = missing(ca::PolicyKind::public_ca, complete);
    EXPECT_EQ(left.size(), 3U);
    for (const auto* what : {"perspective", "certificate transparency", "hardware"})
        EXPECT_TRUE(names(left, what)) << what;
}

// "lon1 RIPE" and so on, as a setting.
std::string perspectives(const std::vector<std::string>& regions) {
    std::string text = "perspective=[";
    for (std::size_t i = 0; i < regions.size(); ++i)
        text += "{name=\"p" + std::to_string(i) + "\",url=\"https://p" + std::to_string(i) +
                ".example\",region=\"" + regions[i] + "\"},";
    return text + "]";
}

TEST(PublicDemandsTest, PerspectivesAreDemandedByTheDay) {
    struct Case {
        const char* day;
        std::vector<std::string> regions;
        bool is_enough;
    };
    for (const auto& [day, regions, is_enough] : {
             Case{"2025-09-14", {}, true},
             Case{"2025-09-15", {}, false},
             Case{"2025-09-15", {"RIPE", "RIPE"}, true},
             Case{"2026-03-15", {"RIPE", "RIPE"}, false},
             Case{"2026-03-15", {"RIPE", "RIPE", "RIPE"}, false},
             Case{"2026-03-15", {"RIPE", "RIPE", "ARIN"}, true},
             Case{"2026-06-15", {"RIPE", "RIPE", "ARIN"}, false},
             Case{"2026-12-14", {"RIPE", "APNIC", "ARIN", "LACNIC"}, true},
             Case{"2026-12-15", {"RIPE", "APNIC", "ARIN", "LACNIC"}, false},
             Case{"2026-12-15", {"RIPE", "APNIC", "ARIN", "LACNIC", "AFRINIC"}, true},
         }) {
        auto settings = complete;
        settings.push_back(perspectives(regions));
        const auto left = missing(ca::PolicyKind::public_ca, settings,
                                  *base::from_rfc3339(std::string(day) + "T00:00:00Z"));
        EXPECT_EQ(!names(left, "3.2.2.9"), is_enough) << day << " " << regions.size();
    }
}

TEST(PublicDemandsTest, TellsEverySettingThatIsLeftOut) {
    struct Case {
        const char *setting, *finding;
    };
    for (const auto& [setting, finding] :
         {Case{R"(directory.terms_of_service="")", "directory.terms_of_service"},
          Case{R"(directory.terms_of_service="http://ca.example/terms")",
               "directory.terms_of_service"},
          Case{"policy.weak_keys=[]", "policy.weak_keys"},
          Case{"directory.caa_identities=[]", "directory.caa_identities"},
          Case{"validation.dnssec=false", "validation.dnssec"},
          Case{R"(validation.allow_networks=["10.0.0.0/8"])", "validation.allow_networks"},
          Case{"validation.http_port=8080", "validation.http_port"},
          Case{"validation.tls_alpn_port=8443", "validation.http_port"}}) {
        auto settings = complete;
        settings.emplace_back(setting);
        const auto left = missing(ca::PolicyKind::public_ca, settings);
        EXPECT_EQ(left.size(), 4U) << setting;
        EXPECT_TRUE(names(left, finding)) << setting;
    }
    EXPECT_EQ(missing(ca::PolicyKind::public_ca, {}).size(), 6U);
}

}  // namespace
}  // namespace cairn::apps::public_demands_test
