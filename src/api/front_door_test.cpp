#include "api/front_door.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_future.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "ca/ports/repository.h"
#include "ca/work/local_nonces.h"
#include "protocol/problem.h"

namespace cairn::api::front_door_test {
namespace {

using http::Request;
using http::Response;
using ::testing::Contains;
using ::testing::Key;
using ::testing::Not;
using ::testing::Pair;

class FrontDoorTest : public ::testing::Test {
  protected:
    Response answer(const std::string& method, const std::string& target,
                    const std::string& host = "ca.example") {
        http::Router router;
        const auto add = [&](std::string_view verb, std::string_view path, auto effect) {
            router.add(verb, path,
                       [effect](Request, http::Router::Parameters) -> base::Task<Response> {
                           effect();
                           co_return Response{};
                       });
        };
        add("GET", path::directory, [] {});
        add("HEAD", path::new_nonce, [] {});
        add("POST", path::new_order,
            [] { throw protocol::Problem(protocol::ProblemType::rejected_identifier, "no"); });
        add("POST", path::key_change, [] { throw ca::StoreUnavailable("the disk is full"); });
        add("POST", path::revoke_certificate,
            [] { throw ca::OutcomeUnknown("lost at the commit"); });
        add("POST", path::new_authorization,
            [] { throw protocol::Problem(protocol::ProblemType::rate_limited, "too many"); });
        const auto door = door_with(std::move(router));
        Request request;
        request.method = method;
        request.target = target;
        request.fields = {{"Host", host}};
        request.remote_address = "192.0.2.1";
        request.received = std::chrono::steady_clock::now();
        boost::asio::io_context loop;
        auto future =
            boost::asio::co_spawn(loop, door.handle(std::move(request)), boost::asio::use_future);
        loop.run();
        return future.get();
    }

    FrontDoor door_with(http::Router router) {
        return {links_,
                nonces_,
                std::move(router),
                {.hosts = {"ca.example", "ca.example:14000", "[2001:db8::1]"},
                 .terms_of_service = {},
                 .observer = &observer_,
                 .rates = rates_,
                 .help = "https://ca.example/limits"}};
    }

    struct LastAnswer final : RequestObserver {
        void answered(const AnsweredRequest& answer) override { last = answer; }
        std::optional<AnsweredRequest> last;
    };

    LastAnswer observer_;
    RequestRates* rates_ = nullptr;
    crypto::SystemRandom random_;
    ca::LocalNonces nonces_{random_};
    Links links_{"https://ca.example"};
};

// Check 166.
TEST_F(FrontDoorTest, EveryRefusalForALimitLeadsToHelp) {
    const auto response = answer("POST", std::string(path::new_authorization));
    EXPECT_EQ(response.status, 429);
    EXPECT_THAT(response.fields,
                Contains(Pair("Link", "<https://ca.example/limits>;rel=\"help\"")));
    EXPECT_THAT(answer("POST", std::string(path::new_order)).fields,
                Not(Contains(Pair("Link", "<https://ca.example/limits>;rel=\"help\""))));
}

TEST_F(FrontDoorTest, KnowsEverySpellingOfItsHosts) {
    for (const char* host : {"ca.example", "CA.Example", "ca.example:14000", "CA.EXAMPLE:14000",
                             "ca.example.", "ca.example.:14000", "ca.example:443", "ca.example:80",
                             "ca.example:", "[2001:db8::1]", "[2001:DB8:0::1]:443"})
        EXPECT_EQ(answer("GET", "/directory", host).status, 200) << host;
    for (const char* host :
         {"", "example", "ca.example:14001", "ca.example..", "ca.example/", "ca.example?",
          "ca.example#", "u@ca.example", "evil.test", "ca.example.evil.test", "ca.example:14000x",
          "2001:db8::1", "[2001:db8::1", "[2001:db8::2]", "ca.example, evil.test", "ca.example:0"})
        EXPECT_EQ(answer("GET", "/directory", host).status, 421) << host;
}

TEST_F(FrontDoorTest, TellsWhatItAnswered) {
    struct Case {
        const char *method, *target;
        RequestKind kind;
        int status;
        std::optional<protocol::ProblemType> problem;
    };
    using protocol::ProblemType;
    for (const auto& [method, target, kind, status, problem] : std::vector<Case>{
             {"GET", "/directory", RequestKind::directory, 200, std::nullopt},
             {"DELETE", "/directory", RequestKind::directory, 405, ProblemType::malformed},
             {"POST", "/acme/new-order", RequestKind::new_order, 400,
              ProblemType::rejected_identifier},
             {"POST", "/acme/key-change", RequestKind::key_change, 503,
              ProblemType::server_internal},
             {"GET", "/elsewhere", RequestKind::unknown, 404, ProblemType::malformed},
         }) {
        (void)answer(method, target);
        ASSERT_TRUE(observer_.last) << target;
        EXPECT_EQ(observer_.last->kind, kind) << target;
        EXPECT_EQ(observer_.last->status, status) << target;
        EXPECT_EQ(observer_.last->problem, problem) << target;
        EXPECT_LT(observer_.last->duration, std::chrono::seconds(10)) << target;
    }
}

TEST_F(FrontDoorTest, EveryPostGetsANonceThatWorks) {
    const auto response = answer("POST", "/acme/new-order");
    EXPECT_EQ(response.status, 400);
    const auto nonce = std::ranges::find(response.fields, std::string("Replay-Nonce"),
                                         [](const auto& field) { return field.first; });
    ASSERT_NE(nonce, response.fields.end());
    EXPECT_TRUE(nonces_.take(nonce->second));
}

TEST_F(FrontDoorTest, OnlyTheDirectoryLacksTheLinkToIt) {
    const auto link = Pair("Link", "<https://ca.example/directory>;rel=\"index\"");
    EXPECT_THAT(answer("GET", "/directory").fields, Not(Contains(link)));
    EXPECT_THAT(answer("POST", "/acme/new-order").fields, Contains(link));
    EXPECT_THAT(answer("GET", "/nowhere").fields, Contains(link));
}

TEST_F(FrontDoorTest, NoncesAreNotStored) {
    EXPECT_THAT(answer("HEAD", "/acme/new-nonce").fields,
                ::testing::IsSupersetOf({Pair("Cache-Control", "no-store")}));
    EXPECT_THAT(answer("HEAD", "/acme/new-nonce").fields, Contains(Key("Replay-Nonce")));
}

TEST_F(FrontDoorTest, SaysWhatIsNotThereAndWhatIsNotAllowed) {
    EXPECT_EQ(answer("GET", "/nowhere").status, 404);
    const auto response = answer("DELETE", "/acme/new-order");
    EXPECT_EQ(response.status, 405);
    EXPECT_THAT(response.fields, Contains(Pair("Allow", "POST")));
}

TEST_F(FrontDoorTest, AnswersOnlyForItsOwnNames) {
    EXPECT_EQ(answer("GET", "/directory", "CA.example:14000").status, 200);
    EXPECT_EQ(answer("GET", "/directory", "evil.example").status, 421);
    EXPECT_EQ(answer("GET", "/directory", "").status, 421);
}

TEST_F(FrontDoorTest, GivesWhatIsNotUnderstoodTheFieldsOfEveryAnswer) {
    const auto door = door_with({});
    const auto refused = [&](const char* method, const char* target, int status) {
        Request understood;
        understood.method = method;
        understood.target = target;
        return door.refuse(understood, {status, "it is too large"});
    };
    const auto link = Pair("Link", "<https://ca.example/directory>;rel=\"index\"");
    const auto post = refused("POST", "/acme/new-order", 413);
    EXPECT_EQ(post.status, 413);
    EXPECT_EQ(post.content_type, "application/problem+json");
    EXPECT_THAT(post.body, ::testing::AllOf(::testing::HasSubstr("error:malformed"),
                                            ::testing::HasSubstr("it is too large")));
    EXPECT_THAT(post.fields, ::testing::AllOf(Contains(link), Contains(Key("Replay-Nonce"))));
    const auto get = refused("GET", "/acme/new-order", 431);
    EXPECT_THAT(get.fields, ::testing::AllOf(Contains(link), Not(Contains(Key("Replay-Nonce")))));
    const auto unknown = refused("", "", 400);
    EXPECT_THAT(unknown.fields, Contains(link));
    EXPECT_THAT(refused("GET", "/directory", 431).fields, Not(Contains(link)));
    for (const int ours : {500, 503})
        EXPECT_THAT(refused("POST", "/acme/new-order", ours).body,
                    ::testing::HasSubstr("error:serverInternal"));
    EXPECT_THAT(refused("POST", "/acme/new-order", 503).fields, Contains(Key("Retry-After")));
}

// Check 9.
TEST_F(FrontDoorTest, BrowsersMayAsk) {
    const auto response = answer("OPTIONS", "/acme/new-order");
    EXPECT_EQ(response.status, 204);
    EXPECT_THAT(response.fields, Contains(Pair("Access-Control-Allow-Methods", "POST")));
    EXPECT_THAT(response.fields, Contains(Pair("Access-Control-Allow-Origin", "*")));
}

TEST_F(FrontDoorTest, WhatIsNotKnownIsNotCalledUndone) {
    const auto response = answer("POST", "/acme/revoke-cert");
    EXPECT_EQ(response.status, 503);
    EXPECT_THAT(response.fields, Contains(Key("Retry-After")));
    EXPECT_THAT(response.body, ::testing::HasSubstr("not known whether it was carried out"));
    EXPECT_THAT(response.body, Not(::testing::HasSubstr("commit")));
    EXPECT_EQ(observer_.last->problem, protocol::ProblemType::server_internal);
    EXPECT_THAT(answer("POST", "/acme/key-change").body, Not(::testing::HasSubstr("not known")));
}

TEST_F(FrontDoorTest, WhoAsksTooOftenIsToldWhenToComeBack) {
    ca::RequestLimits limits;
    limits[ca::RequestGroup::new_nonce] = ca::Limit{2, base::Seconds(60)};
    RequestRates rates(limits);
    rates_ = &rates;
    for (int i = 0; i < 2; ++i) EXPECT_EQ(answer("HEAD", "/acme/new-nonce").status, 200);
    const auto response = answer("HEAD", "/acme/new-nonce");
    EXPECT_EQ(response.status, 503);
    EXPECT_THAT(response.body, ::testing::HasSubstr("limit requests_per_ip.new_nonce"));
    EXPECT_THAT(response.fields, Contains(Pair("Retry-After", "30")));
    EXPECT_THAT(response.fields,
                Contains(Pair("Link", "<https://ca.example/limits>;rel=\"help\"")));
    EXPECT_EQ(observer_.last->problem, protocol::ProblemType::rate_limited);
    EXPECT_EQ(answer("GET", "/directory").status, 200) << "another group";
}

// Check 164.
TEST_F(FrontDoorTest, AStoreThatIsAwayIsNoBugOfTheClient) {
    const auto response = answer("POST", "/acme/key-change");
    EXPECT_EQ(response.status, 503);
    EXPECT_THAT(response.fields, Contains(Key("Retry-After")));
    EXPECT_THAT(response.body, Not(::testing::HasSubstr("disk")));
}

}  // namespace
}  // namespace cairn::api::front_door_test
