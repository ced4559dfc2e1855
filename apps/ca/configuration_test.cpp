#include "apps/ca/configuration.h"

#include <gtest/gtest.h>

namespace cairn::apps {
namespace {

const base::Time now = *base::from_rfc3339("2026-11-22T12:00:00Z");

std::string initial() {
    return initial_configuration("127.0.0.1:14000", "127.0.0.1:14001", "https://localhost:14000",
                                 {"localhost"});
}

TEST(ConfigurationTest, ReadsWhatInitWrites) {
    const auto configuration = read_configuration(initial(), {}, now);
    ASSERT_TRUE(configuration) << configuration.error().front().message;
    EXPECT_EQ(configuration->server.listen, std::vector<std::string>{"127.0.0.1:14000"});
    EXPECT_EQ(configuration->server.public_url, "https://localhost:14000");
    EXPECT_EQ(configuration->store.sqlite_path, "store/cairn.sqlite");
    EXPECT_TRUE(configuration->validation.dnssec);
    EXPECT_EQ(configuration->profiles.at("default").validity, std::chrono::days(90));
    EXPECT_EQ(configuration->default_profile, "default");
}

TEST(ConfigurationTest, OverridesAnyKeyWithToml) {
    const auto configuration =
        read_configuration(initial(),
                           {"validation.http_port=5002", "validation.dnssec=false",
                            R"(validation.dns_servers=["127.0.0.1:8053"])",
                            R"(validation.allow_networks=["127.0.0.0/8", "10.0.0.0/8"])",
                            R"(profiles.short.validity="6d")", R"(default_profile="short")"},
                           now);
    ASSERT_TRUE(configuration) << configuration.error().front().message;
    EXPECT_EQ(configuration->validation.http_port, 5002);
    EXPECT_FALSE(configuration->validation.dnssec);
    EXPECT_EQ(configuration->validation.dns_servers.size(), 1U);
    EXPECT_EQ(configuration->validation.allow_networks.size(), 2U);
    EXPECT_EQ(configuration->profiles.at("short").validity, std::chrono::days(6));
}

TEST(ConfigurationTest, ReportsEverythingThatIsWrongAtOnce) {
    const auto configuration = read_configuration(
        initial(),
        {"validation.http_port=70000", "validation.dnssec=\"no\"", "server.colour=\"red\"",
         "validation.allow_networks=[\"10.0.0.0/40\"]", "profiles.default.validity=\"201d\"",
         "server.public_url=\"http://localhost/x\"", "store.url=\"mysql:x\"", "nonsense", "a.b=x"},
        now);
    ASSERT_FALSE(configuration);
    std::string all;
    for (const auto& finding : configuration.error()) all += finding.message + "\n";
    for (const char* part :
         {"validation.http_port must be a port", "validation.dnssec must be true or false",
          "server.colour is not a known key", "validation.allow_networks \"10.0.0.0/40\"",
          "profiles.default.validity exceeds", "server.public_url must be", "store.url must be",
          "--set nonsense: wants KEY=VALUE", "--set a.b=x: the value is not TOML"})
        EXPECT_NE(all.find(part), std::string::npos) << part << " is missing in:\n" << all;
}

// The first finding of a configuration with this override.
std::string finding_of(const std::string& override) {
    const auto configuration = read_configuration(initial(), {override}, now);
    return configuration ? "none" : configuration.error().front().message;
}

TEST(ConfigurationTest, NamesTheKeyThatWasMeant) {
    EXPECT_EQ(finding_of("server.listne=[\"127.0.0.1:1\"]"),
              "server.listne is not a known key; did you mean server.listen?");
    EXPECT_EQ(finding_of("server.public-url=\"https://a\""),
              "server.public-url is not a known key; did you mean server.public_url?");
    EXPECT_EQ(finding_of("validations.dnssec=false"),
              "validations is not a known key; did you mean validation?");
    EXPECT_EQ(finding_of("profiles.default.validty=\"1d\""),
              "profiles.default.validty is not a known key; did you mean "
              "profiles.default.validity?");
    // The right key in the wrong place.
    EXPECT_EQ(finding_of("http_port=5002"),
              "http_port is not a known key; did you mean validation.http_port?");
    EXPECT_EQ(finding_of("server.admin=1"), "server.admin is not a known key");
}

TEST(ConfigurationTest, TheLogHasAFormatOfItsOwnChoiceOrTheOperators) {
    EXPECT_EQ(read_configuration(initial(), {}, now)->log.format, std::nullopt);
    const auto format_by = [](const std::string& override) {
        return read_configuration(initial(), {override}, now)->log.format;
    };
    EXPECT_EQ(format_by("log.format=\"auto\""), std::nullopt);
    EXPECT_EQ(format_by("log.format=\"json\""), base::LogFormat::json);
    EXPECT_EQ(format_by("log.format=\"text\""), base::LogFormat::text);
    for (const auto* wrong : {"log.format=\"\"", "log.format=\"xml\""})
        EXPECT_EQ(finding_of(wrong), "log.format must be auto, json or text");
    for (const auto* wrong : {"log.level=\"\"", "log.level=\"none\"", "log.level=\"INFO\""})
        EXPECT_EQ(finding_of(wrong), "log.level must be debug, info, warning or error");
}

TEST(ConfigurationTest, KeepsThingsForATimeOrForEver) {
    const auto initially = read_configuration(initial(), {}, now);
    ASSERT_TRUE(initially);
    EXPECT_EQ(initially->retention.orders, std::chrono::days(30));
    EXPECT_FALSE(initially->retention.certificates);
    const auto chosen =
        read_configuration(initial(),
                           {R"(retention.orders="12h")", R"(retention.authorizations="never")",
                            R"(retention.certificates="400d")"},
                           now);
    ASSERT_TRUE(chosen) << chosen.error().front().message;
    EXPECT_EQ(chosen->retention.orders, std::chrono::hours(12));
    EXPECT_FALSE(chosen->retention.authorizations);
    EXPECT_EQ(chosen->retention.certificates, std::chrono::days(400));
    const auto wrong = read_configuration(initial(), {R"(retention.orders="soon")"}, now);
    ASSERT_FALSE(wrong);
    EXPECT_NE(wrong.error().front().message.find("retention.orders must be a duration"),
              std::string::npos);
}

TEST(ConfigurationTest, TriesValidationsAgainOnlyWhereAskedTo) {
    const auto retry_for = [](const char* value) {
        return read_configuration(initial(), {std::string("validation.retry_for=") + value}, now);
    };
    const auto initially = read_configuration(initial(), {}, now);
    ASSERT_TRUE(initially);
    EXPECT_EQ(initially->validation.retry_for, base::Seconds(0));
    EXPECT_EQ(retry_for(R"("never")")->validation.retry_for, base::Seconds(0));
    EXPECT_EQ(retry_for(R"("30s")")->validation.retry_for, base::Seconds(30));
    EXPECT_EQ(retry_for(R"("1h")")->validation.retry_for, std::chrono::hours(1));
    for (const char* wrong : {R"("2h")", R"("soon")", "30", R"("-1s")"}) {
        const auto refused = retry_for(wrong);
        ASSERT_FALSE(refused) << wrong;
        EXPECT_TRUE(refused.error().front().message.starts_with("validation.retry_for must"))
            << refused.error().front().message;
    }
}

TEST(ConfigurationTest, TakesTheBackdateOutOfTheValidity) {
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

TEST(ConfigurationTest, KnowsWhenTheClockWasRight) {
    const auto read =
        read_configuration(initial(), {R"(clock.confirmed="2026-11-22T13:00:00+01:00")"}, now);
    ASSERT_TRUE(read) << read.error().front().message;
    EXPECT_EQ(read->clock.confirmed, now);
    EXPECT_EQ(read->common, read_configuration(initial(), {}, now)->common);
    const auto wrong = read_configuration(initial(), {R"(clock.confirmed="yes")"}, now);
    ASSERT_FALSE(wrong);
    EXPECT_NE(wrong.error().front().message.find("clock.confirmed must be a time such as"),
              std::string::npos);
}

TEST(ConfigurationTest, APrivateCaMayLiveLonger) {
    const auto configuration = read_configuration(
        initial(), {"profiles.default.validity=\"700d\"", "policy.baseline_requirements=false"},
        now);
    EXPECT_TRUE(configuration);
}

TEST(DurationTest, NeedsNumberAndUnit) {
    EXPECT_EQ(*duration_from("45s"), base::Seconds(45));
    EXPECT_EQ(*duration_from("30m"), std::chrono::minutes(30));
    EXPECT_EQ(*duration_from("12h"), std::chrono::hours(12));
    EXPECT_EQ(*duration_from("90d"), std::chrono::days(90));
    for (const char* bad : {"", "d", "90", "-1d", "0d", "1.5h", "1 d", "9999999d", "1w"})
        EXPECT_FALSE(duration_from(bad)) << bad;
}

}  // namespace
}  // namespace cairn::apps
