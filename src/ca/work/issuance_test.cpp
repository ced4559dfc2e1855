#include "ca/work/issuance.h"

#include "ca/testing/bench.h"
#include "pki/certificate.h"

namespace cairn::ca::testing::issuance_test {
namespace {

using enum protocol::ProblemType;
using Moment = StoreScript::Moment;
using protocol::OrderStatus;

class IssuanceTest : public Bench {
  protected:
    base::Task<OrderView> finalize(OrderView view, protocol::FinalizeRequest request = csr_for(),
                                   base::Milliseconds patience = 10s) {
        return issuance().finalize(std::move(view), std::move(request), just_now(), patience);
    }
    /// An order whose issuance waits for the signer.
    OrderView under_way() {
        signer->gate().close();
        return await(finalize(ready(account.id), csr_for(), 0ms));
    }
    /// The same, left by a process that has ended.
    OrderView left_behind() {
        auto view = under_way();
        restart();
        signer->gate().open();
        return view;
    }
    bool becomes(const OrderId& id, OrderStatus status) {
        return eventually([&] { return found(id).status() == status; });
    }
    /// Why the order failed, once it has.
    Refused failure_of(const OrderId& id) {
        EXPECT_TRUE(becomes(id, OrderStatus::invalid));
        const auto problem = found(id).order.problem.value();
        return {problem.type, problem.status, problem.detail};
    }

    const Account account = stored_account();
    const Refused not_ready_any_more{order_not_ready, 403,
                                     "the order is being finalized already, or cannot be any more"};
};

TEST_F(IssuanceTest, IssuesTheCertificateOfAReadyOrder) {
    const auto key = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    const auto order = ready(account.id, {"a.example.org", "b.example.org"});
    const auto calls = script->total();
    const auto view = await(finalize(order, csr_for({"b.example.org", "a.example.org"}, key)));
    // What the request knows the job does not ask the store for, nor the other way round.
    EXPECT_EQ(script->total() - calls, 2);
    EXPECT_EQ(script->count(StoreCall::begin_issuance), 1);
    EXPECT_EQ(script->count(StoreCall::complete_issuance), 1);

    EXPECT_EQ(view.status(), OrderStatus::valid);
    EXPECT_EQ(view.order.intent.value().request, "r1");
    const auto kept = await(repository.find_certificate(view.order.intent->serial)).value();
    EXPECT_EQ(kept.account, account.id);
    EXPECT_EQ(kept.order, order.order.id);
    EXPECT_EQ(kept.issued, start_time);
    const auto certificate = pki::Certificate::from_der(kept.der).value();
    EXPECT_TRUE(certificate.is_signed_by(issuers.all().front().certificate()));
    EXPECT_EQ(certificate.names().dns_names,
              (std::vector<std::string>{"a.example.org", "b.example.org"}));
    EXPECT_EQ(certificate.public_key(), key.public_key());
    EXPECT_EQ(tally.certificates, 1);
    EXPECT_EQ(found(order.order.id).status(), OrderStatus::valid);
}

TEST_F(IssuanceTest, AsksTheStoreAnewForARequestThatHadToWait) {
    RequestContext long_ago = just_now();
    long_ago.received -= 3s;
    const auto view = await(issuance().finalize(ready(account.id), csr_for(), long_ago, 10s));
    EXPECT_EQ(view.status(), OrderStatus::valid);
    EXPECT_EQ(script->count(StoreCall::is_key_blocked), 1);
}

// Check 81.
TEST_F(IssuanceTest, AnswersBeforeTheSignerIfThatIsSlow) {
    const auto view = under_way();
    EXPECT_EQ(view.status(), OrderStatus::processing);
    EXPECT_EQ(await(issuance().settled(view, 1ms)).status(), OrderStatus::processing);
    auto poll = loop.start(issuance().settled(view, 10s));
    signer->gate().open();
    EXPECT_EQ(EventLoop::result(std::move(poll)).status(), OrderStatus::valid);
}

TEST_F(IssuanceTest, ReadsNothingForWhoPollsWhatIsSettled) {
    const auto view = ready(account.id);
    const auto calls = script->total();
    EXPECT_EQ(await(issuance().settled(view, 10s)).status(), OrderStatus::ready);
    EXPECT_EQ(script->total(), calls);
}

// Check 126.
TEST_F(IssuanceTest, RefusesAnOrderThatIsNotReady) {
    EXPECT_EQ(refusal(finalize(placed(account.id))),
              (Refused{order_not_ready, 403, "the order is pending, not ready"}));
    const auto lost = ready(account.id);
    (void)await(ordering().deactivate(lost.proofs[0]));
    EXPECT_EQ(refusal(finalize(found(lost.order.id))),
              (Refused{order_not_ready, 403, "the order is invalid, not ready"}));
    const auto valid = await(finalize(ready(account.id)));
    EXPECT_EQ(refusal(finalize(valid, csr_for())),
              (Refused{order_not_ready, 403, "the order is valid, not ready"}));
}

TEST_F(IssuanceTest, RefusesACsrThatDoesNotFit) {
    const auto view = ready(account.id);
    const auto compromised = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    (void)await(repository.record_key_compromise(crypto::sha256(compromised.public_key().spki()),
                                                 clock.now()));
    const auto accounts = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    (void)stored_account(protocol::Jwk::of(accounts.public_key()));
    const std::vector<std::pair<protocol::FinalizeRequest, std::string>> cases{
        {csr_for({"www.example.org", "other.example.org"}),
         "it asks for \"other.example.org\", which the order does not have"},
        {csr_for({"other.example.org"}),
         "it asks for \"other.example.org\", which the order does not have; it lacks "
         "\"www.example.org\" of the order"},
        {csr_for({"www.example.org"}, crypto::PrivateKey::generate(crypto::KeyType::ed25519)),
         "its key is refused: profile \"default\" does not certify ed25519 keys"},
        {csr_for({"www.example.org"}, compromised), "its key is known to be compromised"},
        {csr_for({"www.example.org"}, accounts), "its key is an account's key"}};
    for (const auto& [request, reason] : cases)
        EXPECT_EQ(refusal(finalize(view, request)),
                  (Refused{bad_csr, 400, "the CSR is refused: " + reason}));
    EXPECT_EQ(refusal(finalize(view, {.csr = {0x30, 0}})).type, bad_csr);
    EXPECT_EQ(await(finalize(found(view.order.id))).status(), OrderStatus::valid)
        << "the order stayed ready";
}

// Check 134.
TEST_F(IssuanceTest, RefusesAProfileThatIsGone) {
    const auto view = ready(account.id);
    profiles = Profiles::of({{"new", Profile{.name = "new", .description = {}}}}, "new").value();
    EXPECT_EQ(refusal(finalize(view)),
              (Refused{invalid_profile, 400, "profile \"default\" is not offered any more"}));
}

TEST_F(IssuanceTest, RefusesAValidityThatIsPast) {
    auto request = for_names({"www.example.org"});
    request.not_before = start_time;
    auto view = await(ordering().place(account, request, just_now()));
    prove(view.proofs[0]);
    clock.advance(49h);
    EXPECT_EQ(refusal(finalize(found(view.order.id))),
              (Refused{malformed, 400, "notBefore is more than 48 hours away from now"}));
}

TEST_F(IssuanceTest, RefusesWhatNoIssuerIssues) {
    issuers = issuer_for({.key_algorithms = {crypto::KeyAlgorithm::rsa}});
    EXPECT_EQ(
        refusal(finalize(ready(account.id))),
        (Refused{bad_csr, 400,
                 "no issuer of this CA issues certificates of profile \"default\" for ec-p256 "
                 "keys and the names of the order"}));
}

TEST_F(IssuanceTest, AsksToComeAgainWhileNoIssuerIsValid) {
    clock.set(issuers.all().front().validity().not_after + 1s);
    try {
        (void)await(finalize(ready(account.id)));
        FAIL() << "it was not refused";
    } catch (const protocol::Problem& problem) {
        EXPECT_EQ(problem.type, server_internal);
        EXPECT_EQ(problem.status, 503);
        EXPECT_TRUE(problem.detail.starts_with("no issuer can sign now")) << problem.detail;
        EXPECT_EQ(problem.retry_after, 60s);
    }
}

TEST_F(IssuanceTest, ShowsAgainWhatTheSameCsrHasGot) {
    const auto request = csr_for();
    const auto valid = await(finalize(ready(account.id), request));
    const auto again = await(finalize(valid, request));
    EXPECT_EQ(again.status(), OrderStatus::valid);
    EXPECT_EQ(again.order.intent.value().serial, valid.order.intent.value().serial);
    EXPECT_EQ(signer->count(), 1);
}

// Check 127.
TEST_F(IssuanceTest, IssuesOnceForTwoRequestsAtOnce) {
    const auto view = ready(account.id);
    const auto request = csr_for();
    auto& gate = script->gate(StoreCall::begin_issuance);
    gate.close();
    auto first = loop.start(finalize(view, request));
    auto second = loop.start(finalize(view, request));
    auto third = loop.start(finalize(view, csr_for()));
    ASSERT_TRUE(eventually([&] { return gate.waiting() == 3; }));
    gate.open();
    const auto one = EventLoop::result(std::move(first));
    const auto other = EventLoop::result(std::move(second));
    EXPECT_EQ(one.status(), OrderStatus::valid);
    EXPECT_EQ(other.status(), OrderStatus::valid);
    EXPECT_EQ(one.order.intent.value().serial, other.order.intent.value().serial);
    EXPECT_EQ(refusal(std::move(third)), not_ready_any_more) << "with another CSR";
    EXPECT_EQ(signer->count(), 1);
    EXPECT_EQ(tally.certificates, 1);
}

// Check 138.
TEST_F(IssuanceTest, RefusesAnOrderThatLostItsGroundMeanwhile) {
    auto& gate = script->gate(StoreCall::begin_issuance);
    gate.close();
    const auto view = ready(account.id);
    auto late = loop.start(finalize(view));
    ASSERT_TRUE(gate.is_reached());
    (void)await(ordering().deactivate(view.proofs[0]));
    gate.open();
    EXPECT_EQ(refusal(std::move(late)), not_ready_any_more);
}

// The job may be found in the store before the request that wrote it comes to hand anything over.
TEST_F(IssuanceTest, IssuesOnceIfTheQueueFindsTheJobBeforeItsRequest) {
    auto& gate = script->gate(StoreCall::begin_issuance, Moment::after);
    gate.close();
    const auto view = ready(account.id);
    auto request = loop.start(finalize(view));
    ASSERT_TRUE(gate.is_reached());
    issuance().start();
    ASSERT_TRUE(becomes(view.order.id, OrderStatus::valid));
    gate.open();
    EXPECT_EQ(EventLoop::result(std::move(request)).status(), OrderStatus::valid);
    EXPECT_EQ(signer->count(), 1);
    EXPECT_EQ(tally.certificates, 1);
}

// Check 139.
TEST_F(IssuanceTest, IsTakenUpByTheNextProcess) {
    const auto view = left_behind();
    EXPECT_EQ(found(view.order.id).status(), OrderStatus::processing);
    issuance().start();
    ASSERT_TRUE(becomes(view.order.id, OrderStatus::valid));
    const auto& intent = view.order.intent.value();
    EXPECT_EQ(found(view.order.id).order.intent.value().serial, intent.serial);
    const auto kept = await(repository.find_certificate(intent.serial)).value();
    EXPECT_EQ(kept.not_after, intent.validity.not_after);
    EXPECT_EQ(tally.certificates, 1);
}

TEST_F(IssuanceTest, FailsWhatWasLeftBehindIfTheAccountWasDeactivatedSince) {
    const auto view = left_behind();
    (void)await(repository.deactivate_account(account.id, clock.now()));
    issuance().start();
    EXPECT_EQ(failure_of(view.order.id),
              (Refused{unauthorized, 403, "the account was deactivated"}));
    EXPECT_EQ(tally.refusals, 1);
}

TEST_F(IssuanceTest, FailsWhatWasLeftBehindIfTheKeyWasCompromisedSince) {
    const auto view = left_behind();
    const auto csr = pki::Csr::from_der(view.order.intent.value().csr).value();
    (void)await(
        repository.record_key_compromise(crypto::sha256(csr.public_key().spki()), clock.now()));
    issuance().start();
    EXPECT_EQ(failure_of(view.order.id),
              (Refused{bad_csr, 400, "the key became known as compromised meanwhile"}));
}

TEST_F(IssuanceTest, FailsWhatWasLeftBehindIfItsProfileIsGone) {
    const auto view = left_behind();
    profiles = Profiles::of({{"new", Profile{.name = "new", .description = {}}}}, "new").value();
    issuance().start();
    EXPECT_EQ(failure_of(view.order.id),
              (Refused{invalid_profile, 400, "the profile is not offered any more"}));
}

TEST_F(IssuanceTest, FailsWhatWasLeftBehindForTooLong) {
    const auto view = left_behind();
    clock.advance(49h);
    issuance().start();
    EXPECT_EQ(failure_of(view.order.id),
              (Refused{malformed, 400,
                       "no certificate with the validity of this order can be issued now; order "
                       "anew"}));
}

TEST_F(IssuanceTest, LosesNoOrderToAClockThatIsWrong) {
    const auto view = left_behind();
    clock.advance(49h);
    clock_error = 49h;
    ASSERT_FALSE(watch.is_believed());
    issuance().start();
    ASSERT_TRUE(eventually([&] { return tally.count(Observer::JobEnding::left) > 0; }));
    EXPECT_EQ(found(view.order.id).status(), OrderStatus::processing);
}

TEST_F(IssuanceTest, WaitsForASignerThatIsAway) {
    signer->fail(SignerUnavailable("the token was pulled"));
    const auto view = await(finalize(ready(account.id), csr_for(), 1ms));
    ASSERT_TRUE(eventually([&] { return tally.count(Observer::JobEnding::left) == 1; }));
    EXPECT_EQ(found(view.order.id).status(), OrderStatus::processing);
    issuance().start();
    EXPECT_TRUE(becomes(view.order.id, OrderStatus::valid));
    EXPECT_EQ(signer->count(), 2);
}

TEST_F(IssuanceTest, FailsIfTheSignerNeverSigns) {
    signer->fail(std::runtime_error("the key is for nothing"));
    const auto view = await(finalize(ready(account.id)));
    EXPECT_EQ(view.status(), OrderStatus::invalid);
    EXPECT_EQ(failure_of(view.order.id),
              (Refused{server_internal, 500, "the CA could not issue the certificate"}));
}

TEST_F(IssuanceTest, SignsAgainWithTheSameNumberWhatTheStoreDidNotTake) {
    script->fail(StoreCall::complete_issuance, Moment::before,
                 StoreUnavailable("the disk is full"));
    const auto view = await(finalize(ready(account.id), csr_for(), 1ms));
    ASSERT_TRUE(eventually([&] { return tally.count(Observer::JobEnding::left) == 1; }));
    issuance().start();
    ASSERT_TRUE(becomes(view.order.id, OrderStatus::valid));
    EXPECT_TRUE(await(repository.find_certificate(view.order.intent.value().serial)));
    EXPECT_EQ(signer->count(), 2);
    EXPECT_EQ(tally.certificates, 1);
}

TEST_F(IssuanceTest, TellsOnceOfACertificateWhoseWritingDidNotReturn) {
    script->fail(StoreCall::complete_issuance, Moment::after, OutcomeUnknown("no answer"));
    const auto view = await(finalize(ready(account.id), csr_for(), 1ms));
    ASSERT_TRUE(becomes(view.order.id, OrderStatus::valid));
    EXPECT_EQ(tally.certificates, 0) << "it is not known to be stored";
    issuance().start();
    EXPECT_TRUE(eventually([&] { return tally.certificates == 1; }));
    EXPECT_EQ(signer->count(), 1);
}

TEST_F(IssuanceTest, ForgetsAJobWhoseOrderWasRemoved) {
    (void)left_behind();
    auto& gate = script->gate(StoreCall::find_order);
    gate.close();
    issuance().start();
    ASSERT_TRUE(gate.is_reached());
    facts->orders.clear();
    gate.open();
    EXPECT_TRUE(eventually([&] { return tally.count(Observer::JobEnding::done) > 0; }));
    EXPECT_EQ(signer->count(), 1);
    EXPECT_EQ(tally.certificates, 0);
}

}  // namespace
}  // namespace cairn::ca::testing::issuance_test
