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
    void account_changed(AccountChange change) override;
    void issued(Subject) override;
    void issuance_refused(protocol::ProblemType) override;
    void lint_refused(Lint) override;
    void limit_refused(LimitName) override;
    void limit_held(LimitName) override;
    void revoked(protocol::RevocationReason) override;
    void crl_signed(Signature outcome) override;
    void job_ended(Queue, JobEnding ending, Duration) override;
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

struct Process;

/// A problem that was thrown: its type, status and detail.
struct Refused {
    protocol::ProblemType type;
    int status;
    std::string detail;
    friend bool operator==(const Refused&, const Refused&) = default;
    friend void PrintTo(const Refused& refused, std::ostream* out);
};

/// A CA in the memory of the test. Its process can end and begin anew.
class Bench : public ::testing::Test {
  protected:
    Bench();
    ~Bench() override;

    /// Ends the process as a crash does, and begins another one on the same store.
    void restart();
    [[nodiscard]] Registration& registration();
    [[nodiscard]] Ordering& ordering();
    [[nodiscard]] Validation& validation();
    [[nodiscard]] StandingProofs& standing();
    [[nodiscard]] Issuance& issuance();
    [[nodiscard]] Revoking& revoking();
    [[nodiscard]] base::Announcements& announcements();

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
    [[nodiscard]] RequestContext just_now() const;
    [[nodiscard]] static protocol::Jwk fresh_key();
    /// An account that the store has.
    Account stored_account(protocol::Jwk key = fresh_key());
    [[nodiscard]] static protocol::NewOrderRequest for_names(const std::vector<std::string>& names);
    OrderView placed(const AccountId& account,
                     const std::vector<std::string>& names = {"www.example.org"});
    /// Makes a pending authorization valid, past the workflow of validation.
    void prove(const Authorization& proof, base::Seconds lifetime = 240h);
    /// An order whose authorizations are valid.
    OrderView ready(const AccountId& account,
                    const std::vector<std::string>& names = {"www.example.org"});
    /// The order as the store has it.
    OrderView found(const OrderId& id);
    Authorization found(const AuthorizationId& id);
    /// A certificate that was issued to `account`.
    IssuedCertificate issued(
        const AccountId& account, const std::vector<std::string>& names = {"www.example.org"},
        const crypto::PrivateKey& key = crypto::PrivateKey::generate(crypto::KeyType::ec_p256));
    /// The CA's issuer, for this use.
    Issuers issuer_for(Issuer::Use use);
    [[nodiscard]] static protocol::FinalizeRequest csr_for(
        const std::vector<std::string>& names = {"www.example.org"},
        const crypto::PrivateKey& key = crypto::PrivateKey::generate(crypto::KeyType::ec_p256));

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
    Process& process();
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
    std::unique_ptr<Process> process_;
};

}  // namespace cairn::ca::testing
