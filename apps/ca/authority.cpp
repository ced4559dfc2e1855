#include "apps/ca/authority.h"

#include <algorithm>
#include <stdexcept>

#include "api/problem_response.h"
#include "apps/ca/command_linter.h"
#include "apps/ca/crl_configuration.h"
#include "apps/ca/issuer_files.h"
#include "apps/ca/policy_files.h"
#include "ca/rules/crl_names.h"
#include "ca/work/quorum_validator.h"
#include "net/url.h"
#include "pki/crl_lint.h"

namespace cairn::apps {

namespace fs = std::filesystem;

namespace {

/// Those of a CA that stands alone.
class NoPerspectives final : public ca::Perspectives {
  public:
    [[nodiscard]] std::shared_ptr<const ca::Panel> panel() const override { return panel_; }

  private:
    std::shared_ptr<const ca::Panel> panel_ = std::make_shared<ca::Panel>();
};

// A host as it stands in a URL.
std::string url_host(const std::string& host) {
    const auto address = base::IpAddress::from_lenient_text(host);
    return address ? address->to_url_host() : host;
}

std::unique_ptr<ca::Linter> make_linter(const Configuration& configuration) {
    const auto& words = configuration.policy.linter;
    if (words.empty()) return nullptr;
    return std::make_unique<CommandLinter>(words, configuration.policy.linter_timeout);
}

std::vector<crypto::PublicKey> own_keys(const ca::Issuers& issuers) {
    std::vector<crypto::PublicKey> keys;
    for (const auto& issuer : issuers.all())
        for (const auto& certificate : issuer.chain()) keys.push_back(certificate.public_key());
    return keys;
}

protocol::Directory directory_of(const Configuration& configuration, const api::Links& links) {
    protocol::Directory directory;
    if (configuration.validation.preauthorizations > 0)
        directory.new_authz = links.to(api::path::new_authorization);
    directory.subdomain_auth_allowed = configuration.validation.subdomains;
    directory.terms_of_service = configuration.directory.terms_of_service;
    directory.website = configuration.directory.website;
    directory.external_account_required = configuration.directory.external_account_required;
    directory.caa_identities = configuration.directory.caa_identities;
    for (const auto& [name, profile] : configuration.profiles)
        directory.profiles.emplace(name, profile.description);
    return directory;
}

ca::ChallengeChoices choices_of(const Configuration& configuration) {
    const auto& validation = configuration.validation;
    return {.types = validation.challenges,
            .issuer_names = validation.persist_issuers,
            .subdomains = validation.subdomains,
            .pending_preauthorizations = validation.preauthorizations};
}

// What validators are told. The links outlive whoever asks them.
ca::Inquiry::Options inquiry_of(const Configuration& configuration, const api::Links& links,
                                ca::Audit& audit) {
    return {.account_url = [&links](const ca::AccountId& id) { return links.account(id); },
            .caa_identities = configuration.directory.caa_identities,
            .issuer_names = configuration.validation.persist_issuers,
            .audit = audit};
}

// Where the limits are explained.
std::string help_of(const Configuration& configuration) {
    if (!configuration.limits.help.empty()) return configuration.limits.help;
    return configuration.server.public_url + std::string(api::path::limits);
}

// Host header values: each name or address with and without each port that clients may use.
api::FrontDoor::Options door_options(const Configuration& configuration,
                                     api::RequestObserver& observer, api::RequestRates& rates) {
    const auto url = *net::Url::from_text(configuration.server.public_url);
    std::vector<std::string> hosts{url_host(url.host())};
    for (const auto& host : configuration.server.hosts) hosts.push_back(url_host(host));
    std::vector<std::string> ports{"", ":" + std::to_string(url.port())};
    std::vector<std::string> names;
    for (const auto& listen : configuration.server.listen) {
        ports.push_back(listen.substr(listen.rfind(':')));
        names.push_back(listen);
    }
    const auto issuer_base = net::Url::from_text(configuration.issuance.issuer_base_url);
    if (issuer_base) names.push_back(issuer_base->authority());
    for (const auto& text : {configuration.crl.base_url, configuration.ocsp.base_url})
        if (const auto base_url = net::Url::from_text(text)) names.push_back(base_url->authority());
    for (const auto& host : hosts)
        for (const auto& port : ports) names.push_back(host + port);
    api::FrontDoor::Options options{.hosts = std::move(names),
                                    .terms_of_service = {},
                                    .observer = &observer,
                                    .rates = &rates,
                                    .help = help_of(configuration)};
    if (!configuration.directory.terms_of_service.empty())
        options.terms_of_service =
            "<" + configuration.directory.terms_of_service + ">;rel=\"terms-of-service\"";
    return options;
}

// The CA's own perspective together with the remote ones.
std::unique_ptr<ca::Validator> with_others(const Configuration& configuration, ca::Validator& own,
                                           const AuthorityContext& context) {
    static const NoPerspectives none;
    return std::make_unique<ca::QuorumValidator>(
        // A public CA without any does not start; what tests one all the same has none to ask.
        configuration.remote_regions().empty() ? ca::PolicyKind::private_ca
                                               : configuration.policy.kind,
        own,
        ca::QuorumValidator::Context{
            .perspectives = context.perspectives == nullptr ? none : *context.perspectives,
            .clock = context.clock,
            .log = context.log,
            .observer = context.observer});
}

}  // namespace

Authority::Authority(const Configuration& configuration, const fs::path& folder,
                     AuthorityContext context)
    : repository_(context.repository),
      log_(context.log),
      next_executor_(context.next_executor),
      links_(configuration.server.public_url, configuration.server.written_public_url),
      name_policy_(load_name_policy(configuration, folder)),
      weak_keys_(load_weak_keys(configuration, folder)),
      linter_(make_linter(configuration)),
      profiles_(*ca::Profiles::of(configuration.profiles, configuration.default_profile)),
      issuers_(load_issuers(configuration, folder, context.slow_signing, context.adapters)),
      own_validator_(
          context.adapters.make_validator(configuration, context.next_executor, context.clock)),
      validator_(with_others(configuration, *own_validator_, context)),
      limits_({.limits = configuration.limits.stored,
               .help = help_of(configuration),
               .longest_hold = configuration.limits.hold},
              context.clock, context.log, context.observer),
      request_limits_(configuration.limits.requests),
      request_rates_(request_limits_),
      registration_(
          context.repository, context.random,
          {.terms = {.url = configuration.directory.terms_of_service,
                     .change = configuration.directory.terms_change},
           .own_keys = own_keys(issuers_),
           .weak_keys = weak_keys_,
           .external_account_required = configuration.directory.external_account_required},
          limits_, context.log, context.observer),
      ordering_(context.repository, name_policy_, profiles_, issuers_, limits_, context.clock,
                context.random, registration_.terms(), context.log, choices_of(configuration)),
      validation_({.in_flight = context.validations_in_flight,
                   .retry_for = configuration.validation.retry_for,
                   .challenges = configuration.validation.challenges,
                   .inquiry = inquiry_of(configuration, links_, context.audit)},
                  context.repository, *validator_, profiles_, limits_, context.clock,
                  context.next_executor, context.announcements, context.log, context.observer),
      standing_(inquiry_of(configuration, links_, context.audit), context.repository, *validator_,
                profiles_, limits_.limits(), context.clock, context.next_executor,
                context.announcements, context.log, context.observer),
      caa_checks_(inquiry_of(configuration, links_, context.audit), *validator_, context.clock,
                  context.log),
      issuance_(context.repository, issuers_, profiles_, limits_, context.clock,
                context.clock_watch, context.random, context.next_executor, context.announcements,
                context.log, context.observer,
                {.weak_keys = weak_keys_,
                 .names = &name_policy_,
                 .linter = linter_.get(),
                 .caa = &caa_checks_}),
      own_certificate_(context.repository, profiles_, context.clock, context.random, context.log,
                       context.observer),
      revoking_(context.repository, context.clock, context.log, context.observer),
      renewal_advice_(context.repository),
      retention_(
          [this](ca::RetentionCutoffs cutoffs, std::size_t at_most) {
              return repository_.remove_expired(cutoffs, at_most);
          },
          configuration.retention, context.clock_watch, context.repository, context.log),
      ocsp_url_(ocsp_url(configuration)),
      ocsp_responder_(configuration.ocsp.lifetime, issuers_, context.repository, context.clock,
                      context.random, context.log, context.observer),
      crl_base_(crl_base(configuration)),
      crl_shards_(configuration.crl.shards),
      crl_shelf_(context.repository, context.announcements, context.log),
      crl_signing_(configuration.crl.times, issuers_, context.repository, context.clock,
                   context.slow_signing, context.announcements, context.log, context.observer),
      crl_rounds_(crl_signing_, configuration.crl.times.delay, context.clock_watch,
                  context.repository, context.log),
      gate_(links_, context.checks, context.clock, context.request_observer),
      directory_api_(links_, gate_, directory_of(configuration, links_)),
      account_api_(links_, gate_, registration_, ordering_),
      order_api_(links_, gate_, ordering_, issuance_, standing_),
      authorization_api_(links_, gate_, ordering_, validation_, standing_, context.clock,
                         {.issuer_names = configuration.validation.persist_issuers,
                          .preauthorization = configuration.validation.preauthorizations > 0}),
      certificate_api_(links_, gate_, context.repository, revoking_),
      crl_api_(crl_shelf_, context.clock),
      ocsp_api_(ocsp_responder_, context.clock),
      roots_api_(load_roots(configuration, folder)),
      limits_api_(configuration.limits.stored, configuration.limits.requests),
      renewal_api_(renewal_advice_, configuration.renewal.retry_after),
      front_door_(links_, context.nonces, make_router(),
                  door_options(configuration, context.request_observer, request_rates_)),
      plain_door_(links_, context.nonces, make_plain_router(),
                  door_options(configuration, context.request_observer, request_rates_)) {}

http::Router Authority::make_router() {
    http::Router router;
    directory_api_.add_to(router);
    account_api_.add_to(router);
    order_api_.add_to(router);
    authorization_api_.add_to(router);
    certificate_api_.add_to(router);
    crl_api_.add_to(router);
    if (!ocsp_url_.empty()) ocsp_api_.add_to(router);
    roots_api_.add_to(router);
    limits_api_.add_to(router);
    renewal_api_.add_to(router);
    return router;
}

http::Router Authority::make_plain_router() {
    http::Router router;
    certificate_api_.add_plain_to(router);
    crl_api_.add_to(router);
    roots_api_.add_to(router);
    if (!ocsp_url_.empty()) ocsp_api_.add_to(router);
    return router;
}

base::Task<http::Response> Authority::handle_plain(http::Request request) {
    const auto is_below = [&](std::string_view folder) {
        return request.path().starts_with(folder);
    };
    const bool is_question = request.path() == api::path::ocsp || is_below("/ocsp/");
    const bool is_root = request.path() == api::path::roots || is_below("/roots/");
    if (is_below("/issuer/") || is_below("/crl/") || is_root || (is_question && !ocsp_url_.empty()))
        co_return co_await plain_door_.handle(std::move(request));
    if (const auto count = plain_requests_.count_one(); count > 0)
        log_.warning("plain http on the port of https",
                     {{"remote", request.remote_address},
                      {"target", base::printable(request.target)},
                      {"count", count}});
    auto response = api::problem_response(
        {protocol::ProblemType::malformed,
         "this port speaks https, and plain http for certificates of issuers and roots and for "
         "revocation lists alone: ask for " +
             links_.to(api::path::directory),
         400});
    response.log_detail = "plain http on the port of https";
    co_return response;
}

base::Seconds Authority::longest_life(const ca::Issuer& issuer, base::Time now) const {
    base::Seconds longest{0};
    for (const auto& [name, profile] : profiles_.all())
        if (issuer.is_for(name))
            longest =
                std::max(longest, profile.longest_life(now) - profile.backdate - base::Seconds(1));
    return longest;
}

base::Task<void> Authority::prepare() {
    for (const auto& issuer : issuers_.all())
        co_await repository_.save_issuer(issuer.id(), issuer.chains());
    issuers_.name_ocsp(ocsp_url_);
    co_await name_crls();
    co_await crl_shelf_.refresh();
}

bool Authority::divides_crls(const ca::Issuer& issuer) const {
    return std::ranges::any_of(profiles_.all(), [&](const auto& entry) {
        return issuer.is_for(entry.first) &&
               entry.second.certificate.crl == pki::CertificateProfile::Crl::sharded;
    });
}

base::Task<void> Authority::name_crls() {
    std::map<ca::IssuerId, ca::Issuer::CrlNames> names;
    for (const auto& issuer : issuers_.all()) {
        if (!pki::may_sign_crls(issuer.certificate())) {
            log_.warning("an issuer may not sign revocation lists, so its certificates name none",
                         {{"issuer", issuer.name()},
                          {"reason", "the keyUsage of its certificate has no cRLSign"}});
            continue;
        }
        std::vector<std::string> urls;
        if (divides_crls(issuer)) urls = ca::shard_urls(crl_base_, issuer.id(), crl_shards_);
        auto lists = co_await repository_.add_crl_lists(issuer.id(), std::move(urls));
        lists.erase(lists.begin());
        names[issuer.id()] = {.complete = crl_base_ + ca::complete_crl_path(issuer.id()),
                              .shards = std::move(lists)};
    }
    for (const auto& state : co_await repository_.crl_states()) {
        const auto named = names.find(state.list.issuer);
        if (named != names.end()) named->second.all.push_back(state.list);
    }
    for (auto& [id, of_issuer] : names) issuers_.name_crls(id, std::move(of_issuer));
}

void Authority::start() {
    validation_.start();
    standing_.start();
    issuance_.start();
    retention_.start(next_executor_());
    crl_shelf_.start(next_executor_());
    crl_rounds_.start(next_executor_());
}

void Authority::stop(base::Milliseconds patience) {
    crl_rounds_.stop();
    crl_shelf_.stop();
    retention_.stop();
    standing_.stop(patience);
    validation_.stop(patience);
    issuance_.stop(patience);
}

}  // namespace cairn::apps
