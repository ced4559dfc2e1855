#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <mutex>

#include <CLI/CLI.hpp>
#include <boost/json/array.hpp>
#include <fmt/format.h>

#include "apps/cairn/certificate_facts.h"
#include "apps/cairn/commands.h"
#include "apps/cairn/plan_options.h"
#include "apps/cairn/sentences.h"
#include "apps/test_authority/test_authority.h"
#include "client/doctor/lookups.h"
#include "client/key_text.h"
#include "client/network_evidence.h"
#include "client/preflight.h"

namespace cairn {
namespace {

namespace fs = std::filesystem;

struct RehearseOptions {
    PlanOptions plan;
    std::string lineage;
    TestAuthorityOptions view{.names = TestAuthorityOptions::Names::looked_up};
    bool run_deploy_hooks = false;
};

/// A folder that goes with its owner.
class ScratchFolder {
  public:
    ScratchFolder() {
        auto pattern = (fs::temp_directory_path() / "cairn-rehearsal-XXXXXX").string();
        if (::mkdtemp(pattern.data()) == nullptr)
            throw client::Failure("make a folder for the rehearsal",
                                  std::generic_category().message(errno),
                                  "see that TMPDIR names a folder that can be written.");
        path_ = pattern;
    }
    ~ScratchFolder() {
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    ScratchFolder(const ScratchFolder&) = delete;
    ScratchFolder& operator=(const ScratchFolder&) = delete;
    [[nodiscard]] const fs::path& path() const { return path_; }

  private:
    fs::path path_;
};

/// What was done, step by step; each is told as it comes.
class Steps final : public client::Progress {
  public:
    explicit Steps(Console& console) : console_(console) {}
    void tell(const client::ProgressEvent& event) override {
        // The attempt goes with the scratch folder: nobody can have it explained.
        if (event.kind == client::ProgressKind::attempt_kept) return;
        console_.tell(event);
        if (client::is_detail(event.kind)) return;
        const std::scoped_lock lock(mutex_);
        add(client::to_string(event.kind), !client::is_warning(event.kind), sentence_of(event));
    }
    void note(std::string_view step, bool has_worked, const std::string& text) {
        const std::scoped_lock lock(mutex_);
        add(step, has_worked, text);
    }
    [[nodiscard]] boost::json::array facts() {
        const std::scoped_lock lock(mutex_);
        return steps_;
    }

  private:
    static constexpr std::size_t most = 2000;
    void add(std::string_view step, bool has_worked, const std::string& text) {
        if (steps_.size() < most)
            steps_.push_back(
                boost::json::object{{"step", step}, {"ok", has_worked}, {"text", json_text(text)}});
    }
    Console& console_;
    std::mutex mutex_;
    boost::json::array steps_;
};

/// The CA of the rehearsal is asked directly, whatever proxy others are asked through.
void leave_proxy_out_for_loopback() {
    constexpr const char* here = "127.0.0.1";
    for (const char* name : {"no_proxy", "NO_PROXY"}) {
        const char* const before = std::getenv(name);
        if (before == nullptr && name != std::string_view("no_proxy")) continue;
        const auto text = before == nullptr || *before == '\0' ? std::string(here)
                                                               : fmt::format("{},{}", before, here);
        ::setenv(name, text.c_str(), 1);
    }
}

client::LineageName lineage_name(const RehearseOptions& options,
                                 const client::CertificatePlan& plan) {
    const auto text =
        options.lineage.empty() ? plan.names.front().identifier.base_value() : options.lineage;
    return value_or_fail(client::LineageName::from_text(text), "name the lineage",
                         "give it a name with --name.");
}

/// The plan as it would be in earnest: of a lineage that stands, with what was said.
client::CertificatePlan wanted_plan(Run& run, const RehearseOptions& options) {
    std::optional<client::CertificatePlan> former;
    if (!options.lineage.empty()) {
        const auto name =
            value_or_fail(client::LineageName::from_text(options.lineage), "use --name");
        if (fs::exists(run.state().renewal(name)))
            former = value_or_fail(client::CertificatePlan::read(run.state().renewal(name)),
                                   fmt::format("read the plan of {}", name.text()));
    }
    auto changes = changes_from(options.plan, run.target_context());
    if (!former) add_usual(changes, *run.settings_with({client::SettingsPart::defaults}));
    return value_or_fail(client::merged(former ? &*former : nullptr, changes), "plan the rehearsal",
                         "say for which names: -d NAME, or --name LINEAGE.");
}

/// Puts the CA of the rehearsal in the place of those of the plan, and leaves out what only they
/// could give.
void aim_at(const TestAuthority& authority, const RehearseOptions& options,
            client::CertificatePlan& plan, Steps& steps, Console& console) {
    const auto leave_out = [&](std::string_view what) {
        const auto text = fmt::format("{} is left out: it is the business of the real CA.", what);
        console.say(text);
        steps.note("left_out", true, text);
    };
    plan.authorities = {{authority.directory_url(), authority.root_file().string()}};
    plan.account.clear();
    plan.failure_hook.clear();
    if (!plan.profile.empty()) leave_out(fmt::format("The profile {}", plan.profile));
    plan.profile.clear();
    plan.profile_demand = client::ProfileDemand::preferred;
    if (!plan.preferred_chain.empty()) leave_out("The preferred chain");
    plan.preferred_chain.clear();
    // A server that is given a certificate of this CA would serve it.
    const auto others = std::erase_if(plan.deploy_targets, [](const client::DeployTarget& target) {
        return !target.is_program();
    });
    if (others > 0) {
        const auto text = fmt::format(
            "{} deploy targets are left out: their servers would serve "
            "what nobody trusts.",
            others);
        console.say(text);
        steps.note("targets_left_out", true, text);
    }
    if (plan.key_store != client::KeyStore()) {
        client::require_reachable(plan.key_store, client::Phase::order);
        const auto text = fmt::format("{} answers; the key of the rehearsal is in a scratch file.",
                                      plan.key_store.text());
        console.say(text);
        steps.note("key_store_reached", true, text);
        plan.key_store = {};
    }
    if (options.run_deploy_hooks || plan.deploy_targets.empty()) return;
    const auto text =
        fmt::format("{} deploy hooks are not run; --run-deploy-hooks runs them on scratch files.",
                    plan.deploy_targets.size());
    console.say(text);
    steps.note("hooks_left_out", true, text);
    plan.deploy_targets.clear();
}

/// --resolver is for the CA inside, too; the options of dns:PROVIDER take effect with it alone.
void settle_resolver(RehearseOptions& options, const client::CertificatePlan& plan) {
    auto& dns = options.plan.dns;
    if (!dns.resolver.empty()) options.view.resolvers = {dns.resolver};
    const bool has_provider = std::ranges::any_of(
        plan.names, [](const auto& name) { return name.solver.starts_with("dns:"); });
    if (!has_provider) dns.resolver.clear();
    if (options.view.resolvers.empty()) options.view.resolvers = client::doctor::system_resolvers();
}

Outcome rehearse_plan(Run& run, RehearseOptions options) {
    auto& console = run.console();
    Steps steps(console);
    leave_proxy_out_for_loopback();
    auto plan = wanted_plan(run, options);
    const auto name = lineage_name(options, plan);
    settle_resolver(options, plan);
    settle_dns(run, options.plan.dns, plan);
    client::settle(plan, run.solvers());

    const ScratchFolder scratch;
    const client::StateDirectory state(scratch.path() / "state");
    Outcome outcome;
    const auto conclude = [&](const client::Failure& failure) {
        steps.note(client::to_string(failure.phase()), false, failure.what());
        console.fail(failure);
        outcome.result = Result::failed;
        outcome.failure = failure;
        outcome.data = {{"steps", steps.facts()}};
        return outcome;
    };
    try {
        // A hook that frees the ports has not run yet.
        client::require_clear_way(
            name, plan, run.solvers(), state,
            plan.pre_hook.empty() ? client::PortsLookedAt::yes : client::PortsLookedAt::no);
        options.view.folder = scratch.path() / "ca";
        const TestAuthority authority(options.view);
        steps.note("authority_started", true, "A CA inside this program answers.");
        aim_at(authority, options, plan, steps, console);
        const client::IssuanceOrder order{
            .lineage = name,
            .plan = plan,
            .account = {.terms = client::Terms::agreed, .contact = {}, .external = std::nullopt},
            .replaces = {}};
        Run::Round round(run);
        client::NetworkEvidence evidence("Cairn/" CAIRN_VERSION);
        const client::Environment environment{.state = state,
                                              .clock = run.clock(),
                                              .timer = run.timer(),
                                              .random = run.random(),
                                              .solvers = run.solvers(),
                                              .sessions = round.sessions,
                                              .evidence = &evidence,
                                              .hook_patience = run.settings()->hook_patience,
                                              .ca_patience = run.settings()->ca_timeout};
        const auto lock = state.lock(name, run.timer(), client::lineage_lock_patience);
        const auto issued = client::issue(environment, order, steps);
        const auto text = fmt::format(
            "The rehearsal worked: a certificate for {} names was obtained, checked, put in place "
            "in a scratch folder{}, and dropped again. It is of a CA that nobody trusts; the real "
            "CA looks from elsewhere and has limits of its own.",
            plan.names.size(), plan.deploy_targets.empty() ? "" : ", the deploy hooks were run");
        steps.note("certificate_obtained", true, text);
        console.say(text);
        auto facts = facts_of(issued.chain.front());
        outcome.data = {{"steps", steps.facts()},
                        {"certificates", boost::json::array{std::move(facts)}}};
        return outcome;
    } catch (const client::Failure& failure) {
        return conclude(failure);
    }
}

}  // namespace

void add_rehearse_command(CLI::App& program, CommonOptions& common, Command& chosen) {
    static_cast<void>(common);
    auto* command = program.add_subcommand(
        "rehearse", "Go through all of it with a CA inside this program, and keep nothing");
    const auto options = std::make_shared<RehearseOptions>();
    add_plan_options(*command, options->plan);
    command->add_option("--name", options->lineage, "Rehearse the plan of this lineage")
        ->type_name("LINEAGE");
    const auto port = CLI::Range(1, 65535);
    command->add_option("--http-port", options->view.http_port, "Where the CA looks in place of 80")
        ->check(port)
        ->capture_default_str();
    command
        ->add_option("--https-port", options->view.https_port,
                     "Where redirects to https lead in place of 443")
        ->check(port)
        ->capture_default_str();
    command
        ->add_option("--tls-alpn-port", options->view.tls_alpn_port,
                     "Where the CA looks in place of 443")
        ->check(port)
        ->capture_default_str();
    command->add_flag("--run-deploy-hooks", options->run_deploy_hooks,
                      "Run the deploy hooks too, on scratch files that nobody should serve");
    command->footer(
        "Solvers answer in earnest, and the CA inside looks from this machine. Nothing of what is "
        "kept\nchanges; pre- and post-hooks run, deploy hooks do not unless that is said.\n"
        "Examples:\n"
        "  cairn rehearse -d example.com --solver webroot:/var/www/html\n"
        "  cairn rehearse --name example.com --run-deploy-hooks");
    command->callback([&chosen, options] {
        chosen = [options](Run& run) { return rehearse_plan(run, *options); };
    });
}

}  // namespace cairn
