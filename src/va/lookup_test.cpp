#include "va/lookup.h"

#include <boost/asio/post.hpp>
#include <boost/system/system_error.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "va/testing/event_loop.h"
#include "va/testing/fake_resolver.h"

namespace cairn::va::lookup_test {
namespace {

using dns::RecordType;
using protocol::ProblemType;
using std::chrono::steady_clock;
using ::testing::HasSubstr;
using Outcome = dns::Answer::Outcome;

class Lookup : public ::testing::Test {
  protected:
    auto look_up_text(base::Milliseconds patience = base::Milliseconds(5000)) {
        return loop.run(
            look_up(resolver, "example.com", RecordType::txt, steady_clock::now() + patience));
    }
    testing::EventLoop loop;
    testing::FakeResolver resolver;
};

TEST_F(Lookup, AbsenceIsAnAnswer) {
    for (const auto outcome : {Outcome::found, Outcome::no_data, Outcome::no_such_name}) {
        resolver = {};
        resolver.add("example.com", RecordType::txt, testing::with_outcome(outcome));
        const auto answer = look_up_text();
        ASSERT_TRUE(answer);
        EXPECT_EQ(answer->outcome, outcome);
    }
}

TEST_F(Lookup, AFailedServerIsADnsProblem) {
    for (const auto outcome : {Outcome::server_failure, Outcome::refused, Outcome::other_failure}) {
        resolver = {};
        resolver.add("example.com", RecordType::txt, testing::with_outcome(outcome, 7));
        const auto result = look_up_text();
        ASSERT_FALSE(result);
        EXPECT_EQ(result.error().type, ProblemType::dns);
        EXPECT_EQ(result.error().detail, "looking up TXT for example.com: response code 7");
    }
}

TEST_F(Lookup, TheResolversErrorIsADnsProblemInPrintableWords) {
    resolver.add("example.com", RecordType::txt,
                 base::fail("bogus: \x1b[31m" + std::string(900, 'x')));
    const auto result = look_up_text();
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().type, ProblemType::dns);
    EXPECT_THAT(result.error().detail, HasSubstr("bogus: ?[31m"));
    EXPECT_LT(result.error().detail.size(), 300U);
}

TEST_F(Lookup, EndsByTheDeadline) {
    resolver.fall_silent();
    const auto result = look_up_text(base::Milliseconds(50));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().type, ProblemType::dns);
    EXPECT_THAT(result.error().detail, HasSubstr("timed out"));
}

TEST_F(Lookup, ACancelledTaskFindsNothing) {
    resolver.fall_silent([&] { boost::asio::post(loop.context(), [&] { loop.cancel(); }); });
    EXPECT_THROW(look_up_text(), boost::system::system_error);
}

}  // namespace
}  // namespace cairn::va::lookup_test
