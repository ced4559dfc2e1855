#include "client/plan_changes.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/duration.h"
#include "client/certificate_authorities.h"
#include "client/dns/solver_options.h"
#include "protocol/order.h"

namespace cairn::client {
namespace {

const RequestedName* find_name(const CertificatePlan* plan,
                               const protocol::Identifier& identifier) {
    if (plan == nullptr) return nullptr;
    const auto found = std::ranges::find(plan->names, identifier, &RequestedName::identifier);
    return found == plan->names.end() ? nullptr : &*found;
}

/// The solver that all names of the plan have; the default one if they differ or there is no plan.
std::string common_solver(const CertificatePlan* plan) {
    if (plan == nullptr || plan->names.empty()) return default_solver;
    const auto& first = plan->names.front().solver;
    const bool is_common = std::ranges::all_of(
        plan->names, [&](const RequestedName& name) { return name.solver == first; });
    return is_common ? first : default_solver;
}

/// Gives each name the solver that was said for it, that was said for all, or that it had.
std::vector<RequestedName> with_solvers(const CertificatePlan* former, const PlanChanges& changes,
                                        const std::vector<protocol::Identifier>& identifiers) {
    const auto solver_for = [&](const protocol::Identifier& identifier) {
        const auto said = std::ranges::find(changes.names, identifier, &SaidName::identifier);
        const auto* before = find_name(former, identifier);
        // A name that comes to others has their provider's options.
        const auto kept = before == nullptr ? common_solver(former) : before->solver;
        if (said != changes.names.end() && said->solver)
            return keeping_dns_options(*said->solver, kept);
        if (changes.solver) return keeping_dns_options(*changes.solver, kept);
        return before != nullptr ? before->solver : common_solver(former);
    };
    std::vector<RequestedName> names;
    for (const auto& identifier : identifiers)
        if (std::ranges::find(names, identifier, &RequestedName::identifier) == names.end())
            names.push_back({identifier, solver_for(identifier)});
    return names;
}

std::vector<protocol::Identifier> identifiers_of(const std::vector<SaidName>& names) {
    std::vector<protocol::Identifier> identifiers;
    for (const auto& name : names) identifiers.push_back(name.identifier);
    return identifiers;
}

std::string list(const std::vector<std::string>& texts) {
    std::string text;
    for (const auto& each : texts) text += (text.empty() ? "" : ", ") + each;
    return text.empty() ? "none" : text;
}

/// A request from elsewhere has the last word on names and key.
std::optional<base::Error> apply_request(CertificatePlan& plan, const CertificatePlan* former,
                                         const PlanChanges& changes,
                                         const CertificateRequest& request) {
    const auto said = identifiers_of(changes.names);
    for (const auto& identifier : said)
        if (std::ranges::find(request.identifiers(), identifier) == request.identifiers().end())
            return base::Error(
                fmt::format("the request (--csr) does not ask for {}", identifier.value()));
    const auto type = request.key_type();
    if (changes.key_types && *changes.key_types != std::vector{type})
        return base::Error(
            fmt::format("the request (--csr) holds a key of type {}", crypto::to_string(type)));
    if (changes.key_reuse == KeyReuse::same_key)
        return base::Error(
            "the key of the request (--csr) is not here, and each renewal is for it anyway; leave "
            "out --reuse-key");
    if (changes.key_store && *changes.key_store != KeyStore())
        return base::Error(
            "the key of the request (--csr) is kept elsewhere; leave out --key-store");
    plan.csr = request.der();
    plan.key_store = {};
    plan.key_types = {type};
    plan.key_reuse = KeyReuse::fresh_key;
    plan.names = with_solvers(former, changes, request.identifiers());
    return std::nullopt;
}

std::optional<base::Error> apply_names(CertificatePlan& plan, const CertificatePlan* former,
                                       const PlanChanges& changes) {
    // Who asks for a kind of key, or to keep it, wants one that is made here.
    if (changes.key_types || changes.key_reuse || changes.key_store) plan.csr.clear();
    const auto identifiers =
        changes.names.empty() ? plan.identifiers() : identifiers_of(changes.names);
    if (identifiers.empty()) return base::Error("no name was said (-d NAME)");
    constexpr auto most = protocol::NewOrderRequest::max_identifiers;
    if (identifiers.size() > most)
        return base::Error(
            fmt::format("{} names are more than {}, and many CAs take 100; part them among several "
                        "certificates",
                        identifiers.size(), most));
    if (!plan.csr.empty() && sorted_values(identifiers) != sorted_values(plan.identifiers()))
        return base::Error(fmt::format(
            "its request from elsewhere is for {}; give one for the other names (--csr FILE), or "
            "have the key made here (--key-type)",
            list(sorted_values(plan.identifiers()))));
    // The same names in another order are the same.
    const bool are_same =
        former != nullptr && sorted_values(identifiers) == sorted_values(former->identifiers());
    plan.names = with_solvers(former, changes, are_same ? former->identifiers() : identifiers);
    return std::nullopt;
}

bool is_known(const std::string& directory_url) {
    return std::ranges::find(known_authorities(), directory_url, &KnownAuthority::directory_url) !=
           known_authorities().end();
}

void apply_authorities(CertificatePlan& plan, const CertificatePlan* former,
                       const PlanChanges& changes) {
    if (changes.authorities) {
        plan.authorities = *changes.authorities;
        for (auto& authority : plan.authorities) {
            const auto* before =
                former == nullptr ? nullptr : former->find_authority(authority.directory_url);
            if (before != nullptr && authority.root_file.empty())
                authority.root_file = before->root_file;
        }
    }
    if (!changes.root_file) return;
    for (auto& authority : plan.authorities)
        if (plan.authorities.size() == 1 || !is_known(authority.directory_url))
            authority.root_file = *changes.root_file;
}

CertificatePlan usual_plan() {
    CertificatePlan plan;
    plan.authorities = {{std::string(known_authorities().front().directory_url)}};
    return plan;
}

template <class T>
void apply(T& member, const std::optional<T>& said) {
    if (said) member = *said;
}

std::vector<std::string> urls_of(const std::vector<Authority>& authorities) {
    std::vector<std::string> urls;
    for (const auto& authority : authorities) urls.push_back(authority.directory_url);
    return urls;
}

std::string solvers_of(const CertificatePlan& plan) {
    const auto& first = plan.names.front().solver;
    if (std::ranges::all_of(plan.names, [&](const auto& name) { return name.solver == first; }))
        return first;
    std::vector<std::string> solvers;
    for (const auto& name : plan.names)
        solvers.push_back(fmt::format("{}={}", name.identifier.value(), name.solver));
    return list(solvers);
}

std::string key_types_of(const CertificatePlan& plan) {
    std::vector<std::string> types;
    for (const auto type : plan.key_types) types.emplace_back(crypto::to_string(type));
    return list(types);
}

std::string profile_of(const CertificatePlan& plan) {
    if (plan.profile.empty()) return "none";
    return plan.profile + (plan.profile_demand == ProfileDemand::required ? " (required)" : "");
}

std::string targets_of(const CertificatePlan& plan) {
    std::vector<std::string> hooks;
    for (const auto& target : plan.deploy_targets) hooks.push_back(target.text());
    return list(hooks);
}

/// Programs come last: they may count on what the others have done.
void apply_targets(CertificatePlan& plan, const PlanChanges& changes) {
    apply(plan.deploy_targets, changes.deploy_targets);
    if (!changes.deploy_hooks && !changes.deploy_others) return;
    std::vector<DeployTarget> targets;
    const auto add = [&](const std::optional<std::vector<DeployTarget>>& said, bool programs) {
        for (const auto& target : said ? *said : plan.deploy_targets)
            if (target.is_program() == programs) targets.push_back(target);
    };
    add(changes.deploy_others, false);
    add(changes.deploy_hooks, true);
    plan.deploy_targets = std::move(targets);
}

std::string or_none(const std::string& text) {
    return text.empty() ? "none" : text;
}

std::string roots_of(const CertificatePlan& plan) {
    std::vector<std::string> files;
    for (const auto& authority : plan.authorities)
        if (!authority.root_file.empty() &&
            std::ranges::find(files, authority.root_file) == files.end())
            files.push_back(authority.root_file);
    return list(files);
}

/// One member as text, and what becomes of a certificate if it differs.
struct PlanMember {
    std::string_view name;
    std::string (*text)(const CertificatePlan&);
    PlanEffect effect;
};

constexpr PlanMember members[] = {
    {"names", [](const CertificatePlan& plan) { return list(sorted_values(plan.identifiers())); },
     PlanEffect::new_certificate},
    {"solver", &solvers_of, PlanEffect::kept},
    {"ca", [](const CertificatePlan& plan) { return list(urls_of(plan.authorities)); },
     PlanEffect::kept},
    {"ca_root", &roots_of, PlanEffect::kept},
    {"account", [](const CertificatePlan& plan) { return or_none(plan.account); },
     PlanEffect::kept},
    {"key_type", &key_types_of, PlanEffect::new_certificate},
    {"reuse_key",
     [](const CertificatePlan& plan) {
         return std::string(plan.key_reuse == KeyReuse::same_key ? "yes" : "no");
     },
     PlanEffect::kept},
    {"key_store", [](const CertificatePlan& plan) { return plan.key_store.text(); },
     PlanEffect::new_certificate},
    {"csr",
     [](const CertificatePlan& plan) {
         return std::string(plan.csr.empty() ? "none" : "a request from elsewhere");
     },
     PlanEffect::new_certificate},
    {"profile", &profile_of, PlanEffect::kept},
    {"preferred_chain", [](const CertificatePlan& plan) { return or_none(plan.preferred_chain); },
     PlanEffect::kept},
    {"renew_before",
     [](const CertificatePlan& plan) {
         return plan.renew_before ? plan.renew_before->text() : "as usual";
     },
     PlanEffect::kept},
    {"ca_timeout",
     [](const CertificatePlan& plan) {
         return plan.ca_timeout ? base::duration_text(*plan.ca_timeout) : "as usual";
     },
     PlanEffect::kept},
    {"pre_hook", [](const CertificatePlan& plan) { return or_none(plan.pre_hook); },
     PlanEffect::kept},
    {"post_hook", [](const CertificatePlan& plan) { return or_none(plan.post_hook); },
     PlanEffect::kept},
    {"failure_hook", [](const CertificatePlan& plan) { return or_none(plan.failure_hook); },
     PlanEffect::kept},
    {"deploy", &targets_of, PlanEffect::kept},
};

}  // namespace

base::Result<CertificatePlan> merged(const CertificatePlan* former, const PlanChanges& changes) {
    auto plan = former != nullptr ? *former : usual_plan();
    apply_authorities(plan, former, changes);
    apply(plan.key_types, changes.key_types);
    apply(plan.key_reuse, changes.key_reuse);
    apply(plan.key_store, changes.key_store);
    if (changes.profile) {
        plan.profile = *changes.profile;
        plan.profile_demand =
            plan.profile.empty() ? ProfileDemand::preferred : changes.profile_demand;
    }
    apply(plan.preferred_chain, changes.preferred_chain);
    apply(plan.account, changes.account);
    apply(plan.renew_before, changes.renew_before);
    apply(plan.ca_timeout, changes.ca_timeout);
    apply(plan.pre_hook, changes.pre_hook);
    apply(plan.post_hook, changes.post_hook);
    apply(plan.failure_hook, changes.failure_hook);
    apply_targets(plan, changes);
    const auto error = changes.request ? apply_request(plan, former, changes, *changes.request)
                                       : apply_names(plan, former, changes);
    if (error) return std::unexpected(*error);
    if (plan.key_types.size() > 1 && plan.key_store.uri().names_key())
        return base::fail(
            "one key in a token (--key-store with object or id) is of one type: name "
            "the token alone, or one --key-type");
    return plan;
}

std::vector<PlanDifference> differences(const CertificatePlan& former,
                                        const CertificatePlan& wanted) {
    std::vector<PlanDifference> found;
    for (const auto& [name, text, effect] : members) {
        auto before = text(former);
        auto after = text(wanted);
        const bool is_other_request = name == "csr" && former.csr != wanted.csr;
        if (is_other_request && before == after) after = "another request from elsewhere";
        if (before == after) continue;
        const bool is_certificate_other =
            effect == PlanEffect::new_certificate ||
            (name == "profile" && former.profile != wanted.profile) ||
            (name == "ca" &&
             former.find_authority(wanted.preferred_authority().directory_url) == nullptr &&
             std::ranges::none_of(former.authorities, [&](const Authority& authority) {
                 return wanted.find_authority(authority.directory_url) != nullptr;
             }));
        found.push_back({name, std::move(before), std::move(after),
                         is_certificate_other ? PlanEffect::new_certificate : PlanEffect::kept});
    }
    return found;
}

bool needs_new_certificate(const CertificatePlan& former, const CertificatePlan& wanted) {
    return std::ranges::any_of(differences(former, wanted), [](const PlanDifference& difference) {
        return difference.effect == PlanEffect::new_certificate;
    });
}

}  // namespace cairn::client
