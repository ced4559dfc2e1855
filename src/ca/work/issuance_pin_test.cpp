// What an issuance is bound to (docs/adr/0036-pinned-issuance.md), with an intent that a former
// process left.
#include <algorithm>
#include <mutex>
#include <thread>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/thread_pool.hpp>

#include <gtest/gtest.h>

#include "ca/testing/memory_repository.h"
#include "ca/testing/proof.h"
#include "ca/work/issuance.h"
#include "ca/work/key_signer.h"

namespace cairn::ca::issuance_pin_test {
namespace {

using namespace std::chrono_literals;
using testing::StoreCall;

const base::Time now = *base::from_rfc3339("2026-11-22T12:00:00Z");

/// A signer that is, or is not, in another process, and keeps what it was asked for.
class NotingSigner final : public Signer {
  public:
    struct Notes {
        std::mutex mutex;
        std::vector<base::Bytes> signed_octets;
    };
    NotingSigner(KeySigner signer, Place place, Notes& notes)
        : signer_(std::move(signer)), place_(place), notes_(notes) {}
    [[nodiscard]] const crypto::PublicKey& public_key() const override {
        return signer_.public_key();
    }
    [[nodiscard]] Place place() const override { return place_; }
    [[nodiscard]] base::Task<base::Bytes> sign(Draft draft) override {
        {
            const std::scoped_lock lock(notes_.mutex);
            notes_.signed_octets.push_back(draft.to_be_signed());
        }
        return signer_.sign(std::move(draft));
    }

  private:
    KeySigner signer_;
    Place place_;
    Notes& notes_;
};

// Whether these octets are what was signed of a certificate of some hundred octets.
bool is_made_of(const base::Bytes& certificate, const base::Bytes& to_be_signed) {
    constexpr std::size_t header = 4;
    return certificate.size() > header + to_be_signed.size() &&
           std::ranges::equal(base::BytesView(certificate).subspan(header, to_be_signed.size()),
                              to_be_signed);
}

class IssuancePinTest : public ::testing::Test {
  protected:
    IssuancePinTest() {
        facts_->accounts.emplace(
            order().account,
            Account{.id = order().account,
                    .key = protocol::Jwk::of(
                        crypto::PrivateKey::generate(crypto::KeyType::ec_p256).public_key()),
                    .contacts = {},
                    .created = now,
                    .terms_agreed = std::nullopt,
                    .deactivated = std::nullopt});
        for (const auto& proof : proved_.authorizations())
            facts_->authorizations.emplace(proof.id, proof);
        facts_->orders.emplace(order().id, testing::MemoryFacts::KeptOrder{order()});
        clock_watch_.begin(std::nullopt);
    }
    ~IssuancePinTest() override {
        if (issuance_) issuance_->stop(10s);
        work_.reset();
        loop_thread_.join();
    }
    [[nodiscard]] const Order& order() const { return proved_.order(); }
    Issuer issuer(const std::string& name, base::Time since, Issuer::Use use = {}) {
        auto key = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
        pki::Chain chain{pki::make_root_certificate({.serial = pki::SerialNumber::random(random_),
                                                     .validity = {since, now + 24000h},
                                                     .common_name = name,
                                                     .organization = {},
                                                     .path_length = 0},
                                                    key)};
        auto signer = std::make_unique<NotingSigner>(
            KeySigner(std::move(key), signing_.get_executor()), place_, notes_);
        return {name, std::move(chain), std::move(signer), "http://ca.example/issuer",
                std::move(use)};
    }
    // Goes on with what the store has, by these issuers; the latest is the one that is chosen.
    void start(std::vector<Issuer> issuers) {
        issuers_.emplace(std::move(issuers));
        issuance_.emplace(
            repository_, *issuers_, profiles_, limits_, clock_, clock_watch_, random_,
            [this] { return base::Executor(loop_.get_executor()); }, announcements_, *log_,
            deaf_observer());
        issuance_->start();
    }
    [[nodiscard]] Order stored() {
        const std::scoped_lock lock(facts_->mutex);
        return facts_->orders.at(order().id).order;
    }
    void bind(IssuancePin pin) {
        const std::scoped_lock lock(facts_->mutex);
        facts_->orders.at(order().id).order.intent->pin = std::move(pin);
    }
    // Of the order, once it is there.
    [[nodiscard]] IssuedCertificate issued() {
        EXPECT_TRUE(testing::eventually([this] { return stored().completed.has_value(); }));
        const std::scoped_lock lock(facts_->mutex);
        return facts_->certificates.at(order().intent->serial);
    }

    crypto::SystemRandom random_;
    testing::ProvedOrder proved_{
        "a.example", Profile{.name = "default", .description = ""}, {now, now + 24h}};
    Profiles profiles_ = [] {
        // Not what it was when the octets of a pin were drawn up.
        Profile profile{.name = "default", .description = ""};
        profile.certificate.common_name = true;
        return Profiles::of({{"default", profile}}, "default").value();
    }();
    base::ManualClock clock_{now};
    ClockWatch clock_watch_{{}, [] { return base::ClockReading{.wall = now, .since_boot = 1h}; }};
    std::unique_ptr<base::Log> log_ = base::silent_log();
    RateLimits limits_{{}, clock_, *log_, deaf_observer()};
    base::Announcements announcements_;
    std::shared_ptr<testing::MemoryFacts> facts_ = std::make_shared<testing::MemoryFacts>();
    std::shared_ptr<testing::StoreScript> script_ = std::make_shared<testing::StoreScript>();
    testing::MemoryRepository repository_{facts_, script_};
    Signer::Place place_ = Signer::Place::outside;
    NotingSigner::Notes notes_;
    boost::asio::thread_pool signing_{1};
    boost::asio::io_context loop_{1};
    std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> work_{
        loop_.get_executor()};
    std::thread loop_thread_{[this] { loop_.run(); }};
    std::optional<Issuers> issuers_;
    std::optional<Issuance> issuance_;
};

TEST_F(IssuancePinTest, WhatIsSignedInThisProcessBindsNothing) {
    place_ = Signer::Place::in_process;
    std::vector<Issuer> issuers;
    issuers.push_back(issuer("one", now - 1h));
    start(std::move(issuers));
    const auto certificate = pki::Certificate::from_der(issued().der).value();
    EXPECT_EQ(certificate.subject_common_name(), "a.example");
    EXPECT_EQ(script_->count(StoreCall::pin_issuance), 0);
    EXPECT_FALSE(stored().intent->pin);
}

TEST_F(IssuancePinTest, WhatIsSignedOutsideIsBoundBefore) {
    std::vector<Issuer> issuers;
    issuers.push_back(issuer("one", now - 1h));
    const auto id = issuers.front().id();
    auto& gate = script_->gate(StoreCall::pin_issuance, testing::StoreScript::Moment::after);
    gate.close();
    start(std::move(issuers));
    ASSERT_TRUE(gate.is_reached());
    const auto pin = stored().intent->pin;
    EXPECT_TRUE(notes_.signed_octets.empty()) << "signed before it was bound";
    gate.open();
    const auto certificate = issued();
    ASSERT_TRUE(pin);
    EXPECT_EQ(pin->issuer, id);
    EXPECT_TRUE(is_made_of(certificate.der, pin->to_be_signed));
    EXPECT_EQ(notes_.signed_octets, std::vector<base::Bytes>{pin->to_be_signed});
}

// Its issuer has been replaced and made inactive, and the profile has changed.
TEST_F(IssuancePinTest, WhoeverGoesOnSignsWhatIsBoundByItsIssuer) {
    std::vector<Issuer> issuers;
    issuers.push_back(issuer("old", now - 2h, {.active = false}));
    issuers.push_back(issuer("new", now - 1h));
    const auto draft = issuers.front().draft(proved_.proof());
    const IssuancePin pin{issuers.front().id(), draft.to_be_signed()};
    bind(pin);
    start(std::move(issuers));
    const auto certificate = issued();
    EXPECT_EQ(certificate.issuer, pin.issuer);
    EXPECT_TRUE(is_made_of(certificate.der, pin.to_be_signed));
    EXPECT_EQ(pki::Certificate::from_der(certificate.der).value().subject_common_name(), "");
    EXPECT_EQ(notes_.signed_octets, std::vector<base::Bytes>{pin.to_be_signed});
}

// Two nodes run one job, as after a lease that has lapsed.
TEST_F(IssuancePinTest, WhatAnotherNodeHasBoundMeanwhileIsSigned) {
    std::vector<Issuer> issuers;
    issuers.push_back(issuer("old", now - 2h));
    issuers.push_back(issuer("new", now - 1h));
    const IssuancePin pin{issuers.front().id(),
                          issuers.front().draft(proved_.proof()).to_be_signed()};
    auto& gate = script_->gate(StoreCall::pin_issuance);
    gate.close();
    start(std::move(issuers));
    ASSERT_TRUE(gate.is_reached());
    bind(pin);
    gate.open();
    EXPECT_TRUE(is_made_of(issued().der, pin.to_be_signed));
    EXPECT_EQ(notes_.signed_octets, std::vector<base::Bytes>{pin.to_be_signed});
    EXPECT_EQ(stored().intent->pin, pin);
}

TEST_F(IssuancePinTest, IsNotSignedIfItHasEndedMeanwhile) {
    std::vector<Issuer> issuers;
    issuers.push_back(issuer("one", now - 1h));
    auto& gate = script_->gate(StoreCall::pin_issuance);
    gate.close();
    start(std::move(issuers));
    ASSERT_TRUE(gate.is_reached());
    {
        const std::scoped_lock lock(facts_->mutex);
        facts_->orders.at(order().id)
            .order.problem.emplace(protocol::ProblemType::server_internal, "given up");
    }
    gate.open();
    issuance_->stop(10s);
    EXPECT_TRUE(notes_.signed_octets.empty());
    EXPECT_FALSE(stored().intent->pin);
}

TEST_F(IssuancePinTest, WaitsForAnIssuerThatIsNotThere) {
    std::vector<Issuer> issuers;
    issuers.push_back(issuer("new", now - 1h));
    const auto gone = issuer("gone", now - 2h);
    bind({gone.id(), gone.draft(proved_.proof()).to_be_signed()});
    start(std::move(issuers));
    ASSERT_TRUE(
        testing::eventually([this] { return script_->count(StoreCall::find_authorizations) > 0; }));
    issuance_->stop(10s);
    EXPECT_TRUE(notes_.signed_octets.empty());
    EXPECT_FALSE(stored().completed || stored().problem);
}

// The octets in the store are not believed: they pass the lint by what is proved.
TEST_F(IssuancePinTest, SignsNothingThatTheOrderDoesNotProve) {
    std::vector<Issuer> issuers;
    issuers.push_back(issuer("one", now - 1h));
    const testing::ProvedOrder other("b.example", Profile{.name = "default", .description = ""},
                                     {now, now + 24h});
    bind({issuers.front().id(), issuers.front().draft(other.proof()).to_be_signed()});
    start(std::move(issuers));
    EXPECT_TRUE(testing::eventually([this] { return stored().problem.has_value(); }));
    EXPECT_TRUE(notes_.signed_octets.empty());
    EXPECT_FALSE(stored().completed);
}

}  // namespace
}  // namespace cairn::ca::issuance_pin_test
