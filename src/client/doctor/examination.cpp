#include "client/doctor/examination.h"

#include <algorithm>
#include <array>
#include <memory>
#include <span>
#include <stdexcept>

#include <fmt/format.h>

#include "base/bytes.h"
#include "client/account_store.h"
#include "client/certificate_authorities.h"
#include "client/command_words.h"
#include "client/deployment.h"
#include "client/doctor/authority_judgment.h"
#include "client/doctor/caa_judgment.h"
#include "client/doctor/dns_judgment.h"
#include "client/doctor/state_permissions.h"
#include "client/doctor/web_judgment.h"
#include "client/limit_ledger.h"
#include "client/side_by_side.h"
#include "http/client.h"
#include "http/http_date.h"
#include "net/url.h"
#include "protocol/dns_challenge.h"

namespace cairn::client::doctor {
namespace {

using protocol::ChallengeType;

constexpr std::size_t at_a_time = 24;
constexpr base::Milliseconds directory_patience{10000};

/// Whether a method is ever offered for an identifier (BR 3.2.2.4.19 and .20, RFC 8738 section 7).
bool suits(ChallengeType type, const protocol::Identifier& identifier) {
    const bool is_by_dns = protocol::is_dns_method(type);
    if (identifier.is_wildcard()) return is_by_dns;
    return identifier.type() == protocol::IdentifierType::dns || !is_by_dns;
}

/// Takes down what it has put up.
class Probe {
  public:
    Probe(Solver& solver, Challenge challenge) : solver_(solver), challenge_(std::move(challenge)) {
        solver_.present(challenge_);
    }
    ~Probe() {
        try {
            solver_.clean_up(challenge_);
        } catch (const std::exception&) {
            // Nothing can be done about it here; the file's name says whose it is.
        }
    }
    Probe(const Probe&) = delete;
    Probe& operator=(const Probe&) = delete;
    [[nodiscard]] const Challenge& challenge() const { return challenge_; }

  private:
    Solver& solver_;
    Challenge challenge_;
};

Finding finding_of(const Failure& failure, Check check, const std::string& subject) {
    return {Severity::problem,   check,         subject, failure.tried(),
            failure.came_back(), failure.next()};
}

/// What is found out about one name.
class Consultation {
  public:
    Consultation(const Environment& environment, const Examination& examination, Lookups& lookups,
                 const RequestedName& name)
        : environment_(environment),
          examination_(examination),
          lookups_(lookups),
          patient_{.identifier = name.identifier, .solver = name.solver} {}

    /// What can be looked at side by side; each writes where no other does.
    [[nodiscard]] std::vector<std::function<void()>> parts() {
        std::vector<std::function<void()>> parts{[this] { look_at_solver_and_web(); }};
        if (patient_.identifier.type() == protocol::IdentifierType::ip) return parts;
        parts.emplace_back([this] { zone_ = lookups_.look_at_zone(name()); });
        parts.emplace_back([this] { dnssec_ = lookups_.look_at_dnssec(name()); });
        parts.emplace_back([this] { caa_ = lookups_.find_caa_set(name()); });
        parts.emplace_back([this] {
            const auto record = "_acme-challenge." + name();
            texts_ = lookups_.query(record, dns::RecordType::txt);
        });
        parts.emplace_back([this] {
            unmade_name_ = random_label() + "." + name();
            unmade_ = lookups_.query(unmade_name_, dns::RecordType::txt);
        });
        return parts;
    }

    /// What needs the zone, behind the rest.
    void look_further() {
        if (!zone_ || !zone_->zone) return;
        doubled_name_ = "_acme-challenge." + name() + "." + zone_->zone->apex;
        doubled_ = lookups_.query(doubled_name_, dns::RecordType::txt);
    }

    [[nodiscard]] Findings findings(const std::vector<AuthorityView>& authorities) const;

  private:
    [[nodiscard]] const std::string& name() const { return patient_.identifier.base_value(); }
    [[nodiscard]] std::string random_label() const;
    void look_at_solver_and_web();
    [[nodiscard]] Solver* find_solver();
    void choose_methods(const Solver* solver);
    [[nodiscard]] std::unique_ptr<Probe> put_up_probe(Solver& solver);
    [[nodiscard]] std::vector<base::IpAddress> addresses();

    const Environment& environment_;
    const Examination& examination_;
    Lookups& lookups_;
    Patient patient_;
    Findings of_solver_;
    std::optional<Resolution> resolution_;
    WebObservation web_;
    std::vector<Connection> connections_;
    std::optional<ZoneView> zone_;
    std::optional<DnssecView> dnssec_;
    std::optional<base::Result<dns::CaaSet>> caa_;
    std::optional<base::Result<dns::Answer>> texts_, doubled_, unmade_;
    std::string doubled_name_, unmade_name_;
};

std::string Consultation::random_label() const {
    std::array<std::uint8_t, 10> octets{};
    environment_.random.fill(octets);
    return "cairn-" + base::to_hex(octets);
}

Solver* Consultation::find_solver() {
    if (!patient_.has_solver()) return nullptr;
    const auto solver = environment_.solvers.find(patient_.solver);
    if (solver) return *solver;
    of_solver_.push_back({Severity::problem, Check::solver, patient_.name(), patient_.solver,
                          solver.error().message, "name another solver, or mend this one."});
    return nullptr;
}

void Consultation::choose_methods(const Solver* solver) {
    static constexpr std::array usual = {ChallengeType::http_01, ChallengeType::dns_01,
                                         ChallengeType::tls_alpn_01};
    const auto types =
        solver != nullptr ? solver->challenge_types() : std::span<const ChallengeType>(usual);
    for (const auto type : types)
        if (suits(type, patient_.identifier)) patient_.methods.push_back(type);
    if (!patient_.methods.empty()) {
        if (solver != nullptr)
            of_solver_.push_back({Severity::ok, Check::solver, patient_.name(), patient_.solver,
                                  fmt::format("proves the name by {}",
                                              protocol::to_string(patient_.methods.front()))});
        return;
    }
    of_solver_.push_back(
        {Severity::problem, Check::solver, patient_.name(), patient_.solver,
         patient_.identifier.is_wildcard() ? "a wildcard is proved by records of the DNS alone"
                                           : "an address is not proved by records of the DNS",
         patient_.identifier.is_wildcard()
             ? "use a solver for dns-01: exec:PROGRAM, dns:PROVIDER or manual."
             : "use a solver for http-01 or tls-alpn-01: standalone, webroot:DIR or tls-alpn."});
}

std::unique_ptr<Probe> Consultation::put_up_probe(Solver& solver) {
    const auto& specification = patient_.solver;
    const bool is_local = specification.starts_with("webroot") ||
                          specification.starts_with("standalone") ||
                          specification.starts_with("tls-alpn");
    if (!is_local) return nullptr;
    const auto token = protocol::Token::random(environment_.random);
    Challenge challenge{patient_.methods.front(), patient_.identifier, token,
                        token.text() + ".cairn-doctor"};
    try {
        return std::make_unique<Probe>(solver, std::move(challenge));
    } catch (const Failure& failure) {
        of_solver_.push_back(finding_of(failure, Check::solver, patient_.name()));
        return nullptr;
    }
}

std::vector<base::IpAddress> Consultation::addresses() {
    if (patient_.identifier.type() == protocol::IdentifierType::ip)
        return {patient_.identifier.ip_address()};
    resolution_ = lookups_.resolve(name());
    std::vector<base::IpAddress> addresses;
    for (const auto* answer : {&resolution_->v6, &resolution_->v4})
        if (*answer)
            addresses.insert(addresses.end(), (*answer)->addresses.begin(),
                             (*answer)->addresses.end());
    return addresses;
}

void Consultation::look_at_solver_and_web() {
    Solver* const solver = find_solver();
    choose_methods(solver);
    const auto places = addresses();
    // What proves by records does not care what listens at the addresses.
    if (patient_.is_by_dns()) return;
    const auto probe =
        solver != nullptr && !patient_.methods.empty() ? put_up_probe(*solver) : nullptr;
    const bool is_web = probe && probe->challenge().type == ChallengeType::http_01;
    const auto token = is_web ? probe->challenge().token.text()
                              : protocol::Token::random(environment_.random).text();
    if (is_web) web_.expected = probe->challenge().key_authorization;
    if (patient_.may_use(ChallengeType::http_01))
        web_.views = look_at_web(name(), "/.well-known/acme-challenge/" + token, places,
                                 examination_.ports, lookups_);
    connections_ = look_at_port_443(name(), places, examination_.ports);
}

Findings Consultation::findings(const std::vector<AuthorityView>& authorities) const {
    Findings all;
    const auto audience = audience_of(examination_.plan.preferred_authority());
    if (const auto refusal = examination_.refusal(patient_.identifier, audience))
        all.push_back({Severity::problem, Check::name, patient_.name(),
                       "whether a CA issues for the name", *refusal,
                       "ask for a name that is yours in the public DNS, or use a private CA."});
    append(all, of_solver_);
    if (resolution_) append(all, judge_resolution(patient_, *resolution_, audience));
    if (zone_) append(all, judge_zone(patient_, *zone_));
    if (dnssec_) append(all, judge_dnssec(patient_, *dnssec_));
    if (caa_)
        for (const auto& authority : authorities)
            append(all, judge_caa(patient_, *caa_, authority));
    if (texts_ && unmade_) {
        const auto no_answer = base::Result<dns::Answer>(base::fail("not asked"));
        append(all, judge_challenge_record(patient_, {.name = "_acme-challenge." + name(),
                                                      .texts = *texts_,
                                                      .doubled_name = doubled_name_,
                                                      .doubled = doubled_.value_or(no_answer),
                                                      .unmade_name = unmade_name_,
                                                      .unmade = *unmade_}));
    }
    append(all, judge_web(patient_, web_));
    append(all, judge_port_443(patient_, connections_));
    return all;
}

AuthorityView look_at_authority(const Environment& environment, const Examination& examination,
                                const Authority& authority) {
    const auto& plan = examination.plan;
    AuthorityView view{.directory_url = authority.directory_url,
                       .host = authority.directory_url,
                       .directory = base::fail("not asked")};
    view.is_offline = examination.asking == Asking::nothing;
    view.profile = plan.profile;
    view.is_profile_required = plan.profile_demand == ProfileDemand::required;
    if (const auto url = net::Url::from_text(authority.directory_url)) view.host = url->authority();
    try {
        if (const auto account =
                AccountStore(environment.state, plan.account).find(authority.directory_url))
            view.account_url = account->url;
    } catch (const Failure& failure) {
        view.directory = base::fail(failure.came_back());
        return view;
    }
    if (view.is_offline) return view;
    http::ClientOptions options;
    options.user_agent = "Cairn-doctor";
    options.timeout = directory_patience;
    options.root_file = authority.root_file;
    http::Client client(std::move(options));
    const auto reply = client.get(authority.directory_url);
    view.asked_at = environment.clock.now();
    if (!reply) {
        view.directory = std::unexpected<base::Error>(reply.error());
        return view;
    }
    view.date = http::parse_http_date(reply->field("date"));
    view.directory = reply->status == 200
                         ? protocol::Directory::from_json(base::bytes_of(reply->body))
                         : base::fail(fmt::format("it answers with status {}", reply->status));
    return view;
}

Findings look_at_targets(const Environment& environment, const Examination& examination) {
    Findings findings;
    const auto& plan = examination.plan;
    auto lineage = examination.lineage;
    // A lineage has the name of its first name, unless another was said.
    if (!lineage && !plan.names.empty())
        if (auto usual = LineageName::from_text(plan.names.front().identifier.base_value()))
            lineage = std::move(*usual);
    if (!lineage) return findings;
    const DeploySubject subject{*lineage, plan, environment.state.live(*lineage)};
    for (const auto& target : plan.deploy_targets) {
        if (target.is_program()) continue;
        const auto name = base::printable(target.text());
        const auto obstacles =
            obstacles_to_deployment(target_context(environment), subject, target);
        for (const auto& obstacle : obstacles)
            findings.push_back(
                {Severity::problem, Check::hooks, name, "whether it can be deployed to",
                 fmt::format("could not {}: {}", obstacle.tried(), obstacle.came_back()),
                 obstacle.next()});
        if (obstacles.empty())
            findings.push_back({Severity::ok, Check::hooks, name, "whether it can be deployed to",
                                "nothing is seen to stand in the way"});
    }
    return findings;
}

Findings look_at_hooks(const CertificatePlan& plan) {
    Findings findings;
    std::vector<std::string> hooks{plan.pre_hook, plan.post_hook, plan.failure_hook};
    for (const auto& target : plan.deploy_targets) hooks.push_back(target.hook);  // empty: none
    for (const auto& hook : hooks) {
        if (hook.empty()) continue;
        const auto words = CommandWords::find(hook);
        const auto subject = base::printable(hook);
        if (words)
            findings.push_back({Severity::ok, Check::hooks, subject, "whether it can be run",
                                base::printable(words->program().string())});
        else
            findings.push_back({Severity::problem, Check::hooks, subject, "whether it can be run",
                                words.error().message,
                                "put the program where it is looked for, and let it be run."});
    }
    return findings;
}

Findings look_at_limits(const Environment& environment, const CertificatePlan& plan) {
    Findings findings;
    const LimitLedger ledger(environment.state, environment.clock);
    for (const auto& authority : plan.authorities) {
        try {
            ledger.require_admission(OrderSubject::of(authority, plan),
                                     LimitCaution::limits_and_proofs);
        } catch (const Failure& failure) {
            findings.push_back(finding_of(failure, Check::limits, authority.directory_url));
        }
    }
    return findings;
}

/// True for what is found out by asking name servers.
bool is_by_look_ups(Check check) {
    using enum Check;
    return check == resolution || check == name_servers || check == dnssec || check == caa ||
           check == ipv6 || check == challenge_record || check == wildcard_record;
}

/// Where this machine cannot ask from the root on, as in networks that let only their own resolvers
/// out, nothing that failed says anything of the zones.
void tell_of_blindness(const base::Result<dns::Answer>& of_com, Findings& findings) {
    if (of_com) return;
    std::erase_if(findings, [](const Finding& finding) {
        return is_by_look_ups(finding.check) && finding.severity != Severity::ok;
    });
    findings.insert(
        findings.begin(),
        {Severity::problem, Check::resolution, "the DNS",
         "the name servers of the root, and of com", of_com.error().message,
         "let this machine ask name servers everywhere (port 53, UDP and TCP), as a CA does, or "
         "name a resolver that may: --resolver ADDR. Of the names nothing was seen in the DNS."});
}

void run_all(const std::vector<std::function<void()>>& parts) {
    if (!parts.empty())
        side_by_side(parts.size(), at_a_time, [&](std::size_t number) { parts[number](); });
}

}  // namespace

Audience audience_of(const Authority& authority) {
    const auto is_it = [&](const KnownAuthority& known) {
        return known.directory_url == authority.directory_url ||
               known.staging_url == authority.directory_url;
    };
    return std::ranges::any_of(known_authorities(), is_it) ? Audience::public_ca
                                                           : Audience::private_ca;
}

Findings examine(const Environment& environment, const Examination& examination) {
    const auto& plan = examination.plan;
    std::optional<Lookups> lookups;
    try {
        lookups.emplace(examination.lookups);
    } catch (const std::runtime_error& error) {
        throw Failure("look names up", error.what(), "see --resolver and --trust-anchor.");
    }
    std::vector<std::optional<AuthorityView>> authorities(plan.authorities.size());
    std::vector<std::unique_ptr<Consultation>> consultations;
    std::vector<std::function<void()>> parts, further;
    for (std::size_t i = 0; i < plan.authorities.size(); ++i)
        parts.emplace_back([&, i] {
            authorities[i] = look_at_authority(environment, examination, plan.authorities[i]);
        });
    for (const auto& name : plan.names) {
        consultations.push_back(
            std::make_unique<Consultation>(environment, examination, *lookups, name));
        for (auto& part : consultations.back()->parts()) parts.push_back(std::move(part));
        further.emplace_back([one = consultations.back().get()] { one->look_further(); });
    }
    std::optional<base::Result<dns::Answer>> of_com;
    const bool has_names = std::ranges::any_of(plan.names, [](const RequestedName& name) {
        return name.identifier.type() == protocol::IdentifierType::dns;
    });
    if (examination.lookups.resolvers.empty() && has_names)
        parts.emplace_back([&] { of_com = lookups->query("com", dns::RecordType::soa); });
    run_all(parts);
    run_all(further);

    std::vector<AuthorityView> views;
    for (auto& view : authorities) views.push_back(std::move(*view));
    Findings findings;
    for (const auto& consultation : consultations) append(findings, consultation->findings(views));
    if (of_com) tell_of_blindness(*of_com, findings);
    for (const auto& view : views) append(findings, judge_authority(view));
    append(findings, look_at_limits(environment, plan));
    append(findings, look_at_permissions(environment.state.root()));
    append(findings, look_at_hooks(plan));
    append(findings, look_at_targets(environment, examination));
    for (auto& finding : findings) {
        finding.subject = base::printable(finding.subject, 400);
        finding.looked_at = base::printable(finding.looked_at, 400);
        finding.came_back = base::printable(finding.came_back, 800);
        finding.next = base::printable(finding.next, 800);
    }
    return findings;
}

}  // namespace cairn::client::doctor
