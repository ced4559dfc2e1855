#include "apps/ca/authority.h"

#include <algorithm>
#include <stdexcept>

#include "api/problem_response.h"
#include "apps/ca/command_linter.h"
#include "apps/ca/files.h"
#include "apps/ca/policy_files.h"
#include "crypto/digest.h"
#include "net/url.h"
#include "pki/chain.h"

namespace cairn::apps {

namespace fs = std::filesystem;

namespace {

// What an error in `pki/` means to the operator.
template <class T>
T require(base::Result<T> result, const fs::path& path) {
    if (!result) throw std::runtime_error(path.string() + ": " + result.error().message);
    return std::move(*result);
}

// A host as it stands in a URL.
std::string url_host(const std::string& host) {
    const auto address = base::IpAddress::from_lenient_text(host);
    return address ? address->to_url_host() : host;
}

std::string issuer_url(const Configuration& configuration, const pki::Certificate& issuer) {
    std::string url_base = configuration.issuance.issuer_base_url;
    if (url_base.empty()) {
        // The same port speaks plain HTTP for this purpose, whatever number it has.
        const auto url = *net::Url::from_text(configuration.server.public_url);
        url_base = "http://" + url_host(url.host()) +
                   (url.port() == 80 ? "" : ":" + std::to_string(url.port()));
    }
    while (url_base.ends_with('/')) url_base.pop_back();
    return url_base + "/issuer/" + base::to_hex(crypto::sha256(issuer.der()));
}

ca::Issuer load_issuer(const std::string& name, const Configuration& configuration,
                       const fs::path& folder, const base::Executor& slow_signing,
                       const Adapters& adapters) {
    const auto& wanted = configuration.issuers.at(name);
    const auto chain_path = folder / wanted.certificate;
    const auto key_path = folder / wanted.key;
    auto chain = require(pki::chain_from_pem(read_file(chain_path)), chain_path);
    std::vector<pki::Chain> other_chains;
    for (const auto& file : wanted.alternate_chains)
        other_chains.push_back(
            require(pki::chain_from_pem(read_file(folder / file)), folder / file));
    auto key = require(crypto::PrivateKey::from_pem(read_file(key_path)), key_path);
    auto url = issuer_url(configuration, chain.front());
    try {
        return {
            name,           std::move(chain), adapters.make_signer(std::move(key), slow_signing),
            std::move(url), wanted.use,       std::move(other_chains)};
    } catch (const std::invalid_argument& error) {
        auto files = chain_path.string() + ", " + key_path.string();
        for (const auto& file : wanted.alternate_chains) files += ", " + (folder / file).string();
        throw std::runtime_error(std::string(error.what()) + " (" + files + ")");
    }
}

std::unique_ptr<ca::Linter> make_linter(const Configuration& configuration) {
    const auto& words = configuration.policy.linter;
    if (words.empty()) return nullptr;
    return std::make_unique<CommandLinter>(words, configuration.policy.linter_timeout);
}

// Throws if nothing that the issuer makes of the profile could be accepted.
void require_use(const ca::Issuer& issuer, const ca::Profile& profile) {
    if (!issuer.is_for(profile.name)) return;
    for (const auto purpose : profile.certificate.purposes)
        if (!issuer.permits(purpose))
            throw std::runtime_error(
                "issuer " + issuer.name() + ": the extendedKeyUsage of its chain forbids " +
                std::string(to_string(purpose)) + ", which certificates of profile " +
                profile.name +
                " have; change the profile's extended_key_usage, or name the profiles of the "
                "issuer and give this one another");
    if (profile.certificate.common_name && !issuer.permits_common_name())
        throw std::runtime_error(
            "issuer " + issuer.name() +
            ": the name constraints of its chain forbid subjects with a common name, as profile " +
            profile.name +
            " makes them; set its common_name to false, or name the profiles of the issuer");
}

ca::Issuers load_issuers(const Configuration& configuration, const fs::path& folder,
                         const base::Executor& slow_signing, const Adapters& adapters) {
    std::vector<ca::Issuer> issuers;
    for (const auto& [name, wanted] : configuration.issuers)
        issuers.push_back(load_issuer(name, configuration, folder, slow_signing, adapters));
    for (const auto& issuer : issuers)
        for (const auto& [name, profile] : configuration.profiles) require_use(issuer, profile);
    try {
        return ca::Issuers(std::move(issuers));
    } catch (const std::invalid_argument& error) {
        throw std::runtime_error(error.what());
    }
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
ca::Inquiry::Options inquiry_of(const Configuration& configuration, const api::Links& links) {
    return {.account_url = [&links](const ca::AccountId& id) { return links.account(id); },
            .caa_identities = directory_of(configuration, links).caa_identities,
            .issuer_names = configuration.validation.persist_issuers};
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
      validator_(
          context.adapters.make_validator(configuration, context.next_executor, context.clock)),
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
                   .inquiry = inquiry_of(configuration, links_)},
                  context.repository, *validator_, profiles_, limits_, context.clock,
                  context.next_executor, context.announcements, context.log, context.observer),
      standing_(inquiry_of(configuration, links_), context.repository, *validator_, profiles_,
                limits_.limits(), context.clock, context.next_executor, context.announcements,
                context.log, context.observer),
      issuance_(context.repository, issuers_, profiles_, limits_, context.clock,
                context.clock_watch, context.random, context.next_executor, context.announcements,
                context.log, context.observer,
                {.weak_keys = weak_keys_, .names = &name_policy_, .linter = linter_.get()}),
      own_certificate_(context.repository, profiles_, context.clock, context.random, context.log,
                       context.observer),
      revoking_(context.repository, context.clock, context.log, context.observer),
      renewal_advice_(context.repository),
      retention_(
          [this](ca::RetentionCutoffs cutoffs, std::size_t at_most) {
              return repository_.remove_expired(cutoffs, at_most);
          },
          configuration.retention, context.clock_watch, context.repository, context.log),
      gate_(links_, context.checks, context.clock, context.request_observer),
      directory_api_(links_, gate_, directory_of(configuration, links_)),
      account_api_(links_, gate_, registration_, ordering_),
      order_api_(links_, gate_, ordering_, issuance_, standing_),
      authorization_api_(links_, gate_, ordering_, validation_, standing_, context.clock,
                         {.issuer_names = configuration.validation.persist_issuers,
                          .preauthorization = configuration.validation.preauthorizations > 0}),
      certificate_api_(links_, gate_, context.repository, revoking_),
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
    limits_api_.add_to(router);
    renewal_api_.add_to(router);
    return router;
}

http::Router Authority::make_plain_router() {
    http::Router router;
    certificate_api_.add_plain_to(router);
    return router;
}

base::Task<http::Response> Authority::handle_plain(http::Request request) {
    constexpr std::string_view issuers = "/issuer/";
    if (request.path().starts_with(issuers))
        co_return co_await plain_door_.handle(std::move(request));
    if (const auto count = plain_requests_.count_one(); count > 0)
        log_.warning("plain http on the port of https",
                     {{"remote", request.remote_address},
                      {"target", base::printable(request.target)},
                      {"count", count}});
    auto response = api::problem_response(
        {protocol::ProblemType::malformed,
         "this port speaks https, and plain http for issuers' certificates alone: ask for " +
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
}

void Authority::start() {
    validation_.start();
    standing_.start();
    issuance_.start();
    retention_.start(next_executor_());
}

void Authority::stop(base::Milliseconds patience) {
    retention_.stop();
    standing_.stop(patience);
    validation_.stop(patience);
    issuance_.stop(patience);
}

}  // namespace cairn::apps
