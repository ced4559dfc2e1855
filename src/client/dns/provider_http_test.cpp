#include "client/dns/provider_http.h"

#include "client/testing/provider_fixture.h"

namespace cairn::client::provider_http_test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::response;

class ProviderHttpTest : public testing::ProviderTest {
  protected:
    std::string outcome(const ProviderHttp::Call& call) {
        ProviderHttp http({.title = "Some",
                           .base_url = server_.url("/base"),
                           .root_file = server_.root_file().string(),
                           .fields = {{"Authorization", "Bearer sesame-1"}},
                           .secrets = {"sesame-1"}},
                          {.clock = clock_, .timer = timer_, .random = random_, .trace = &trace_});
        try {
            return "status " + std::to_string(http.ask(call).status);
        } catch (const Failure& failure) {
            return failure.what();
        }
    }
};

TEST_F(ProviderHttpTest, AsksAgainWhereTheProviderIsAtFault) {
    int asked = 0;
    answer_ = [&](const http::Request&) { return response(++asked < 3 ? 503 : 200, "{}"); };
    EXPECT_EQ(outcome({.path = "/x", .aim = "try"}), "status 200");
    EXPECT_EQ(asked, 3);
    asked = -100;
    EXPECT_THAT(outcome({.path = "/x", .aim = "try"}), HasSubstr("status 503"));
    EXPECT_EQ(asked, -95) << "five times, not for ever";
}

TEST_F(ProviderHttpTest, TakesNoForAnAnswer) {
    answer_ = [](const http::Request& request) {
        EXPECT_EQ(request.target, "/base/x");
        return response(404, "no\nsuch record of sesame-1");
    };
    EXPECT_EQ(outcome({.path = "/x", .aim = "try", .accepted = {404}}), "status 404");
    const auto words = outcome({.path = "/x", .aim = "try"});
    EXPECT_THAT(words, HasSubstr("Could not try: Some: status 404: no such record of [secret]"));
    EXPECT_EQ(server_.requests().size(), 2U);
}

TEST_F(ProviderHttpTest, DoesNotWaitForDays) {
    answer_ = [](const http::Request&) { return response(429, "{}", {{"Retry-After", "86400"}}); };
    EXPECT_THAT(outcome({.path = "/x", .aim = "try"}), HasSubstr("limits how often"));
    EXPECT_EQ(timer_.waited(), std::chrono::seconds(0));
}

TEST_F(ProviderHttpTest, FollowsNobodyElsewhere) {
    answer_ = [](const http::Request&) {
        return response(302, "", {{"Location", "https://evil.test/"}});
    };
    EXPECT_THAT(outcome({.path = "/x", .aim = "try"}), HasSubstr("status 302"));
    EXPECT_THAT(outcome({.path = "https://evil.test/x", .aim = "try"}), HasSubstr("another host"));
    EXPECT_THAT(outcome({.path = "http://" + server_.url("/x").substr(8), .aim = "try"}),
                HasSubstr("another host"));
}

TEST_F(ProviderHttpTest, TellsAllButSecrets) {
    answer_ = [](const http::Request&) { return response(200, R"({"token":"granted"})"); };
    EXPECT_EQ(outcome({.method = "POST",
                       .path = "/x?key=sesame-1",
                       .fields = {{"X-Api-Key", "other"}},
                       .body = "sesame-1 is open",
                       .aim = "try"}),
              "status 200");
    EXPECT_THAT(trace_.text(), HasSubstr("/base/x?key=[secret]"));
    EXPECT_THAT(trace_.text(), HasSubstr("X-Api-Key: [secret]"));
    EXPECT_THAT(trace_.text(), HasSubstr("[secret] is open"));
    EXPECT_THAT(trace_.text(), HasSubstr("granted"));
    EXPECT_THAT(trace_.text(), Not(HasSubstr("sesame-1")));
    const auto before = trace_.text().size();
    EXPECT_EQ(
        outcome({.path = "/login", .aim = "log in", .answer = ProviderHttp::AnswerTrace::hidden}),
        "status 200");
    EXPECT_THAT(trace_.text().substr(before), Not(HasSubstr("granted")));
}

}  // namespace
}  // namespace cairn::client::provider_http_test
