#include "ca/issuance.h"

#include <algorithm>

#include "ca/order_rules.h"
#include "crypto/digest.h"
#include "pki/csr.h"
#include "protocol/jwk.h"

namespace cairn::ca {

using protocol::OrderStatus;
using protocol::Problem;
using protocol::ProblemType;

namespace {

base::Task<std::vector<std::string>> unfinished(OrderStore& store, std::size_t limit) {
    std::vector<std::string> ids;
    for (const auto& id : co_await store.unfinished_issuances(limit)) ids.push_back(id.to_string());
    co_return ids;
}

// The first few of `findings`, and how many more there are.
template <class Findings, class Text>
std::string joined(const Findings& findings, Text text) {
    constexpr std::size_t most = 5;
    std::string result;
    std::size_t count = 0;
    for (const auto& finding : findings) {
        if (++count > most) continue;
        if (!result.empty()) result += "; ";
        result += text(finding);
    }
    if (count > most) result += "; and " + std::to_string(count - most) + " more";
    return result;
}

pki::Csr require_csr(const base::Bytes& der, const Order& order) {
    auto csr = pki::Csr::from_der(der);
    if (!csr) {
        throw Problem(ProblemType::bad_csr,
                      "the CSR is refused: " + joined(csr.error(), [](const base::Error& error) {
                          return error.message;
                      }));
    }
    if (const auto findings = csr_findings(*csr, order); !findings.empty()) {
        throw Problem(ProblemType::bad_csr,
                      "the CSR is refused: " +
                          joined(findings, [](const std::string& finding) { return finding; }));
    }
    return std::move(*csr);
}

}  // namespace

Issuance::Issuance(Repository& repository, Signer& signer, const Profiles& profiles,
                   const base::Clock& clock, crypto::Random& random,
                   std::function<base::Executor()> next_executor,
                   base::Announcements& announcements, base::Log& log, Observer& observer)
    : repository_(repository),
      signer_(signer),
      profiles_(profiles),
      clock_(clock),
      random_(random),
      announcements_(announcements),
      log_(log),
      observer_(observer),
      queue_(
          {.name = "issuance", .queue = Observer::Queue::issuance, .parallel = 64},
          std::move(next_executor),
          [this](std::string id, Cause cause) {
              return carry_out(*OrderId::from_text(id), std::move(cause));
          },
          [this](std::string id) { return give_up(*OrderId::from_text(id)); },
          [this](std::size_t limit) { return unfinished(repository_, limit); }, log, observer) {}

void Issuance::start() {
    queue_.start();
}
void Issuance::stop(base::Milliseconds patience) {
    queue_.stop(patience);
}

IssuerId Issuance::issuer() const {
    return crypto::sha256(signer_.chain().front().der());
}

base::Task<void> Issuance::finalize(OrderView view, protocol::FinalizeRequest request,
                                    Cause cause) {
    const auto& order = view.order;
    const auto status = view.status();
    if (order.intent && order.intent->csr == request.csr && status != OrderStatus::invalid)
        co_return;  // the same request again: it is under way or done
    if (status != OrderStatus::ready)
        throw Problem(ProblemType::order_not_ready,
                      "the order is " + std::string(to_string(status)) + ", not ready");
    const auto* profile = profiles_.find(order.profile);
    if (profile == nullptr)
        throw Problem(ProblemType::invalid_profile,
                      "profile \"" + order.profile + "\" is not offered any more");

    const auto csr = require_csr(request.csr, order);
    co_await require_usable_key(csr.public_key());

    const auto now = clock_.now();
    if (auto refusal = validity_refusal(order.not_before, order.not_after, *profile, now))
        throw std::move(*refusal);
    const auto issuer_not_after = signer_.chain().front().not_after();
    IssuanceIntent intent{.begun = now,
                          .csr = std::move(request.csr),
                          .serial = pki::SerialNumber::random(random_),
                          .validity = validity_for(order, *profile, issuer_not_after, now)};
    if (auto refusal = intent_refusal(intent, issuer_not_after, now)) throw std::move(*refusal);
    const bool begun = co_await repository_.begin_issuance(order.id, std::move(intent));
    if (!begun) throw Problem(ProblemType::order_not_ready, "the order is being finalized already");
    queue_.submit(order.id.to_string(), std::move(cause));
}

base::Task<void> Issuance::carry_out(OrderId id, Cause cause) {
    const auto order = co_await repository_.find_order(id);
    if (!order || !order->intent || order->completed || order->problem) co_return;

    const auto proofs = co_await repository_.find_authorizations(order->authorizations);
    const auto account = co_await repository_.find_account(order->account);
    const auto* profile = profiles_.find(order->profile);

    std::optional<Problem> problem;
    std::optional<IssuanceProof> proof;
    if (!account || account->deactivated) {
        problem.emplace(ProblemType::unauthorized, "the account was deactivated");
    } else if (profile == nullptr) {
        problem.emplace(ProblemType::invalid_profile, "the profile is not offered any more");
    } else {
        // Asked again: between finalize and now may lie an outage or a change of issuer.
        problem = intent_refusal(*order->intent, signer_.chain().front().not_after(), clock_.now());
        auto result = IssuanceProof::of(*order, proofs, *profile);
        if (!result)
            problem = std::move(result.error());
        else if (!problem)
            proof.emplace(std::move(*result));
    }
    if (proof && co_await repository_.is_key_blocked(crypto::sha256(proof->public_key().spki()))) {
        problem.emplace(ProblemType::bad_csr, "the key became known as compromised meanwhile");
    }
    if (problem) {
        log_.warning(
            "issuance refused",
            {{"request", cause.request}, {"order", id.to_string()}, {"detail", problem->detail}});
        observer_.issuance_refused(problem->type);
        co_await repository_.fail_issuance(id, std::move(*problem));
        announcements_.announce(id.to_string());
        co_return;
    }

    const auto certificate = co_await sign(std::move(*proof));
    const bool completed =
        co_await repository_.complete_issuance(id, stored(certificate, order->account, id));
    if (completed) {
        observer_.issued(Observer::Subject::order);
        log_.info(
            "issued",
            {{"request", cause.request},
             {"order", id.to_string()},
             {"account", order->account.to_string()},
             {"serial", certificate.serial().to_hex()},
             {"names", joined(order->identifiers, [](const auto& name) { return name.value(); })},
             {"not_after", base::to_rfc3339(certificate.not_after())}});
    }
    announcements_.announce(id.to_string());
}

base::Task<pki::Certificate> Issuance::sign(IssuanceProof proof) {
    const auto begun = std::chrono::steady_clock::now();
    const auto key = signer_.chain().front().public_key().algorithm();
    const auto tell = [&](Observer::Signature outcome) {
        observer_.signature_ended("intermediate", key, outcome,
                                  std::chrono::steady_clock::now() - begun);
    };
    try {
        auto certificate = co_await signer_.sign(std::move(proof));
        tell(Observer::Signature::done);
        co_return certificate;
    } catch (...) {
        tell(Observer::Signature::failed);
        throw;
    }
}

base::Task<void> Issuance::give_up(OrderId id) {
    Problem problem(ProblemType::server_internal, "the CA could not issue the certificate");
    co_await repository_.fail_issuance(id, std::move(problem));
    observer_.issuance_refused(ProblemType::server_internal);
    announcements_.announce(id.to_string());
}

base::Task<pki::Certificate> Issuance::issue_own_certificate(
    std::vector<protocol::Identifier> names, crypto::PublicKey key, base::Seconds validity) {
    const auto now = clock_.now();
    const auto not_before = now - profiles_.find("")->backdate;
    auto proof = IssuanceProof::for_own_server(
        names, std::move(key), pki::SerialNumber::random(random_),
        {not_before,
         std::min(not_before + validity - base::Seconds(1), signer_.chain().front().not_after())});
    auto certificate = co_await sign(std::move(proof));
    co_await repository_.add_certificate(stored(certificate, std::nullopt, std::nullopt));
    observer_.issued(Observer::Subject::own_server);
    log_.info("issued own certificate", {{"serial", certificate.serial().to_hex()},
                                         {"not_after", base::to_rfc3339(certificate.not_after())}});
    co_return certificate;
}

base::Task<void> Issuance::require_usable_key(crypto::PublicKey key) {
    if (co_await repository_.is_key_blocked(crypto::sha256(key.spki())))
        throw Problem(ProblemType::bad_csr,
                      "the CSR is refused: its key is known to be compromised");
    // RFC 8555 section 11.1: no certificate for the key of any account.
    const auto thumbprint = protocol::Jwk::of(key).thumbprint();
    if (co_await repository_.find_account_by_key(thumbprint))
        throw Problem(ProblemType::bad_csr, "the CSR is refused: its key is an account's key");
}

IssuedCertificate Issuance::stored(const pki::Certificate& certificate,
                                   std::optional<AccountId> account,
                                   std::optional<OrderId> order) const {
    return {.serial = certificate.serial(),
            .der = certificate.der(),
            .issuer = issuer(),
            .key = crypto::sha256(certificate.public_key().spki()),
            .not_after = certificate.not_after(),
            .account = account,
            .order = order,
            .issued = clock_.now(),
            .revocation = std::nullopt};
}

}  // namespace cairn::ca
