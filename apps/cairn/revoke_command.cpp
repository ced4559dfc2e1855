#include <memory>

#include <CLI/CLI.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "apps/cairn/commands.h"
#include "client/certificate_authorities.h"
#include "client/revocation.h"

namespace cairn {
namespace {

constexpr std::size_t max_certificate_file = std::size_t{1} << 20;

struct RevokeOptions {
    std::string lineage, certificate_file, reason = "unspecified";
    std::string authority, root_file;
};

/// What is to be revoked, at which CA.
struct Target {
    pki::Certificate certificate;
    std::string directory_url, root_file;
    std::optional<crypto::PrivateKey> key;
    /// The lineage in this state that it is of, if it is of one.
    std::optional<client::LineageName> lineage;
};

pki::Certificate read_certificate(const std::string& file) {
    constexpr std::string_view aim = "read the certificate to revoke";
    const auto pem = value_or_fail(client::read_file(file, max_certificate_file), aim);
    // A full chain will do: its first certificate is the one.
    return value_or_fail(pki::chain_from_pem(pem), aim).front();
}

Target target_of(const Run& run, const RevokeOptions& options) {
    const auto& state = run.state();
    std::optional<client::LineageName> lineage;
    std::optional<Target> target;
    if (options.lineage.empty()) {
        target = Target{read_certificate(options.certificate_file), {}, {}, {}, {}};
        if (auto provenance = client::find_provenance(state, target->certificate)) {
            lineage = provenance->lineage;
            target->key = provenance->key;
            target->lineage = lineage;
        }
    } else {
        lineage = run.lineages({options.lineage}).front();
        auto current = value_or_fail(client::Lineage(state, *lineage).current(),
                                     fmt::format("revoke {}", lineage->text()));
        target = Target{current.chain.front(), {}, {}, current.key, lineage};
    }
    if (lineage)
        if (const auto plan = client::CertificatePlan::read(state.renewal(*lineage))) {
            const auto facts = client::LineageFactStore(state, *lineage).read();
            const auto& authority =
                facts ? facts->issuing_authority(*plan) : plan->preferred_authority();
            target->directory_url = authority.directory_url;
            target->root_file = authority.root_file;
        }
    if (!options.authority.empty())
        target->directory_url =
            value_or_fail(client::directory_url_from(options.authority), "use --ca");
    if (!options.root_file.empty()) target->root_file = options.root_file;
    if (target->directory_url.empty())
        throw client::Failure("revoke the certificate", "it is of no lineage that is kept here",
                              "say with --ca which CA issued it.");
    return std::move(*target);
}

// Revokes by the account that the session speaks for, or by the certificate's key; by the key also
// where the account turns out not to be the certificate's.
client::RevocationOutcome revoke_by(client::Session& session, const Target& target,
                                    protocol::RevocationReason reason, bool by_key) {
    try {
        return client::revoke(session, target.certificate, reason,
                              by_key ? target.key : std::nullopt);
    } catch (const client::Failure& failure) {
        if (by_key || !target.key || failure.problem() != protocol::ProblemType::unauthorized)
            throw;
    }
    return client::revoke(session, target.certificate, reason, target.key);
}

ExitCode revoke(Run& run, const CommonOptions& common, const RevokeOptions& options) {
    const auto reason =
        value_or_fail(protocol::revocation_reason_from(options.reason), "use --reason");
    const auto target = target_of(run, options);
    auto& session = run.sessions().with(target.directory_url, target.root_file);
    // By the account where there is one, else by the certificate's own key. That key speaks best
    // for its own compromise: the CA then blocks it.
    const bool has_account =
        client::AccountStore(run.state()).find(target.directory_url).has_value();
    const bool by_key =
        target.key && (!has_account || reason == protocol::RevocationReason::key_compromise);
    if (has_account && !by_key)
        client::Account(session, run.state(), run.timer()).use();
    else if (!by_key)
        throw client::Failure("revoke the certificate",
                              "neither an account at its CA nor its private key is kept here",
                              "name the --state that has one of them.");
    const auto outcome = revoke_by(session, target, reason, by_key);
    const bool is_new = outcome == client::RevocationOutcome::revoked;
    const auto serial = target.certificate.serial().to_hex();
    run.console().say(
        fmt::format("The certificate {} {} revoked.", serial, is_new ? "is" : "was already"));
    if (target.lineage)
        client::note_revocation(run.state(), *target.lineage, target.certificate,
                                {run.clock().now(), reason});
    if (is_new && !options.lineage.empty())
        run.console().say(
            fmt::format("It is still in place; `cairn renew {}` replaces it.", options.lineage));
    if (common.json)
        run.console().print(boost::json::serialize(boost::json::object{
                                {"serial", serial},
                                {"ca", target.directory_url},
                                {"reason", protocol::to_string(reason)},
                                {"result", is_new ? "revoked" : "already-revoked"}}),
                            Delivery::attempted);
    return is_new ? ExitCode::done : ExitCode::nothing_to_do;
}

}  // namespace

void add_revoke_command(CLI::App& program, CommonOptions& common, Command& chosen) {
    auto* command = program.add_subcommand("revoke", "Revoke a certificate");
    const auto options = std::make_shared<RevokeOptions>();
    auto* lineage =
        command->add_option("lineage", options->lineage, "The live certificate of this lineage")
            ->type_name("LINEAGE");
    auto* file = command
                     ->add_option("--cert", options->certificate_file,
                                  "The first certificate in this file (PEM)")
                     ->check(CLI::ExistingFile)
                     ->type_name("FILE");
    lineage->excludes(file);
    command
        ->add_option("--reason", options->reason,
                     "unspecified, keyCompromise, affiliationChanged, superseded or "
                     "cessationOfOperation")
        ->capture_default_str()
        ->type_name("R");
    command
        ->add_option("--ca", options->authority, "The CA, for a certificate that is not kept here")
        ->type_name("CA");
    command->add_option("--ca-root", options->root_file, "Roots for the CA's own TLS (PEM)")
        ->check(CLI::ExistingFile)
        ->type_name("FILE");
    add_json_option(*command, common);
    command->footer(
        "Exit code 1: it was revoked already.\n"
        "Examples:\n"
        "  cairn revoke example.com --reason superseded\n"
        "  cairn revoke --cert old.pem --ca letsencrypt --reason keyCompromise");
    command->callback([&common, &chosen, options, lineage, file] {
        if (lineage->count() + file->count() == 0) throw CLI::RequiredError("LINEAGE or --cert");
        chosen = [&common, options](Run& run) { return revoke(run, common, *options); };
    });
}

}  // namespace cairn
