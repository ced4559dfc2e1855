#include "client/solvers/manual.h"

#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/durable_file.h"
#include "client/failure.h"
#include "client/testing/challenge.h"
#include "client/testing/heard.h"

namespace cairn::client::manual_test {
namespace {

using protocol::ChallengeType;
using ::testing::HasSubstr;

class Manual : public ::testing::Test {
  protected:
    Manual() {
        int ends[2];
        EXPECT_EQ(::pipe(ends), 0);
        input_ = FileDescriptor(ends[0]);
        keyboard_ = FileDescriptor(ends[1]);
    }
    std::unique_ptr<Solver> solver(Timer& timer) {
        return make_manual_solver("", {clock_, timer, heard_, input_.number()}).value();
    }
    FileDescriptor input_, keyboard_;
    base::SystemClock clock_;
    SystemTimer timer_;
    testing::Heard heard_;
};

TEST_F(Manual, SaysWhatToPutWhereAndWaitsForEnter) {
    const auto by_hand = solver(timer_);
    const auto dns = testing::challenge(ChallengeType::dns_01, "a.example");
    by_hand->present(dns);
    const auto record = heard_.events(ProgressKind::put_up_record).front();
    EXPECT_EQ(record.place, "_acme-challenge.a.example.");
    EXPECT_EQ(record.text, protocol::dns_record_value(dns.key_authorization));
    ASSERT_EQ(::write(keyboard_.number(), "yes\n\n", 5), 5);
    by_hand->wait(dns);
    by_hand->wait(dns);
    const auto http = testing::challenge(ChallengeType::http_01, "2001:db8::1");
    by_hand->present(http);
    const auto file = heard_.events(ProgressKind::put_up_file).front();
    EXPECT_EQ(file.place, "http://[2001:db8::1]/.well-known/acme-challenge/" + http.token.text());
    EXPECT_EQ(file.text, http.key_authorization);
}

TEST_F(Manual, DoesOneTypeAloneIfItIsSaid) {
    const auto made = [&](std::string_view type) {
        return make_manual_solver(type, {clock_, timer_, heard_, input_.number()});
    };
    const auto by_hand = made("http-01").value();
    EXPECT_EQ(by_hand->specification(), "manual:http-01");
    EXPECT_THAT(by_hand->challenge_types(), ::testing::ElementsAre(ChallengeType::http_01));
    EXPECT_THAT(made("").value()->challenge_types(), ::testing::SizeIs(3));
    EXPECT_THAT(made("tls-alpn-01").error().message, HasSubstr("nothing to be done by hand"));
}

TEST_F(Manual, NamesTheRecordOfTheAccount) {
    const auto by_hand = solver(timer_);
    auto dns = testing::challenge(ChallengeType::dns_account_01, "a.example");
    dns.account_url = "https://example.com/acme/acct/ExampleAccount";
    by_hand->present(dns);
    EXPECT_EQ(heard_.events(ProgressKind::put_up_record).front().place,
              "_ujmmovf2vn55tgye._acme-challenge.a.example.");
}

TEST_F(Manual, FailsWhereNobodyCanAnswer) {
    keyboard_.close();
    const auto by_hand = solver(timer_);
    EXPECT_THROW(by_hand->wait(testing::challenge(ChallengeType::dns_01, "a.example")), Failure);
}

TEST_F(Manual, StopsWithTheRun) {
    std::stop_source stop;
    stop.request_stop();
    SystemTimer stopped(stop.get_token());
    const auto by_hand = solver(stopped);
    EXPECT_THROW(by_hand->wait(testing::challenge(ChallengeType::dns_01, "a.example")), Failure);
}

}  // namespace
}  // namespace cairn::client::manual_test
