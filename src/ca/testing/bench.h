#pragma once
// Private to the tests of ca and api: everything that the CA's workflows stand on, without a disk,
// a network or a clock that runs.

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/log.h"
#include "ca/rules/policy.h"
#include "ca/rules/profile.h"
#include "ca/testing/event_loop.h"
#include "ca/testing/fake_signer.h"
#include "ca/testing/fake_validator.h"
#include "ca/testing/memory_repository.h"
#include "ca/work/clock_watch.h"
#include "ca/work/issuance.h"
#include "ca/work/issuer.h"
#include "ca/work/ordering.h"
#include "ca/work/rate_limits.h"
#include "ca/work/registration.h"
#include "ca/work/revocation.h"
#include "ca/work/standing_proofs.h"
#include "ca/work/validation.h"
#include "pki/csr.h"

namespace cairn::ca::testing {

using namespace std::chrono_literals;

/// When the tests begin.
inline constexpr base::Time start_time{base::Seconds{1'800'000'000}};

/// Where accounts are asked for.
inline const std::string new_account_url = "https://ca.example/acme/new-account";

/// What the observer was told, by number.
class Tally final : public Observer {
  public:
    void account_changed(AccountChange change) override {
        ++changes.at(static_cast<std::size_t>(change));
    }
    void issued(Subject) override { ++certificates; }
    void issuance_refused(protocol::ProblemType) override { ++refusals; }
    void lint_refused(Lint) override { ++lints; }
    void limit_refused(LimitName) override { ++limits_refused; }
    void limit_held(LimitName) override { ++limits_held; }
    void revoked(protocol::RevocationReason) override { ++revocations; }
    void crl_signed(Signature outcome) override {
        if (outcome != Signature::done) ++crl_failures;
    }
    void job_ended(Queue, JobEnding ending, Duration) override {
        ++endings.at(static_cast<std::size_t>(ending));
    }
    [[nodiscard]] int count(AccountChange change) const {
        return changes.at(static_cast<std::size_t>(change));
    }
    [[nodiscard]] int count(JobEnding ending) const {
        return endings.at(static_cast<std::size_t>(ending));
    }

    std::atomic<int> certificates = 0, refusals = 0, revocations = 0, lints = 0, limits_refused = 0,
                     limits_held = 0, crl_failures = 0;

  private:
    std::array<std::atomic<int>, 4> changes{};
    std::array<std::atomic<int>, 3> endings{};
};

/// The workflows of one process of the CA, on a store that outlives them.
struct Process {
    Process(EventLoop& loop, Repository& repository, Validator& validator, const Issuers& issuers,
            const Profiles& profiles, const NamePolicy& policy, const base::Clock& clock,
            const ClockWatch& clock_watch, crypto::Random& random, base::Log& log,
            Observer& observer, Registration::Options registration_options,
            Validation::Options validation_options, Issuance::Options issuance_options,
            ChallengeChoices choices, RateLimits::Options limit_options)
        : limits(std::move(limit_options), clock, log, observer),
          registration(repository, random, std::move(registration_options), limits, log, observer),
          ordering(repository, policy, profiles, issuers, limits, clock, random,
                   registration.terms(), log, std::move(choices)),
          validation(
              validation_options, repository, validator, profiles, limits, clock,
              [&loop] { return loop.executor(); }, announcements, log, observer),
          standing(
              validation_options.inquiry, repository, validator, profiles, limits.limits(), clock,
              [&loop] { return loop.executor(); }, announcements, log, observer),
          issuance(
              repository, issuers, profiles, limits, clock, clock_watch, random,
              [&loop] { return loop.executor(); }, announcements, log, observer,
              std::move(issuance_options)),
          revoking(repository, clock, log, observer) {}

    base::Announcements announcements;
    RateLimits limits;
    Registration registration;
    Ordering ordering;
    Validation validation;
    StandingProofs standing;
    Issuance issuance;
    Revoking revoking;
};

/// A problem that was thrown: its type, status and detail.
struct Refused {
    protocol::ProblemType type;
    int status;
    std::string detail;
    friend bool operator==(const Refused&, const Refused&) = default;
    friend void PrintTo(const Refused& refused, std::ostream* out) {
        *out << to_string(refused.type) << " " << refused.status << " \"" << refused.detail << '"';
    }
};

/// A CA in the memory of the test. Its process can end and begin anew.
class Bench : public ::testing::Test {
  protected:
    Bench() { watch.begin(std::nullopt); }

    /// Ends the process as a crash does, and begins another one on the same store.
    void restart() {
        process_.reset();
        process_.emplace(loop, repository, validator, issuers, profiles, policy, clock, watch,
                         random, *log, tally, registration_options, validation_options,
                         issuance_options, challenge_choices, limit_options);
    }
    [[nodiscard]] Registration& registration() { return process().registration; }
    [[nodiscard]] Ordering& ordering() { return process().ordering; }
    [[nodiscard]] Validation& validation() { return process().validation; }
    [[nodiscard]] StandingProofs& standing() { return process().standing; }
    [[nodiscard]] Issuance& issuance() { return process().issuance; }
    [[nodiscard]] Revoking& revoking() { return process().revoking; }
    [[nodiscard]] base::Announcements& announcements() { return process().announcements; }

    template <class T>
    T await(base::Task<T> task) {
        return loop.await(std::move(task));
    }
    /// The problem that `task` throws; anything else fails the test.
    template <class T>
    Refused refusal(base::Task<T> task) {
        return refusal_of<T>([&] { return loop.await(std::move(task)); });
    }
    template <class T>
    Refused refusal(std::future<T> started) {
        return refusal_of<T>([&] { return EventLoop::result(std::move(started)); });
    }

    /// A context whose facts may be handed over: the request has just come.
    [[nodiscard]] RequestContext just_now() const {
        return {.request = "r1", .received = std::chrono::steady_clock::now(), .time = clock.now()};
    }
    [[nodiscard]] static protocol::Jwk fresh_key() {
        return protocol::Jwk::of(
            crypto::PrivateKey::generate(crypto::KeyType::ec_p256).public_key());
    }
    /// An account that the store has.
    Account stored_account(protocol::Jwk key = fresh_key()) {
        protocol::NewAccountRequest request;
        request.terms_of_service_agreed = true;
        return await(registration().register_account(request, std::move(key), new_account_url,
                                                     just_now()))
            .account;
    }
    [[nodiscard]] static protocol::NewOrderRequest for_names(
        const std::vector<std::string>& names) {
        protocol::NewOrderRequest request;
        for (const auto& name : names)
            request.identifiers.push_back(protocol::Identifier::dns(name).value());
        return request;
    }
    OrderView placed(const AccountId& account,
                     const std::vector<std::string>& names = {"www.example.org"}) {
        return await(ordering().place(facts->accounts.at(account), for_names(names), just_now()));
    }
    /// Makes a pending authorization valid, past the workflow of validation.
    void prove(const Authorization& proof, base::Seconds lifetime = 240h) {
        const ValidationAttempt attempt{
            .method = proof.offered.at(0), .started = clock.now(), .finished = clock.now()};
        auto finishing =
            repository.finish_validation(proof.id, attempt, clock.now() + lifetime, {});
        ASSERT_TRUE(await(std::move(finishing)).is_recorded);
    }
    /// An order whose authorizations are valid.
    OrderView ready(const AccountId& account,
                    const std::vector<std::string>& names = {"www.example.org"}) {
        const auto view = placed(account, names);
        for (const auto& proof : view.proofs)
            if (proof.status(clock.now()) == protocol::AuthorizationStatus::pending) prove(proof);
        return found(view.order.id);
    }
    /// The order as the store has it.
    OrderView found(const OrderId& id) { return await(ordering().find(id)).value(); }
    Authorization found(const AuthorizationId& id) {
        return await(repository.find_authorization(id)).value();
    }
    /// A certificate that was issued to `account`.
    IssuedCertificate issued(
        const AccountId& account, const std::vector<std::string>& names = {"www.example.org"},
        const crypto::PrivateKey& key = crypto::PrivateKey::generate(crypto::KeyType::ec_p256)) {
        const auto view =
            await(issuance().finalize(ready(account, names), csr_for(names, key), just_now(), 10s));
        return await(repository.find_certificate(view.order.intent.value().serial)).value();
    }
    /// The CA's issuer, for this use.
    Issuers issuer_for(Issuer::Use use) {
        pki::Chain chain{
            pki::make_root_certificate({.serial = pki::SerialNumber::random(random),
                                        .validity = {start_time - 24h, start_time + 24h * 1000},
                                        .common_name = "Example Issuer",
                                        .organization = {},
                                        .path_length = 0},
                                       issuer_key)};
        std::vector<Issuer> all;
        all.emplace_back("first", std::move(chain),
                         std::make_unique<FakeSigner>(issuer_key, signer),
                         "http://ca.example/issuer", std::move(use));
        return Issuers(std::move(all));
    }
    [[nodiscard]] static protocol::FinalizeRequest csr_for(
        const std::vector<std::string>& names = {"www.example.org"},
        const crypto::PrivateKey& key = crypto::PrivateKey::generate(crypto::KeyType::ec_p256)) {
        pki::SubjectNames subject;
        subject.dns_names = names;
        return {pki::make_csr(key, subject)};
    }

    /// First of all: what runs on it must have ended before it goes.
    EventLoop loop;
    std::shared_ptr<MemoryFacts> facts = std::make_shared<MemoryFacts>();
    std::shared_ptr<StoreScript> script = std::make_shared<StoreScript>();
    MemoryRepository repository{facts, script};
    base::ManualClock clock{start_time};
    /// What the clock watch reads; as much ahead as a test says.
    std::atomic<base::Seconds> clock_error{base::Seconds(0)};
    ClockWatch watch{{}, [this] {
                         return base::ClockReading{clock.now() + clock_error.load(),
                                                   clock.now() - (start_time - 1h)};
                     }};
    crypto::SystemRandom random;
    std::unique_ptr<base::Log> log = base::silent_log();
    Tally tally;
    FakeValidator validator;
    std::shared_ptr<SignerScript> signer = std::make_shared<SignerScript>();
    crypto::PrivateKey issuer_key = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    Issuers issuers = issuer_for({});
    Profiles profiles =
        Profiles::of({{"default", Profile{.name = "default", .description = {}}}}, "default")
            .value();
    NamePolicy policy{{}};
    /// What the next process is started with.
    Registration::Options registration_options;
    Validation::Options validation_options;
    Issuance::Options issuance_options;
    ChallengeChoices challenge_choices;
    RateLimits::Options limit_options;

  private:
    Process& process() {
        if (!process_) restart();
        return *process_;
    }
    template <class T, class Run>
    static Refused refusal_of(Run run) {
        try {
            (void)run();
        } catch (const protocol::Problem& problem) {
            return {problem.type, problem.status, problem.detail};
        }
        ADD_FAILURE() << "nothing was refused";
        return {protocol::ProblemType::unknown, 0, {}};
    }
    std::optional<Process> process_;
};

}  // namespace cairn::ca::testing
