#include "api/crl_api.h"

#include <gtest/gtest.h>

#include "ca/rules/crl_names.h"
#include "ca/testing/event_loop.h"
#include "ca/testing/memory_repository.h"
#include "crypto/digest.h"
#include "protocol/problem.h"

namespace cairn::api::crl_api_test {
namespace {

using namespace std::chrono_literals;

constexpr base::Time signed_at{base::Seconds{1'800'000'000}};

class CrlApiTest : public ::testing::Test {
  protected:
    CrlApiTest() {
        const auto lists =
            loop.await(store.add_crl_lists(issuer, ca::shard_urls("http://ca.example", issuer, 1)));
        complete = ca::crl_path(lists.at(0));
        shard = ca::crl_path(lists.at(1));
        for (const auto& each : lists) save(each.id, 7);
        list = lists.at(0).id;
        loop.await(shelf.refresh());
        api.add_to(router);
    }
    void save(ca::CrlId id, std::uint64_t number) {
        EXPECT_TRUE(loop.await(store.save_crl({.head = {.list = id,
                                                        .number = number,
                                                        .this_update = signed_at,
                                                        .next_update = signed_at + 168h,
                                                        .entries = 0,
                                                        .size = 3},
                                               .der = {1, 2, static_cast<std::uint8_t>(number)}})));
    }
    http::Response ask(const std::string& path,
                       std::vector<std::pair<std::string, std::string>> fields = {},
                       const std::string& method = "GET") {
        auto match = router.find(method, path);
        if (match.handler == nullptr) throw std::runtime_error("there is no handler");
        http::Request request{.method = method,
                              .target = path,
                              .body = {},
                              .remote_address = {},
                              .id = {},
                              .received = {},
                              .fields = std::move(fields)};
        return loop.await((*match.handler)(std::move(request), std::move(match.parameters)));
    }
    static std::string field(const http::Response& response, std::string_view name) {
        for (const auto& [known, value] : response.fields)
            if (known == name) return value;
        return {};
    }

    ca::testing::EventLoop loop;
    std::shared_ptr<ca::testing::MemoryFacts> facts = std::make_shared<ca::testing::MemoryFacts>();
    ca::testing::MemoryRepository store{facts};
    base::Announcements announcements;
    std::unique_ptr<base::Log> log = base::silent_log();
    ca::CrlShelf shelf{store, announcements, *log};
    base::ManualClock clock{signed_at + 1h};
    CrlApi api{shelf, clock};
    const ca::IssuerId issuer = crypto::sha256(base::bytes_of("issuer"));
    http::Router router;
    std::string complete, shard;
    ca::CrlId list = 0;
};

TEST_F(CrlApiTest, ServesListsWithWhatCachesWantToKnow) {
    for (const auto& path : {complete, shard}) {
        const auto response = ask(path);
        EXPECT_EQ(response.status, 200);
        EXPECT_EQ(response.content_type, "application/pkix-crl");
        EXPECT_EQ(response.body, std::string("\1\2\7"));
        EXPECT_EQ(field(response, "ETag"), "\"7\"");
        EXPECT_EQ(field(response, "Last-Modified"), "Fri, 15 Jan 2027 08:00:00 GMT");
        EXPECT_EQ(field(response, "Expires"), "Fri, 22 Jan 2027 08:00:00 GMT");
        EXPECT_EQ(field(response, "Cache-Control"), "public, max-age=3600");
        EXPECT_EQ(ask(path, {}, "HEAD").status, 200);
    }
}

TEST_F(CrlApiTest, SaysNoLongerThanTheListItself) {
    clock.set(signed_at + 168h - 10s);
    EXPECT_EQ(field(ask(complete), "Cache-Control"), "public, max-age=10");
    clock.set(signed_at + 200h);
    EXPECT_EQ(field(ask(complete), "Cache-Control"), "public, max-age=0");
}

TEST_F(CrlApiTest, SendsNothingTwice) {
    for (const char* tag : {"\"7\"", "W/\"7\"", "\"1\", \"7\"", "*"}) {
        const auto response = ask(complete, {{"If-None-Match", tag}});
        EXPECT_EQ(response.status, 304) << tag;
        EXPECT_EQ(response.body, "");
        EXPECT_EQ(response.content_type, "");
        EXPECT_EQ(field(response, "ETag"), "\"7\"");
    }
    EXPECT_EQ(ask(complete, {{"If-None-Match", "\"6\""}}).status, 200);
    EXPECT_EQ(ask(complete, {{"If-Modified-Since", "Fri, 15 Jan 2027 08:00:00 GMT"}}).status, 304);
    EXPECT_EQ(ask(complete, {{"If-Modified-Since", "Fri, 15 Jan 2027 07:59:59 GMT"}}).status, 200);
    EXPECT_EQ(ask(complete, {{"If-Modified-Since", "yesterday"}}).status, 200);
    // The tag decides: a list may be signed twice in a second.
    EXPECT_EQ(ask(complete, {{"If-None-Match", "\"6\""},
                             {"If-Modified-Since", "Fri, 15 Jan 2027 08:00:00 GMT"}})
                  .status,
              200);
}

TEST_F(CrlApiTest, ServesTheNewListAndNoneThatItDoesNotHave) {
    save(list, 8);
    loop.await(shelf.refresh());
    EXPECT_EQ(field(ask(complete), "ETag"), "\"8\"");
    EXPECT_EQ(field(ask(shard), "ETag"), "\"7\"");
    for (const auto& path : {std::string("/crl/0011223344556677.crl"), shard + "x",
                             complete.substr(0, complete.size() - 3) + "pem"}) {
        try {
            (void)ask(path);
            ADD_FAILURE() << path;
        } catch (const protocol::Problem& problem) {
            EXPECT_EQ(problem.status, 404) << path;
        }
    }
}

}  // namespace
}  // namespace cairn::api::crl_api_test
