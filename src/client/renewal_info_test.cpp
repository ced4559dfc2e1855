#include "client/renewal_info.h"

#include <gtest/gtest.h>

#include "base/base64url.h"
#include "client/testing/bench.h"

namespace cairn::client::renewal_info_test {
namespace {

using namespace std::chrono_literals;

pki::Certificate certificate() {
    testing::Issuer issuer;
    const auto key = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    return issuer.issue(key.public_key(), testing::names({"a.example"})).front();
}

TEST(RenewalWindow, ReadsWhatRfc9773Shows) {
    // The example of section 4.2.
    const auto window = RenewalWindow::from_json(base::bytes_of(
        R"({"suggestedWindow": {"start": "2025-01-02T04:00:00Z", "end": "2025-01-03T04:00:00Z"},
            "explanationURL": "https://acme.example.com/docs/ari"})"));
    ASSERT_TRUE(window) << window.error().message;
    EXPECT_EQ(base::to_rfc3339(window->start), "2025-01-02T04:00:00Z");
    EXPECT_EQ(window->end - window->start, 24h);
    EXPECT_EQ(window->explanation_url, "https://acme.example.com/docs/ari");
}

TEST(RenewalWindow, RefusesWhatIsNoWindow) {
    for (
        const auto* text :
        {"", "{}", R"({"suggestedWindow": {}})", R"({"suggestedWindow": "now"})",
         R"({"suggestedWindow": {"start": "2025-01-02T04:00:00Z"}})",
         R"({"suggestedWindow": {"start": "2025-01-02T04:00:00Z", "end": "tomorrow"}})",
         R"({"suggestedWindow": {"start": "2025-01-02T04:00:00Z", "end": "2025-01-02T04:00:00Z"}})",
         R"({"suggestedWindow": {"start": "2025-01-03T04:00:00Z", "end": "2025-01-02T04:00:00Z"}})"})
        EXPECT_FALSE(RenewalWindow::from_json(base::bytes_of(text))) << text;
}

TEST(RenewalWindow, SpreadsMomentsOverTheWindowAndKeepsThem) {
    const RenewalWindow window{base::Time(1000s), base::Time(1100s), {}};
    int early = 0;
    testing::Issuer issuer;
    const auto key = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    for (int i = 0; i < 100; ++i) {
        const auto each = issuer.issue(key.public_key(), testing::names({"a.example"})).front();
        const auto moment = window.moment_for(each);
        EXPECT_GE(moment, window.start);
        EXPECT_LT(moment, window.end);
        EXPECT_EQ(window.moment_for(each), moment);
        early += moment < base::Time(1050s) ? 1 : 0;
    }
    EXPECT_GT(early, 20);
    EXPECT_LT(early, 80);
}

TEST(RenewalIdentifier, IsKeyIdentifierAndSerialNumber) {
    const auto example = certificate();
    const auto identifier = renewal_identifier(example);
    ASSERT_TRUE(identifier);
    EXPECT_EQ(*identifier, base::base64url(example.authority_key_id().value()) + "." +
                               base::base64url(example.serial().der_content()));
}

TEST(FetchRenewalWindow, AsksForTheCertificateByName) {
    testing::Bench bench;
    bench.ca.offers_renewal_info = true;
    bench.ca.renewal_info =
        R"({"suggestedWindow": {"start": "2025-01-02T04:00:00Z", "end": "2025-01-03T04:00:00Z"}})";
    const auto example = certificate();
    auto session = bench.session();
    EXPECT_TRUE(fetch_renewal_window(session, example).window);
    EXPECT_EQ(bench.ca.server.count("/ari/" + renewal_identifier(example).value()), 1U);
}

TEST(FetchRenewalWindow, IsToBeAskedAgainWhenTheCaSaysWithinBounds) {
    testing::Bench bench;
    bench.ca.offers_renewal_info = true;
    const auto example = certificate();
    auto session = bench.session();
    struct Case {
        const char* retry_after;
        base::Seconds ask_again_in;
    };
    for (const auto& [retry_after, ask_again_in] :
         {Case{"21600", 6h}, Case{"7200", 2h}, Case{"1", 1min}, Case{"99999999", 24h}}) {
        bench.ca.intercept = [&](const http::Request& request) -> std::optional<http::Response> {
            if (!request.path().starts_with("/ari/")) return std::nullopt;
            return testing::response(200, R"({"suggestedWindow": {"start": "2025-01-02T04:00:00Z",
                                              "end": "2025-01-03T04:00:00Z"}})",
                                     {{"Retry-After", retry_after}});
        };
        EXPECT_EQ(fetch_renewal_window(session, example).ask_again_in, ask_again_in) << retry_after;
    }
}

TEST(FetchRenewalWindow, DoesWithoutWhereThereIsNone) {
    testing::Bench bench;
    const auto example = certificate();
    {
        auto session = bench.session();
        EXPECT_FALSE(fetch_renewal_window(session, example).window);
    }
    bench.ca.offers_renewal_info = true;
    auto session = bench.session();
    const auto answer = fetch_renewal_window(session, example);
    EXPECT_FALSE(answer.window) << "404";
    EXPECT_EQ(answer.ask_again_in, 6h);
    bench.ca.renewal_info = "<html>";
    EXPECT_FALSE(fetch_renewal_window(session, example).window);
    auto& nowhere = bench.environment().sessions.with("https://127.0.0.1:1/dir", "");
    EXPECT_FALSE(fetch_renewal_window(nowhere, example).window);
    EXPECT_LT(bench.timer.waited(), 10s) << "for a CA that may be about to listen";
}

}  // namespace
}  // namespace cairn::client::renewal_info_test
