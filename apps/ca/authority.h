#pragma once

#include <filesystem>
#include <functional>
#include <memory>

#include "api/account_api.h"
#include "api/authorization_api.h"
#include "api/certificate_api.h"
#include "api/crl_api.h"
#include "api/directory_api.h"
#include "api/front_door.h"
#include "api/limits_api.h"
#include "api/ocsp_api.h"
#include "api/order_api.h"
#include "api/renewal_api.h"
#include "api/roots_api.h"
#include "apps/ca/adapters.h"
#include "apps/ca/configuration.h"
#include "base/log.h"
#include "base/rare_report.h"
#include "ca/ports/audit.h"
#include "ca/ports/linter.h"
#include "ca/ports/nonces.h"
#include "ca/ports/perspectives.h"
#include "ca/ports/request_checks.h"
#include "ca/rules/policy.h"
#include "ca/work/caa_checks.h"
#include "ca/work/clock_watch.h"
#include "ca/work/crl_rounds.h"
#include "ca/work/crl_shelf.h"
#include "ca/work/crl_signing.h"
#include "ca/work/issuance.h"
#include "ca/work/issuer.h"
#include "ca/work/ocsp_responder.h"
#include "ca/work/ordering.h"
#include "ca/work/own_certificate.h"
#include "ca/work/rate_limits.h"
#include "ca/work/registration.h"
#include "ca/work/renewal_advice.h"
#include "ca/work/retention_rounds.h"
#include "ca/work/revocation.h"
#include "ca/work/standing_proofs.h"
#include "ca/work/validation.h"
#include "crypto/weak_keys.h"

namespace cairn::apps {

/// What outlives a reload of the configuration.
struct AuthorityContext {
    const Adapters& adapters;
    ca::Repository& repository;
    ca::Nonces& nonces;
    ca::RequestChecks& checks;
    base::Announcements& announcements;
    const base::Clock& clock;
    const ca::ClockWatch& clock_watch;
    crypto::Random& random;
    base::Log& log;
    std::function<base::Executor()> next_executor;
    /// Where signatures are made that take long.
    base::Executor slow_signing;
    std::size_t validations_in_flight = ca::Validation::Options().in_flight;
    ca::Observer& observer = ca::deaf_observer();
    api::RequestObserver& request_observer = api::deaf_request_observer();
    ca::Audit& audit = ca::forgetful_audit();
    /// Remote perspectives; null: there are none, and nobody asks for them.
    const ca::Perspectives* perspectives = nullptr;
};

/// The CA as one configuration makes it: rules, keys, workflows and their HTTP face, wired
/// together. A reload makes another one and lets this one finish its requests and jobs.
class Authority {
  public:
    /// Reads chains and keys of the issuers from `folder`. Throws std::runtime_error naming what is
    /// wrong.
    Authority(const Configuration& configuration, const std::filesystem::path& folder,
              AuthorityContext context);

    /// Saves the issuers' chains and names their revocation lists; before anything is issued.
    [[nodiscard]] base::Task<void> prepare();
    /// Starts the unfinished jobs of the store, and the removal of expired objects.
    void start();
    void stop(base::Milliseconds patience);

    /// For TLS connections.
    [[nodiscard]] base::Task<http::Response> handle(http::Request request) const {
        return front_door_.handle(std::move(request));
    }
    /// For plain http: issuers' certificates, roots, revocation lists, and nothing else. Who asks
    /// for more is told that this port speaks https.
    [[nodiscard]] base::Task<http::Response> handle_plain(http::Request request);

    /// For what neither of them gets to see.
    [[nodiscard]] http::Response refuse(const http::Request& understood,
                                        const http::Refusal& refusal) const {
        return front_door_.refuse(understood, refusal);
    }

    /// For the certificate of the server itself.
    [[nodiscard]] ca::OwnCertificate& own_certificate() { return own_certificate_; }
    [[nodiscard]] const ca::Issuers& issuers() const { return issuers_; }
    [[nodiscard]] const ca::Profiles& profiles() const { return profiles_; }
    /// The revocation lists that are served.
    [[nodiscard]] const ca::CrlShelf& crls() const { return crl_shelf_; }
    [[nodiscard]] const ca::Limits& limits() const { return limits_.limits(); }
    [[nodiscard]] const ca::RequestLimits& request_limits() const { return request_limits_; }
    /// How far ahead the longest of what `issuer` issues now ends, unless its chain ends sooner.
    [[nodiscard]] base::Seconds longest_life(const ca::Issuer& issuer, base::Time now) const;

  private:
    /// Has the store make the lists of each issuer, and tells the issuers what they are called.
    base::Task<void> name_crls();
    /// Whether what the issuer issues is divided among shards.
    [[nodiscard]] bool divides_crls(const ca::Issuer& issuer) const;
    [[nodiscard]] http::Router make_router();
    [[nodiscard]] http::Router make_plain_router();

    ca::Repository& repository_;
    base::Log& log_;
    base::RareReport plain_requests_;
    std::function<base::Executor()> next_executor_;
    api::Links links_;
    ca::NamePolicy name_policy_;
    std::shared_ptr<const crypto::WeakKeys> weak_keys_;
    std::unique_ptr<ca::Linter> linter_;
    ca::Profiles profiles_;
    ca::Issuers issuers_;
    std::unique_ptr<ca::Validator> own_validator_;
    std::unique_ptr<ca::Validator> validator_;
    ca::RateLimits limits_;
    const ca::RequestLimits request_limits_;
    api::RequestRates request_rates_;
    ca::Registration registration_;
    ca::Ordering ordering_;
    ca::Validation validation_;
    ca::StandingProofs standing_;
    ca::CaaChecks caa_checks_;
    ca::Issuance issuance_;
    ca::OwnCertificate own_certificate_;
    ca::Revoking revoking_;
    ca::RenewalAdvice renewal_advice_;
    ca::RetentionRounds retention_;
    /// Empty: status cannot be asked for.
    const std::string ocsp_url_;
    ca::OcspResponder ocsp_responder_;
    const std::string crl_base_;
    const std::size_t crl_shards_;
    ca::CrlShelf crl_shelf_;
    ca::CrlSigning crl_signing_;
    ca::CrlRounds crl_rounds_;
    api::JwsGate gate_;
    api::DirectoryApi directory_api_;
    api::AccountApi account_api_;
    api::OrderApi order_api_;
    api::AuthorizationApi authorization_api_;
    api::CertificateApi certificate_api_;
    api::CrlApi crl_api_;
    api::OcspApi ocsp_api_;
    api::RootsApi roots_api_;
    api::LimitsApi limits_api_;
    api::RenewalApi renewal_api_;
    api::FrontDoor front_door_;
    api::FrontDoor plain_door_;
};

}  // namespace cairn::apps
