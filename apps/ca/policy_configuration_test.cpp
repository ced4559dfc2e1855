#include "apps/ca/policy_configuration.h"

#include <set>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "apps/ca/configuration.h"
#include "apps/ca/initial_configuration.h"

namespace cairn::apps::policy_configuration_test {
namespace {

const base::Time now = *base::from_rfc3339("2026-11-22T12:00:00Z");

std::string initial() {
    return initial_configuration("127.0.0.1:14000", "127.0.0.1:14001", "https://localhost:14000",
                                 {"localhost"});
}

// The findings, a line each.
std::string refusal(const std::vector<std::string>& overrides, const std::string& toml) {
    const auto configuration = read_configuration(toml, overrides, now);
    std::string all;
    if (!configuration)
        for (const auto& finding : configuration.error()) all += finding.message + "\n";
    return all;
}
std::string refusal(const std::vector<std::string>& overrides) {
    return refusal(overrides, initial());
}

// What has been a default must not become another profile because somebody adds one.
TEST(PolicyConfigurationTest, TheDefaultProfileIsTheOneNamedDefault) {
    const auto default_of = [](const std::vector<std::string>& overrides,
                               const std::string& toml = initial()) {
        const auto configuration = read_configuration(toml, overrides, now);
        return configuration ? configuration->default_profile : refusal(overrides, toml);
    };
    const std::string brief = R"(profiles.brief.validity="6d")";
    EXPECT_EQ(default_of({}), "default");
    EXPECT_EQ(default_of({brief}), "default");
    EXPECT_EQ(default_of({brief, R"(default_profile="brief")"}), "brief");

    const std::string bare =
        "[server]\nlisten = [\"127.0.0.1:1\"]\npublic_url = \"https://localhost\"\n";
    EXPECT_EQ(default_of({}, bare), "default");
    EXPECT_EQ(default_of({brief}, bare), "brief");  // the only one
    const std::string web = R"(profiles.web.validity="30d")";
    EXPECT_EQ(default_of({brief, web, R"(default_profile="web")"}, bare), "web");
    EXPECT_EQ(default_of({brief, web}, bare),
              "default_profile must say which profile orders get that name none: brief, web "
              "(without it, it is the one named default)\n");
    EXPECT_NE(default_of({R"(default_profile="none")"}).find("default_profile must say"),
              std::string::npos);
}

TEST(PolicyConfigurationTest, TakesTheBackdateOutOfTheValidity) {
    const auto backdate_for = [](std::vector<std::string> overrides) {
        overrides.emplace_back("policy.baseline_requirements=false");
        const auto read = read_configuration(initial(), overrides, now);
        return read ? base::to_rfc3339(base::Time(read->profiles.at("default").backdate))
                    : read.error().front().message;
    };
    EXPECT_EQ(backdate_for({}), "1970-01-01T01:00:00Z");
    EXPECT_EQ(backdate_for({R"(profiles.default.validity="80m")"}), "1970-01-01T00:08:00Z");
    EXPECT_EQ(
        backdate_for({R"(profiles.default.validity="80m")", R"(profiles.default.backdate="26m")"}),
        "1970-01-01T00:26:00Z");
    EXPECT_EQ(
        backdate_for({R"(profiles.default.validity="80m")", R"(profiles.default.backdate="27m")"}),
        "profiles.default.backdate must not exceed a third of validity, 1600s: clients that "
        "renew after two thirds would do so at once");
    EXPECT_EQ(backdate_for({R"(profiles.default.backdate="49h")"}),
              "profiles.default.backdate must not exceed 48h (BR 7.1.2.7)");
}

TEST(PolicyConfigurationTest, AProfileIsForSomeKindsOfNamesAndKeys) {
    const auto configuration = read_configuration(
        initial(),
        {R"(profiles.default.identifiers=["dns"])", "profiles.default.key_encipherment=false",
         R"(profiles.default.key_types=["rsa", "ec-p256"])"},
        now);
    ASSERT_TRUE(configuration) << configuration.error().front().message;
    const auto& profile = configuration->profiles.at("default");
    EXPECT_EQ(profile.identifier_types, std::set{protocol::IdentifierType::dns});
    EXPECT_EQ(profile.key_algorithms,
              (std::set{crypto::KeyAlgorithm::rsa, crypto::KeyAlgorithm::ec_p256}));
    EXPECT_EQ(profile.certificate.usage_of_rsa, pki::key_usage::digital_signature);

    for (const char* bad : {"[]", R"(["dns", "email"])", R"(["dns", "dns", "x"])"})
        EXPECT_NE(refusal({std::string("profiles.default.identifiers=") + bad})
                      .find("profiles.default.identifiers must name \"dns\", \"ip\" or both"),
                  std::string::npos)
            << bad;
    EXPECT_NE(refusal({R"(profiles.default.key_types=["dsa"])"}).find("profiles.default.key_types"),
              std::string::npos);
}

TEST(PolicyConfigurationTest, APrivateCaMayLiveLonger) {
    const auto configuration = read_configuration(
        initial(), {"profiles.default.validity=\"700d\"", "policy.baseline_requirements=false"},
        now);
    EXPECT_TRUE(configuration);
}

TEST(PolicyConfigurationTest, NothingRelaxesWhatThePublicExpects) {
    const auto written =
        initial_configuration("127.0.0.1:14000", "127.0.0.1:14001", "https://localhost:14000",
                              {"localhost"}, ca::PolicyKind::public_ca);
    EXPECT_EQ(refusal({}, written), "");
    struct Case {
        const char *setting, *finding;
    };
    for (const auto& [setting, finding] : {
             Case{"policy.internal_names=true", "policy.internal_names must be false"},
             Case{"policy.baseline_requirements=false", "policy.baseline_requirements must be"},
             Case{"policy.private_suffixes=[\"corp\"]", "policy.private_suffixes must be empty"},
             Case{"profiles.default.uris=true", "profiles.default.uris must be false"},
             Case{"profiles.default.key_types=[\"ed25519\"]", "BR 6.1.5"},
             Case{"profiles.default.extended_key_usage=[\"clientAuth\"]", "alone in a public CA"},
         }) {
        EXPECT_TRUE(refusal({setting}, written).contains(finding)) << setting;
        EXPECT_EQ(refusal({setting}, initial()), "") << setting;
    }
    EXPECT_TRUE(refusal({"policy.kind=\"secret\""}).contains("must be one of private, public"));
}

TEST(PolicyConfigurationTest, ReadsListsOfNamesAndCommands) {
    const auto read = read_configuration(
        initial(),
        {"policy.allow_names=[\".corp.example\", \"10.0.0.0/8\"]",
         "profiles.mtls.deny_names=[\"secret.corp.example\"]", "policy.linter=[\"lint\", \"-x\"]",
         "policy.linter_timeout=\"30s\"", "policy.weak_keys=[\"blacklist\"]"},
        now);
    ASSERT_TRUE(read) << read.error().front().message;
    EXPECT_EQ(read->policy.names.allow.entries(),
              (std::vector<std::string>{".corp.example", "10.0.0.0/8"}));
    EXPECT_EQ(read->profiles.at("mtls").names.deny.entries(),
              (std::vector<std::string>{"secret.corp.example"}));
    EXPECT_EQ(read->policy.linter, (std::vector<std::string>{"lint", "-x"}));
    EXPECT_EQ(read->policy.linter_timeout, base::Seconds(30));
    EXPECT_EQ(read->policy.weak_keys, (std::vector<std::string>{"blacklist"}));
    EXPECT_TRUE(read->profiles.at("mtls").certificate.uris);
    EXPECT_FALSE(read->profiles.at("default").certificate.public_trust);

    struct Case {
        const char *setting, *finding;
    };
    for (const auto& [setting, finding] : {
             Case{"policy.allow_names=[\"a_b\"]", "policy.allow_names \"a_b\" is neither a name"},
             Case{"profiles.default.deny_names=[\"\"]", "profiles.default.deny_names"},
             Case{"policy.linter_timeout=\"61s\"", "must not exceed 60s"},
             Case{"policy.private_suffixes=[\"a b\"]", "policy.private_suffixes names \"a b\""},
             Case{"profiles.default.extended_key_usage=[]", "must name \"serverAuth\""},
             Case{"profiles.default.extended_key_usage=[\"codeSigning\"]", "is none of"},
             Case{"profiles.default.extended_key_usage=[\"clientAuth\", \"clientAuth\"]", "twice"},
         })
        EXPECT_TRUE(refusal({setting}).contains(finding)) << setting << ": " << refusal({setting});
}

}  // namespace
}  // namespace cairn::apps::policy_configuration_test
