#include <chrono>
#include <memory>
#include <mutex>
#include <utility>

#include <CLI/CLI.hpp>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include "apps/cairn/certificate_facts.h"
#include "apps/cairn/commands.h"
#include "apps/cairn/dns_options.h"
#include "base/base64url.h"
#include "client/dns/propagation.h"
#include "client/dns/provider.h"
#include "client/dns/recipe_schema.h"
#include "client/dns/record_place.h"
#include "client/dns/solver_options.h"
#include "crypto/random.h"
#include "protocol/key_authorization.h"

namespace cairn {
namespace {

using client::CredentialKey;
using client::ProviderKind;

std::string_view trial_name(ProviderKind::Trial trial) {
    return trial == ProviderKind::Trial::real ? "real servers" : "documentation alone";
}

Outcome list_providers(Run& run, const CommonOptions& common) {
    std::vector<std::vector<std::string>> rows{{"NAME", "PROVIDER", "TRIED AGAINST"}};
    boost::json::array providers;
    for (const auto& kind : client::provider_kinds()) {
        rows.push_back({kind.name, kind.title, std::string(trial_name(kind.trial))});
        providers.push_back({{"name", json_text(kind.name)},
                             {"title", json_text(kind.title)},
                             {"tried_against", trial_name(kind.trial)}});
    }
    if (!common.json) run.console().print_table(rows, Delivery::required);
    return {.data = {{"providers", std::move(providers)}}, .delivery = Delivery::required};
}

const ProviderKind& kind_named(const Run& run, const std::string& name) {
    return *value_or_fail(client::find_provider_kind(name, run.settings_folder()),
                          "find the DNS provider");
}

std::string variables_of(const CredentialKey& key) {
    std::string text;
    for (const auto& name : key.variables) text += (text.empty() ? "" : ", ") + name;
    return text;
}

Outcome show_provider(Run& run, const CommonOptions& common, const std::string& name) {
    const auto& kind = kind_named(run, name);
    const auto source =
        client::DnsCredentials::find(kind, {}, run.settings_folder(), &client::variable_of_process);
    boost::json::array keys;
    std::string text = fmt::format(
        "{}: {}\n\nAccess: {}\nDocumentation: {}\nTried against: {}\n"
        "Credentials: {}\n\nKeys of credentials/{}.toml:\n",
        kind.name, kind.title, kind.access, kind.documentation, trial_name(kind.trial),
        source.text(), kind.name);
    for (const auto& key : kind.keys) {
        const bool is_required = key.need == CredentialKey::Need::required;
        boost::json::array variables;
        for (const auto& variable : key.variables) variables.push_back(json_text(variable));
        keys.push_back({{"name", json_text(key.name)},
                        {"meaning", json_text(key.meaning)},
                        {"required", is_required},
                        {"secret", key.kind == CredentialKey::Kind::secret},
                        {"variables", std::move(variables)}});
        text += fmt::format("  {:<16} {}{}\n", key.name, key.meaning,
                            is_required ? "" : " (not required)");
        if (!key.variables.empty()) text += fmt::format("  {:<16} or {}\n", "", variables_of(key));
    }
    text += "\n" + client::credential_advice(kind, run.settings_folder());
    if (!common.json) run.console().print(text, Delivery::required);
    return {.data = {{"provider",
                      {{"name", json_text(kind.name)},
                       {"title", json_text(kind.title)},
                       {"access", json_text(kind.access)},
                       {"documentation", json_text(kind.documentation)},
                       {"tried_against", trial_name(kind.trial)},
                       {"credentials", json_text(source.text())},
                       {"keys", std::move(keys)}}}},
            .delivery = Delivery::required};
}

Outcome print_schema(Run& run, const CommonOptions& common) {
    if (!common.json)
        run.console().print(std::string(client::recipe_schema_text()), Delivery::required);
    return {.data = {{"schema", boost::json::parse(client::recipe_schema_text())}},
            .delivery = Delivery::required};
}

/// Shows each exchange while it happens, and keeps it for --json.
class ShownTrace final : public client::DnsTrace {
  public:
    ShownTrace(Console& console, bool is_json) : console_(console), is_json_(is_json) {}
    void tell(std::string_view text) override {
        const std::scoped_lock lock(mutex_);
        exchange_.push_back(json_text(text));
        if (!is_json_) console_.print(indented(text), Delivery::attempted);
    }
    /// What was told since the last call.
    boost::json::array take() {
        const std::scoped_lock lock(mutex_);
        return std::exchange(exchange_, {});
    }

  private:
    /// As text that no terminal obeys.
    static std::string indented(std::string_view text) {
        std::string result = "    ";
        for (const char character : text) {
            if (character == '\n')
                result += "\n    ";
            else
                result += base::printable(std::string_view(&character, 1));
        }
        return result;
    }
    Console& console_;
    const bool is_json_;
    std::mutex mutex_;
    boost::json::array exchange_;
};

struct TestOptions {
    std::string provider, zone;
    DnsOptions dns;
};

/// One trial of a provider, step by step.
class Trial {
  public:
    Trial(Run& run, const CommonOptions& common, const TestOptions& options)
        : run_(run), is_json_(common.json), trace_(run.console(), common.json) {
        client::CertificatePlan plan;
        plan.names.push_back(
            value_or_fail(client::RequestedName::from_text(options.zone, "dns:" + options.provider),
                          "use the zone"));
        settle_dns(run, options.dns, plan);
        const auto& name = plan.names.front();
        zone_ = name.identifier.base_value();
        record_ = "_acme-challenge." + zone_;
        solver_ = value_or_fail(
            client::DnsSolverOptions::from_text(std::string_view(name.solver).substr(4)),
            "use the options");
    }

    Outcome carry_out() {
        const auto& kind = kind_named(run_, solver_.provider);
        const auto source = client::DnsCredentials::find(
            kind, solver_.credentials, run_.settings_folder(), &client::variable_of_process);
        say(fmt::format("Credentials: {}", source.text()));
        const auto credentials =
            client::DnsCredentials::read(kind, source, &client::variable_of_process, run_.timer());
        provider_ = value_or_fail(kind.make(kind, credentials,
                                            {.clock = run_.clock(),
                                             .timer = run_.timer(),
                                             .random = random_,
                                             .user_agent = "Cairn/" CAIRN_VERSION,
                                             .trace = &trace_}),
                                  fmt::format("use {}", source.text()));
        client::RecordPlaces places({.resolvers = solver_.resolver ? std::vector{*solver_.resolver}
                                                                   : client::system_resolvers(),
                                     .authority = provider_->authority(),
                                     .port = solver_.port},
                                    client::ask_over_network());
        step("find", "Find where the record belongs", [&] { find(places, kind); });
        step("add", "Add the record", [&] { provider_->set(target_); });
        try {
            step("observe", "See it at the servers", [&] { observe(places, kind); });
        } catch (const client::Failure&) {
            step("remove", "Remove the record", [&] { provider_->remove(target_); });
            throw;
        }
        step("remove", "Remove the record", [&] { provider_->remove(target_); });
        say(fmt::format("{} can prove names by {}.", target_.zone, kind.title));
        return {.data = {{"test",
                          {{"provider", json_text(kind.name)},
                           {"zone", json_text(target_.zone)},
                           {"record", json_text(target_.name)},
                           {"credentials", json_text(source.text())},
                           {"steps", std::move(steps_)}}}},
                .delivery = Delivery::attempted};
    }

  private:
    void find(client::RecordPlaces& places, const ProviderKind& kind) {
        place_ = client::place_at_provider(places, record_, *provider_, kind);
        auto proof = random_proof();
        target_ = {.zone = place_.zone,
                   .name = place_.name,
                   .value = protocol::dns_record_value(proof.key_authorization),
                   .proof = std::move(proof)};
        say(fmt::format("  the record is {}, in the zone {}", target_.name, target_.zone));
        for (const auto& server : place_.servers) say(fmt::format("  served by {}", server.text()));
    }

    void observe(const client::RecordPlaces& places, const ProviderKind& kind) {
        const client::PropagationWatch watch(client::ask_over_network(), run_.timer(),
                                             places.resolvers());
        watch.wait(place_, target_.value, solver_.propagation.value_or(client::Propagation{}),
                   provider_->longest_propagation().value_or(kind.patience),
                   {.tell = [&](const std::string& who) { say("  waiting: " + who); },
                    .set_again = [&] { provider_->set(target_); },
                    .leave_out = [&](const std::string& who) { say("  left out: " + who); }});
    }

    template <class Work>
    void step(std::string_view name, std::string_view title, const Work& work) {
        say(fmt::format("{}:", title));
        const auto begin = std::chrono::steady_clock::now();
        work();
        const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
            std::chrono::steady_clock::now() - begin);
        say(fmt::format("  done in {} ms", took.count()));
        steps_.push_back(
            {{"step", name}, {"milliseconds", took.count()}, {"exchange", trace_.take()}});
    }

    void say(const std::string& line) {
        if (!is_json_) run_.console().print(line, Delivery::attempted);
    }

    /// As a CA and an account key would make it.
    client::TxtProof random_proof() {
        constexpr std::size_t octets = 32;
        auto token = base::base64url(random_.octets(octets));
        auto answer = token + "." + base::base64url(random_.octets(octets));
        return {.domain = zone_, .token = std::move(token), .key_authorization = std::move(answer)};
    }

    Run& run_;
    const bool is_json_;
    ShownTrace trace_;
    std::string zone_, record_;
    client::DnsSolverOptions solver_;
    crypto::SystemRandom random_;
    std::unique_ptr<client::DnsProvider> provider_;
    client::RecordPlace place_;
    client::TxtRecord target_;
    boost::json::array steps_;
};

}  // namespace

void add_dns_command(CLI::App& program, CommonOptions& common, Command& chosen) {
    auto* command =
        program.add_subcommand("dns", "List DNS providers, show what one needs, and try one");
    command->require_subcommand(1);
    command->fallthrough();
    command->footer(
        "Examples:\n  cairn dns list\n  cairn dns show cloudflare\n"
        "  cairn dns test cloudflare example.com\n  cairn dns schema");
    auto* listed = command->add_subcommand("list", "List the providers for --solver dns:PROVIDER");
    listed->footer("Example:\n  cairn dns list --json");
    listed->callback([&common, &chosen] {
        chosen = [&common](Run& run) { return list_providers(run, common); };
    });

    const auto shown_name = std::make_shared<std::string>();
    auto* shown = command->add_subcommand(
        "show", "Show the credentials that a provider needs, and where they are");
    shown->add_option("PROVIDER", *shown_name, "As `cairn dns list` names it")->required();
    shown->footer("Example:\n  cairn dns show powerdns");
    shown->callback([&common, &chosen, shown_name] {
        chosen = [&common, shown_name](Run& run) {
            return show_provider(run, common, *shown_name);
        };
    });

    auto* schema = command->add_subcommand(
        "schema", "Print the JSON Schema of recipes, for editors that know what may be written");
    schema->footer("Example:\n  cairn dns schema > recipe.schema.json");
    schema->callback(
        [&common, &chosen] { chosen = [&common](Run& run) { return print_schema(run, common); }; });

    const auto options = std::make_shared<TestOptions>();
    auto* tried = command->add_subcommand(
        "test",
        "Add the record that would prove a name, see it at the servers, and remove it, "
        "with all that is said to the provider shown without secrets");
    tried->add_option("PROVIDER", options->provider, "As `cairn dns list` names it")->required();
    tried->add_option("ZONE", options->zone, "The name to prove")->required();
    add_dns_options(*tried, options->dns);
    tried->footer("Example:\n  cairn dns test rfc2136 example.com --credentials key.toml");
    tried->callback([&common, &chosen, options] {
        chosen = [&common, options](Run& run) { return Trial(run, common, *options).carry_out(); };
    });
}

}  // namespace cairn
