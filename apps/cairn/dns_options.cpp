#include "apps/cairn/dns_options.h"

#include <filesystem>
#include <set>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "base/clock.h"
#include "client/dns/provider.h"
#include "client/dns/solver_options.h"
#include "client/durable_file.h"
#include "client/failure.h"

namespace cairn {
namespace {

/// Midnight of a day, or a moment.
base::Time end_from(const std::string& text) {
    constexpr std::size_t length_of_day = 10;
    return value_or_fail(
        base::from_rfc3339(text.size() == length_of_day ? text + "T00:00:00Z" : text),
        "use --persist-until", "say a day such as 2027-06-01.");
}

bool is_said(const DnsOptions& options) {
    return !options.credentials.empty() || !options.resolver.empty() ||
           !options.propagation.empty() || options.port != 0 || !options.challenge.empty() ||
           options.save_credentials;
}

client::DnsSolverOptions said(const DnsOptions& options, const client::DnsSpecification& solver) {
    client::DnsSolverOptions result{.provider = solver.options.provider};
    if (solver.method == client::DnsMethod::persistent) {
        if (!options.persist_until.empty()) result.until = end_from(options.persist_until);
        result.covers_subdomains = options.persist_wildcard;
    } else if (!options.challenge.empty()) {
        result.challenge = protocol::challenge_type_from(options.challenge);
    }
    if (!options.credentials.empty())
        result.credentials = std::filesystem::absolute(options.credentials).lexically_normal();
    if (!options.propagation.empty())
        result.propagation =
            value_or_fail(client::Propagation::from_text(options.propagation), "use --propagation");
    if (!options.resolver.empty()) {
        constexpr std::uint16_t dns_port = 53;
        result.resolver = value_or_fail(net::SocketAddress::from_text(options.resolver, dns_port),
                                        "use --resolver");
    }
    if (options.port != 0) result.port = options.port;
    return result;
}

void settle_credentials(Run& run, const DnsOptions& options,
                        const client::DnsSolverOptions& solver) {
    using Kind = client::CredentialSource::Kind;
    const auto& kind =
        *value_or_fail(client::find_provider_kind(solver.provider, run.settings_folder()),
                       fmt::format("use the solver dns:{}", solver.provider));
    const auto source = client::DnsCredentials::find(
        kind, solver.credentials, run.settings_folder(), &client::variable_of_process);
    if (source.kind != Kind::environment) {
        if (options.save_credentials && source.kind != Kind::none)
            run.console().say(fmt::format("The credentials for {} are in {} already.", kind.title,
                                          source.text()));
        return;
    }
    const auto file = run.settings_folder() / "credentials" / (kind.name + ".toml");
    if (!options.save_credentials) {
        run.console().warn(
            fmt::format("The credentials for {} come from {}. A timer that renews will not have "
                        "them: add --save-credentials, which writes {}.",
                        kind.title, source.text(), file.string()));
        return;
    }
    const auto credentials =
        client::DnsCredentials::read(kind, source, &client::variable_of_process, run.timer());
    client::make_private_directory(file.parent_path());
    client::write_durably(file, credentials.to_toml(), client::FileAccess::owner);
    run.console().say(
        fmt::format("The credentials for {} are kept in {}.", kind.title, file.string()));
}

}  // namespace

void add_dns_options(CLI::App& command, DnsOptions& options) {
    command
        .add_option("--credentials", options.credentials,
                    "With dns:PROVIDER: a file with its credentials (mode 0600)")
        ->check(CLI::ExistingFile)
        ->type_name("FILE");
    command
        .add_option("--resolver", options.resolver,
                    "With dns:PROVIDER: a resolver to ask instead of the system's")
        ->type_name("ADDR[:PORT]");
    command
        .add_option("--propagation", options.propagation,
                    "With dns:PROVIDER: what is waited for before the CA looks: every server of "
                    "the zone (the default), the resolver, a time, or nothing")
        ->type_name("authoritative|resolver|DURATION|none");
    command
        .add_option("--dns-port", options.port,
                    "With dns:PROVIDER: the port of the zone's servers, if it is not 53")
        ->check(CLI::Range(1, 65535))
        ->type_name("PORT");
    command.add_flag("--save-credentials", options.save_credentials,
                     "With dns:PROVIDER: keep credentials that come from the environment");
}

void add_proof_options(CLI::App& command, DnsOptions& options) {
    command
        .add_option("--dns-challenge", options.challenge,
                    "With dns:PROVIDER: this challenge alone; dns-01, and dns-account-01 where the "
                    "CA offers no dns-01, unless this is said")
        ->check(CLI::IsMember({"dns-01", "dns-account-01"}))
        ->type_name("dns-01|dns-account-01");
    command
        .add_option("--persist-until", options.persist_until,
                    "With dns-persist: when the record ends; it stays for good unless this is said")
        ->type_name("DATE");
    command.add_flag(
        "--persist-wildcard", options.persist_wildcard,
        "With dns-persist: the record is for wildcards and subdomains too, whatever is "
        "ordered now");
}

void settle_dns(Run& run, const DnsOptions& options, client::CertificatePlan& plan) {
    std::set<std::string> settled;
    bool has_persistent = false;
    bool has_challenge = false;
    for (auto& name : plan.names) {
        auto found = client::DnsSpecification::from_text(name.solver);
        if (!found) continue;
        auto solver = value_or_fail(std::move(*found),
                                    fmt::format("choose who proves {}", name.identifier.value()));
        solver.options = said(options, solver).with_defaults(solver.options);
        name.solver = solver.to_text();
        (solver.method == client::DnsMethod::persistent ? has_persistent : has_challenge) = true;
        if (settled.insert(name.solver).second && !solver.options.provider.empty())
            settle_credentials(run, options, solver.options);
    }
    if ((settled.empty() && is_said(options)) || (!has_challenge && !options.challenge.empty()))
        throw client::Failure(
            "use the options for a DNS provider", "no name is proven by one",
            "name it with --solver dns:PROVIDER; `cairn dns list` has all providers.");
    if (!has_persistent && (!options.persist_until.empty() || options.persist_wildcard))
        throw client::Failure("use the options for a record that stays", "no name is proven by one",
                              "say --solver dns-persist, or dns-persist:PROVIDER.");
}

}  // namespace cairn
