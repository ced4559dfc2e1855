#include <algorithm>
#include <filesystem>
#include <memory>

#include <CLI/CLI.hpp>
#include <boost/json/array.hpp>
#include <fmt/format.h>

#include "apps/cairn/commands.h"
#include "apps/cairn/known_roots.h"
#include "apps/cairn/parted_names.h"
#include "ca/rules/policy.h"
#include "client/certificate_authorities.h"
#include "client/doctor/examination.h"
#include "client/lineage_renaming.h"

namespace cairn {
namespace {

using client::doctor::Finding;
using client::doctor::Findings;
using client::doctor::Severity;

struct DoctorOptions {
    std::vector<std::string> names;
    std::string solver;
    std::vector<std::string> authorities;
    std::string root_file, account, profile;
    std::vector<std::string> resolvers;
    std::string trust_anchor;
    std::uint16_t dns_port = 53, http_port = 80, https_port = 443;
    bool is_offline = false;
};

/// The lineage with this name, also a former one, if it is kept.
std::optional<client::LineageName> find_lineage(const Run& run, const std::string& text) {
    const auto name = client::LineageName::from_text(text);
    if (!name) return std::nullopt;
    if (std::filesystem::exists(run.state().renewal(*name))) return *name;
    return client::renamed_to(run.state(), *name);
}

std::vector<client::Authority> authorities_asked(Run& run, const DoctorOptions& options) {
    std::string root_file;
    if (!options.root_file.empty())
        root_file = std::filesystem::absolute(options.root_file).lexically_normal();
    std::vector<client::Authority> authorities;
    for (const auto& text : options.authorities) {
        auto url = value_or_fail(client::directory_url_from(text), "use --ca");
        auto roots = root_file.empty() ? known_root_file(run, url) : root_file;
        authorities.push_back({std::move(url), std::move(roots)});
    }
    return authorities;
}

/// What was said on this command line counts in place of what the plan says, and the settings where
/// neither says anything, as `issue` has it.
void apply_options(Run& run, const DoctorOptions& options, client::CertificatePlan& plan) {
    if (auto said = authorities_asked(run, options); !said.empty())
        plan.authorities = std::move(said);
    if (plan.authorities.empty()) plan.authorities = run.settings()->authorities;
    if (plan.authorities.empty())
        plan.authorities = {{std::string(client::known_authorities().front().directory_url)}};
    if (!options.account.empty()) plan.account = options.account;
    if (!options.profile.empty()) plan.profile = options.profile;
    if (!options.solver.empty())
        for (auto& name : plan.names) name.solver = options.solver;
}

/// What is planned, and for which lineage if it is kept.
struct Subject {
    client::CertificatePlan plan;
    std::optional<client::LineageName> lineage{};
};

void add_plan_names(client::CertificatePlan& plan, const std::string& text,
                    const DoctorOptions& options) {
    for (const auto& part : parted_names(text)) {
        auto name = value_or_fail(client::RequestedName::from_text(part, options.solver),
                                  "look at a name", "give a name, NAME=SOLVER, or a lineage.");
        const auto before =
            std::ranges::find(plan.names, name.identifier, &client::RequestedName::identifier);
        if (before == plan.names.end())
            plan.names.push_back(std::move(name));
        else
            *before = std::move(name);
    }
}

/// The plans of the lineages that are named, and one for all other names.
std::vector<Subject> subjects_from(Run& run, const DoctorOptions& options) {
    std::vector<Subject> subjects;
    client::CertificatePlan others;
    for (const auto& text : options.names) {
        const auto lineage = find_lineage(run, text);
        if (!lineage) {
            add_plan_names(others, text, options);
            continue;
        }
        auto plan = value_or_fail(client::CertificatePlan::read(run.state().renewal(*lineage)),
                                  fmt::format("read the plan of {}", lineage->text()));
        apply_options(run, options, plan);
        subjects.push_back({std::move(plan), lineage});
    }
    if (others.names.empty()) return subjects;
    // A solver that was said for one name alone stays with it.
    auto said = options;
    said.solver.clear();
    apply_options(run, said, others);
    subjects.push_back({std::move(others)});
    return subjects;
}

/// Why a CA issues for no such name, whoever asks. Outside the public DNS a private CA may do as it
/// likes.
std::optional<std::string> refusal(const protocol::Identifier& identifier,
                                   client::doctor::Audience audience) {
    ca::NamePolicy::Choices choices;
    if (audience == client::doctor::Audience::public_ca) {
        choices.kind = ca::PolicyKind::public_ca;
        choices.private_suffixes.clear();
    } else {
        choices.internal_names = true;
        choices.networks = {base::IpNetwork::from_text("0.0.0.0/0").value(),
                            base::IpNetwork::from_text("::/0").value()};
    }
    return ca::NamePolicy(std::move(choices)).refusal(identifier);
}

/// Whom to ask for names: what was said; from the roots for a public CA, which does so too; else
/// what this machine asks, since a private CA may know private names.
std::vector<std::string> resolvers_for(const client::CertificatePlan& plan,
                                       const DoctorOptions& options) {
    if (!options.resolvers.empty()) return options.resolvers;
    const auto is_public = [](const client::Authority& authority) {
        return client::doctor::audience_of(authority) == client::doctor::Audience::public_ca;
    };
    if (std::ranges::any_of(plan.authorities, is_public)) return {};
    return client::doctor::system_resolvers();
}

boost::json::object finding_json(const Finding& finding) {
    return {{"severity", client::doctor::to_string(finding.severity)},
            {"check", client::doctor::to_string(finding.check)},
            {"subject", finding.subject},
            {"looked_at", finding.looked_at},
            {"came_back", finding.came_back},
            {"next", finding.next}};
}

void print_findings(Console& console, const Findings& findings) {
    std::vector<std::vector<std::string>> rows{{"", "NAME", "CHECK", "WHAT CAME BACK"}};
    for (const auto& finding : findings) {
        rows.push_back({std::string(client::doctor::to_string(finding.severity)), finding.subject,
                        std::string(client::doctor::to_string(finding.check)), finding.came_back});
        if (finding.severity == Severity::ok) continue;
        rows.push_back({"", "", "", fmt::format("  looked at: {}", finding.looked_at)});
        if (!finding.next.empty())
            rows.push_back({"", "", "", fmt::format("  to do: {}", finding.next)});
    }
    console.print_table(rows, Delivery::required);
}

std::size_t count(const Findings& findings, Severity severity) {
    return static_cast<std::size_t>(std::ranges::count(findings, severity, &Finding::severity));
}

Outcome look(Run& run, const CommonOptions& common, const DoctorOptions& options) {
    // Not that of the run, which tidies the state up: here nothing is changed.
    const client::Environment environment{.state = run.state(),
                                          .clock = run.clock(),
                                          .timer = run.timer(),
                                          .random = run.random(),
                                          .solvers = run.solvers(),
                                          .sessions = run.sessions()};
    Findings findings;
    for (auto& subject : subjects_from(run, options)) {
        client::doctor::Examination examination{.plan = std::move(subject.plan),
                                                .lineage = std::move(subject.lineage)};
        examination.lookups = {.resolvers = resolvers_for(examination.plan, options),
                               .dns_port = options.dns_port,
                               .trust_anchor_file = options.trust_anchor};
        examination.ports = {.http = options.http_port, .https = options.https_port};
        if (options.is_offline) examination.asking = client::doctor::Asking::nothing;
        examination.refusal = refusal;
        append(findings, client::doctor::examine(environment, examination));
    }
    const auto problems = count(findings, Severity::problem);
    const auto warnings = count(findings, Severity::warning);
    Outcome outcome;
    outcome.delivery = Delivery::required;
    boost::json::array facts;
    for (const auto& finding : findings) facts.push_back(finding_json(finding));
    outcome.data = {{"findings", std::move(facts)}, {"problems", problems}, {"warnings", warnings}};
    if (!common.json) print_findings(run.console(), findings);
    if (problems == 0) {
        run.console().say(
            warnings == 0
                ? "Nothing is in the way, as seen from here."
                : fmt::format("Nothing is in the way, as seen from here. Warnings: {}.", warnings));
        return outcome;
    }
    outcome.result = Result::failed;
    outcome.failure = client::Failure("find the way to a certificate clear",
                                      fmt::format("problems: {}, warnings: {}", problems, warnings),
                                      "mend what is marked as a problem; each says what to do.");
    run.console().fail(*outcome.failure);
    return outcome;
}

}  // namespace

void add_doctor_command(CLI::App& program, CommonOptions& common, Command& chosen) {
    auto* command = program.add_subcommand(
        "doctor", "Look at what would be in the way of a certificate, before a CA is asked");
    const auto options = std::make_shared<DoctorOptions>();
    command->add_option("name", options->names, "Names or addresses, or lineages that are kept")
        ->required()
        ->type_name("NAME[=SOLVER]|LINEAGE");
    command->add_option("--solver", options->solver, "Who proves control of the names")
        ->type_name("SOLVER");
    command->add_option("--ca", options->authorities, "The CA, as `cairn issue` takes it")
        ->allow_extra_args(false)
        ->type_name("NAME|URL");
    command->add_option("--ca-root", options->root_file, "Roots for the CA's own TLS (PEM)")
        ->check(CLI::ExistingFile)
        ->type_name("FILE");
    command->add_option("--account", options->account, "The account, of several at the CA")
        ->type_name("NAME");
    command->add_option("--profile", options->profile, "A profile that the CA offers");
    command
        ->add_option("--resolver", options->resolvers,
                     "Whom to ask for names; else the roots, or this machine's resolvers if the CA "
                     "is none of the public ones")
        ->allow_extra_args(false)
        ->type_name("ADDR[:PORT]");
    command
        ->add_option("--trust-anchor", options->trust_anchor,
                     "The key of the DNS's root, if it is not the public one")
        ->check(CLI::ExistingFile)
        ->type_name("FILE");
    const auto port = CLI::Range(1, 65535);
    command->add_option("--dns-port", options->dns_port, "Where the servers of zones listen")
        ->check(port)
        ->capture_default_str();
    command->add_option("--http-port", options->http_port, "Where the CA looks in place of 80")
        ->check(port)
        ->capture_default_str();
    command->add_option("--https-port", options->https_port, "Where the CA looks in place of 443")
        ->check(port)
        ->capture_default_str();
    command->add_flag("--offline", options->is_offline, "Do not even fetch the CA's directory");
    command->footer(
        "Each name is looked at from here; the CA sees it from elsewhere. A solver with a webroot "
        "or\na server of its own puts up a probe, which is taken down again. Ends with 2 if there "
        "is a\nproblem.\n"
        "Examples:\n"
        "  cairn doctor example.com=webroot:/var/www/html www.example.com=webroot:/var/www/html\n"
        "  cairn doctor '*.example.com=exec:/usr/local/bin/dns-hook' --ca letsencrypt --json");
    command->callback([&common, &chosen, options] {
        chosen = [&common, options](Run& run) { return look(run, common, *options); };
    });
}

}  // namespace cairn
