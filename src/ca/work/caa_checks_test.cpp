#include "ca/work/caa_checks.h"

#include "ca/testing/bench.h"

namespace cairn::ca::testing::caa_checks_test {
namespace {

using enum protocol::ProblemType;
using protocol::OrderStatus;

class CaaChecksTest : public Bench {
  protected:
    CaaChecksTest() {
        issuance_options.caa = &checks;
        restart();
        clock.advance(1min);
    }
    base::Task<OrderView> finalize(OrderView view,
                                   const std::vector<std::string>& names = {"www.example.org"}) {
        return issuance().finalize(std::move(view), csr_for(names), just_now(), 10s);
    }

    const Account account = stored_account();
    CaaChecks checks{{.caa_identities = {"ca.example"}}, validator, clock, *log};
};

TEST_F(CaaChecksTest, WhatTheValidationSawIsEnoughForHours) {
    const auto view = ready(account.id);
    clock.advance(6h);
    EXPECT_EQ(await(finalize(view)).status(), OrderStatus::valid);
    EXPECT_TRUE(validator.questions().empty());
}

TEST_F(CaaChecksTest, LaterTheRecordsAreAskedForAgain) {
    const auto view = ready(account.id, {"a.example.org", "b.example.org"});
    clock.advance(9h);
    const auto calls = script->total();
    EXPECT_EQ(await(finalize(view, {"a.example.org", "b.example.org"})).status(),
              OrderStatus::valid);
    EXPECT_EQ(script->total() - calls, 2) << "the store is not asked for it";
    const auto questions = validator.questions();
    ASSERT_EQ(questions.size(), 2U);
    for (const auto& question : questions) {
        EXPECT_EQ(question.aim, Validator::Aim::caa_alone);
        EXPECT_EQ(question.caa_identities.size(), 1U);
    }
    EXPECT_EQ(questions[0].identifier.value(), "a.example.org");
    EXPECT_EQ(questions[1].identifier.value(), "b.example.org");
}

TEST_F(CaaChecksTest, ARefusalLeavesTheOrderReady) {
    const auto view = ready(account.id);
    clock.advance(9h);
    validator.fail({caa, "another CA is named"});
    EXPECT_EQ(refusal(finalize(view)), (Refused{caa, 403, "another CA is named"}));
    validator.fail({dns, "no answer"}, Validator::Failure::Outlook::may_heal);
    EXPECT_EQ(refusal(finalize(found(view.order.id))), (Refused{dns, 400, "no answer"}));
    EXPECT_EQ(found(view.order.id).status(), OrderStatus::ready);
    validator.succeed();
    EXPECT_EQ(await(finalize(found(view.order.id))).status(), OrderStatus::valid);
}

TEST_F(CaaChecksTest, AnIssuanceThatWasInterruptedForHoursAsksAgain) {
    signer->gate().close();
    const auto view =
        await(issuance().finalize(ready(account.id), csr_for(), just_now(), base::Milliseconds(0)));
    restart();
    clock.advance(9h);
    validator.fail({caa, "another CA is named"});
    signer->gate().open();
    issuance().start();
    EXPECT_TRUE(eventually([&] { return found(view.order.id).status() == OrderStatus::invalid; }));
    EXPECT_EQ(found(view.order.id).order.problem->type, caa);
}

}  // namespace
}  // namespace cairn::ca::testing::caa_checks_test
