#include "ca/testing/bench.h"

namespace cairn::ca::testing {

void Tally::account_changed(AccountChange change) {
    ++changes.at(static_cast<std::size_t>(change));
}
void Tally::issued(Subject) {
    ++certificates;
}
void Tally::issuance_refused(protocol::ProblemType) {
    ++refusals;
}
void Tally::lint_refused(Lint) {
    ++lints;
}
void Tally::limit_refused(LimitName) {
    ++limits_refused;
}
void Tally::limit_held(LimitName) {
    ++limits_held;
}
void Tally::revoked(protocol::RevocationReason) {
    ++revocations;
}
void Tally::crl_signed(Signature outcome) {
    if (outcome != Signature::done) ++crl_failures;
}
void Tally::job_ended(Queue, JobEnding ending, Duration) {
    ++endings.at(static_cast<std::size_t>(ending));
}

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

void PrintTo(const Refused& refused, std::ostream* out) {
    *out << to_string(refused.type) << " " << refused.status << " \"" << refused.detail << '"';
}

Bench::Bench() {
    watch.begin(std::nullopt);
}

Bench::~Bench() = default;

void Bench::restart() {
    process_.reset();
    process_ = std::make_unique<Process>(loop, repository, validator, issuers, profiles, policy,
                                         clock, watch, random, *log, tally, registration_options,
                                         validation_options, issuance_options, challenge_choices,
                                         limit_options);
}

Registration& Bench::registration() {
    return process().registration;
}

Ordering& Bench::ordering() {
    return process().ordering;
}

Validation& Bench::validation() {
    return process().validation;
}

StandingProofs& Bench::standing() {
    return process().standing;
}

Issuance& Bench::issuance() {
    return process().issuance;
}

Revoking& Bench::revoking() {
    return process().revoking;
}

base::Announcements& Bench::announcements() {
    return process().announcements;
}

RequestContext Bench::just_now() const {
    return {.request = "r1", .received = std::chrono::steady_clock::now(), .time = clock.now()};
}

protocol::Jwk Bench::fresh_key() {
    return protocol::Jwk::of(crypto::PrivateKey::generate(crypto::KeyType::ec_p256).public_key());
}

Account Bench::stored_account(protocol::Jwk key) {
    protocol::NewAccountRequest request;
    request.terms_of_service_agreed = true;
    return await(registration().register_account(request, std::move(key), new_account_url,
                                                 just_now()))
        .account;
}

protocol::NewOrderRequest Bench::for_names(const std::vector<std::string>& names) {
    protocol::NewOrderRequest request;
    for (const auto& name : names)
        request.identifiers.push_back(protocol::Identifier::dns(name).value());
    return request;
}

OrderView Bench::placed(const AccountId& account, const std::vector<std::string>& names) {
    return await(ordering().place(facts->accounts.at(account), for_names(names), just_now()));
}

void Bench::prove(const Authorization& proof, base::Seconds lifetime) {
    const ValidationAttempt attempt{
        .method = proof.offered.at(0), .started = clock.now(), .finished = clock.now()};
    auto finishing = repository.finish_validation(proof.id, attempt, clock.now() + lifetime, {});
    ASSERT_TRUE(await(std::move(finishing)).is_recorded);
}

OrderView Bench::ready(const AccountId& account, const std::vector<std::string>& names) {
    const auto view = placed(account, names);
    for (const auto& proof : view.proofs)
        if (proof.status(clock.now()) == protocol::AuthorizationStatus::pending) prove(proof);
    return found(view.order.id);
}

OrderView Bench::found(const OrderId& id) {
    return await(ordering().find(id)).value();
}

Authorization Bench::found(const AuthorizationId& id) {
    return await(repository.find_authorization(id)).value();
}

IssuedCertificate Bench::issued(const AccountId& account, const std::vector<std::string>& names,
                                const crypto::PrivateKey& key) {
    const auto view =
        await(issuance().finalize(ready(account, names), csr_for(names, key), just_now(), 10s));
    return await(repository.find_certificate(view.order.intent.value().serial)).value();
}

Issuers Bench::issuer_for(Issuer::Use use) {
    pki::Chain chain{
        pki::make_root_certificate({.serial = pki::SerialNumber::random(random),
                                    .validity = {start_time - 24h, start_time + 24h * 1000},
                                    .common_name = "Example Issuer",
                                    .organization = {},
                                    .path_length = 0},
                                   issuer_key)};
    std::vector<Issuer> all;
    all.emplace_back("first", std::move(chain), std::make_unique<FakeSigner>(issuer_key, signer),
                     "http://ca.example/issuer", std::move(use));
    return Issuers(std::move(all));
}

protocol::FinalizeRequest Bench::csr_for(const std::vector<std::string>& names,
                                         const crypto::PrivateKey& key) {
    pki::SubjectNames subject;
    subject.dns_names = names;
    return {pki::make_csr(key, subject)};
}

Process& Bench::process() {
    if (!process_) restart();
    return *process_;
}

}  // namespace cairn::ca::testing
