#include "apps/ca/crl_configuration.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "apps/ca/initial_configuration.h"

namespace cairn::apps::crl_configuration_test {
namespace {

const base::Time now = *base::from_rfc3339("2026-11-22T12:00:00Z");

std::string initial(ca::PolicyKind kind = ca::PolicyKind::private_ca) {
    return initial_configuration("127.0.0.1:14000", "127.0.0.1:14001", "https://localhost:14000",
                                 {"localhost"}, kind);
}

Configuration read(const std::vector<std::string>& overrides) {
    return read_configuration(initial(), overrides, now).value();
}

// The findings, a line each.
std::string refusal(const std::vector<std::string>& overrides,
                    const std::string& toml = initial()) {
    const auto configuration = read_configuration(toml, overrides, now);
    std::string all;
    if (!configuration)
        for (const auto& finding : configuration.error()) all += finding.message + "\n";
    return all;
}

TEST(CrlConfiguration, NamesListsOverPlainHttpOnThePortOfTheCa) {
    EXPECT_EQ(crl_base(read({})), "http://localhost:14000");
    EXPECT_EQ(crl_base(read({R"(server.public_url="https://ca.example:80")"})),
              "http://ca.example");
    EXPECT_EQ(crl_base(read({R"(server.public_url="https://[2001:DB8::1]")"})),
              "http://[2001:db8::1]:443");
    EXPECT_EQ(crl_base(read({R"(issuance.issuer_base_url="http://pki.example/")"})),
              "http://pki.example");
    EXPECT_EQ(crl_base(read({R"(issuance.issuer_base_url="http://pki.example")",
                             R"(crl.base_url="http://cdn.example/ca//")"})),
              "http://cdn.example/ca");
}

TEST(CrlConfiguration, AnswersNoQuestionsUnlessItIsSaid) {
    EXPECT_EQ(ocsp_url(read({})), "");
    EXPECT_EQ(ocsp_url(read({"ocsp.enabled=true"})), "http://localhost:14000/ocsp");
    EXPECT_EQ(ocsp_url(read({"ocsp.enabled=true", R"(ocsp.base_url="http://ocsp.example")"})),
              "http://ocsp.example/ocsp");
    EXPECT_NE(refusal({R"(ocsp.lifetime="1h")"}).find("8h to 10d"), std::string::npos);
}

TEST(CrlConfiguration, KeepsTheBoundsOfTheBaselineRequirements) {
    EXPECT_EQ(refusal({R"(crl.lifetime="10d")", R"(crl.reissue="4d")", R"(crl.delay="1h")"}), "");
    for (const auto& [override, text] : std::vector<std::pair<std::string, std::string>>{
             {R"(crl.lifetime="11d")", "must not exceed 10d"},
             {R"(crl.reissue="5d")", "must not exceed 4d"},
             {R"(crl.reissue="302401s")", "half of lifetime"},
             {R"(crl.delay="2h")", "must not exceed 1h"},
             {"crl.shards=0", "crl.shards"},
             {"crl.shards=1025", "crl.shards"},
             {R"(crl.base_url="https://ca.example")", "must be an http URL"},
             {R"(crl.base_url="http://ca.example/?a")", "must have no query"},
             {"crl.sharts=1", "crl.sharts"}})
        EXPECT_NE(refusal({override}).find(text), std::string::npos) << refusal({override});
}

TEST(CrlConfiguration, ReadsWhatAProfileWants) {
    using enum pki::CertificateProfile::Crl;
    const auto chosen = [](const std::string& word) {
        return read({"profiles.default.crl=\"" + word + "\""})
            .profiles.at("default")
            .certificate.crl;
    };
    EXPECT_EQ(chosen("full"), full);
    EXPECT_EQ(chosen("sharded"), sharded);
    EXPECT_EQ(chosen("none"), none);
    EXPECT_EQ(read({"profiles.default.crl=false"}).profiles.at("default").certificate.crl, none);
    EXPECT_EQ(read({}).profiles.at("default").certificate.crl, full);
    EXPECT_EQ(read({}).profiles.at("shortlived").certificate.crl, none);
    EXPECT_EQ(read({}).profiles.at("mtls").certificate.crl, full);
    EXPECT_NE(refusal({R"(profiles.default.crl="some")"}).find("\"full\", \"sharded\" or \"none\""),
              std::string::npos);
}

// BR 7.1.2.11.2.
TEST(CrlConfiguration, LetsAPublicCaNameNoListWhereCertificatesEndSoon) {
    const auto of_public = initial(ca::PolicyKind::public_ca);
    const std::string none = R"(profiles.default.crl="none")";
    EXPECT_NE(refusal({none}, of_public).find("at most 7d"), std::string::npos);
    EXPECT_EQ(refusal({none, R"(profiles.default.validity="7d")"}, of_public), "");
    EXPECT_EQ(refusal({none}), "");
}

}  // namespace
}  // namespace cairn::apps::crl_configuration_test
