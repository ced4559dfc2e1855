#include <algorithm>
#include <array>
#include <memory>
#include <optional>

#include <CLI/CLI.hpp>
#include <boost/json/array.hpp>
#include <fmt/format.h>

#include "apps/cairn/certificate_facts.h"
#include "apps/cairn/commands.h"
#include "apps/cairn/known_roots.h"
#include "client/certificate_authorities.h"
#include "client/revocation.h"

namespace cairn {
namespace {

constexpr std::size_t max_certificate_file = std::size_t{1} << 20;
constexpr std::size_t max_key_file = 65536;

struct RevokeOptions {
    std::string lineage, certificate_file, key_file, reason = "unspecified";
    std::string authority, root_file;
};

/// What is to be revoked, at which CA.
struct Target {
    pki::Certificate certificate;
    std::string directory_url, root_file;
    std::optional<crypto::Signer> key;
    /// Which certificate of which lineage in this state it is, if it is one.
    std::optional<client::LineageMember> member;
    /// The name of the account, of several at the CA, that ordered it.
    std::string account{};
    /// The key was named for this, and no account is to be asked.
    bool is_by_given_key = false;
};

/// A reason as it is written elsewhere: "keycompromise" (certbot), "1" (RFC 5280 section 5.3.1,
/// lego, acme.sh), with our name for it; other words as they are.
std::string reason_from(std::string_view text) {
    struct Name {
        std::string_view number, word;
    };
    static constexpr auto names = std::to_array<Name>({{"0", "unspecified"},
                                                       {"1", "keyCompromise"},
                                                       {"3", "affiliationChanged"},
                                                       {"4", "superseded"},
                                                       {"5", "cessationOfOperation"}});
    const auto lower = [](unsigned char c) { return c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c; };
    for (const auto& name : names)
        if (text == name.number || std::ranges::equal(text, name.word, {}, lower, lower))
            return std::string(name.word);
    return std::string(text);
}

pki::Certificate read_certificate(const std::string& file) {
    constexpr std::string_view aim = "read the certificate to revoke";
    const auto pem = value_or_fail(client::read_file(file, max_certificate_file), aim);
    // A full chain will do: its first certificate is the one.
    return value_or_fail(pki::chain_from_pem(pem), aim).front();
}

/// Adds the CA: that of the command line, else the one that has issued it.
void find_authority(Run& run, const RevokeOptions& options, Target& target) {
    const auto& state = run.state();
    if (target.member)
        if (const auto plan =
                client::CertificatePlan::read(state.renewal(target.member->lineage))) {
            const auto facts = client::LineageFactStore(state, *target.member).read();
            const auto& authority =
                facts ? facts->issuing_authority(*plan) : plan->preferred_authority();
            target.directory_url = authority.directory_url;
            target.root_file = authority.root_file;
            target.account = plan->account;
        }
    if (!options.authority.empty())
        target.directory_url =
            value_or_fail(client::directory_url_from(options.authority), "use --ca");
    if (!options.root_file.empty())
        target.root_file = options.root_file;
    else if (target.root_file.empty() && !target.directory_url.empty())
        target.root_file = known_root_file(run, target.directory_url);
    if (target.directory_url.empty())
        throw client::Failure("revoke the certificate", "it is of no lineage that is kept here",
                              "say with --ca which CA issued it.");
}

Target target_in_file(const client::StateDirectory& state, const std::string& file) {
    Target target{read_certificate(file), {}, {}, {}, {}};
    if (const auto provenance = client::find_provenance(state, target.certificate)) {
        target.key = provenance->key;
        target.member = provenance->member;
    }
    return target;
}

/// The live certificates of a lineage, one for each key type of its plan.
std::vector<Target> live_targets(const client::StateDirectory& state,
                                 const client::LineageName& name) {
    const auto plan = client::CertificatePlan::read(state.renewal(name));
    std::vector<Target> targets;
    for (const auto& member :
         plan ? client::planned_members(name, *plan) : std::vector<client::LineageMember>{name}) {
        const auto current = client::Lineage(state, member).current();
        // One that was never obtained is not in the way of the others.
        if (!current && member.further) continue;
        const auto& live = value_or_fail(current, fmt::format("revoke {}", name.text()));
        Target target{live.chain.front(), {}, {}, {}, member};
        if (!live.key.is_elsewhere()) target.key = live.key.signer();
        targets.push_back(std::move(target));
    }
    return targets;
}

/// The key that was named signs for the certificates that hold it.
void use_given_key(const std::string& file, std::vector<Target>& targets) {
    constexpr std::string_view aim = "use the key of --key";
    auto text = value_or_fail(client::read_file(file, max_key_file), aim);
    const auto key = crypto::PrivateKey::from_pem(text);
    base::wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
    const crypto::Signer signer(value_or_fail(key, aim));
    bool is_of_any = false;
    for (auto& target : targets) {
        target.is_by_given_key = target.certificate.public_key() == signer.public_key();
        if (!target.is_by_given_key) continue;
        target.key = signer;
        is_of_any = true;
    }
    if (!is_of_any)
        throw client::Failure(aim, fmt::format("{} is not the key of the certificate", file),
                              "name its key, or leave out --key to revoke by the account.");
}

std::vector<Target> revocation_targets(Run& run, const RevokeOptions& options) {
    auto targets = options.lineage.empty()
                       ? std::vector{target_in_file(run.state(), options.certificate_file)}
                       : live_targets(run.state(), run.lineages({options.lineage}).front());
    for (auto& target : targets) find_authority(run, options, target);
    if (!options.key_file.empty()) use_given_key(options.key_file, targets);
    return targets;
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

/// Revokes one certificate and keeps that it is revoked.
client::RevocationOutcome revoke(Run& run, const Target& target,
                                 protocol::RevocationReason reason) {
    auto& session = run.sessions().with(target.directory_url, target.root_file, target.account);
    // By the account where there is one, else by the certificate's own key. That key speaks best
    // for its own compromise: the CA then blocks it.
    const bool has_account =
        client::AccountStore(run.state(), target.account).find(target.directory_url).has_value();
    const bool by_key = target.key && (target.is_by_given_key || !has_account ||
                                       reason == protocol::RevocationReason::key_compromise);
    if (has_account && !by_key)
        client::Account(session, run.state(), run.timer(), target.account).use();
    else if (!by_key)
        throw client::Failure("revoke the certificate",
                              "neither an account at its CA nor its private key is kept here",
                              "name the --state that has one of them, or the key with --key.");
    const auto outcome = revoke_by(session, target, reason, by_key);
    run.console().say(
        fmt::format("The certificate {} {} revoked.", target.certificate.serial().to_hex(),
                    outcome == client::RevocationOutcome::revoked ? "is" : "was already"));
    if (target.member)
        client::note_revocation(run.state(), *target.member, target.certificate,
                                {run.clock().now(), reason});
    return outcome;
}

boost::json::object revocation_json(const Target& target, client::RevocationOutcome outcome,
                                    protocol::RevocationReason reason) {
    return {
        {"serial", target.certificate.serial().to_hex()},
        {"key_type", key_name(target.certificate.public_key())},
        {"ca", target.directory_url},
        {"reason", protocol::to_string(reason)},
        {"result", outcome == client::RevocationOutcome::revoked ? "revoked" : "already-revoked"}};
}

Outcome revoke(Run& run, const RevokeOptions& options) {
    const auto reason = value_or_fail(protocol::revocation_reason_from(reason_from(options.reason)),
                                      "use --reason");
    boost::json::array told;
    bool is_any_new = false;
    std::optional<client::Failure> failure;
    for (const auto& target : revocation_targets(run, options)) {
        try {
            const auto outcome = revoke(run, target, reason);
            is_any_new |= outcome == client::RevocationOutcome::revoked;
            told.push_back(revocation_json(target, outcome, reason));
        } catch (const client::Failure& refused) {
            // The others are to be revoked all the same.
            if (failure) run.console().fail(*failure, options.lineage);
            failure = refused;
        }
    }
    if (failure) throw client::Failure(*failure);
    if (is_any_new && !options.lineage.empty())
        run.console().say(fmt::format("{} still in place; `cairn renew {}` replaces {}.",
                                      told.size() == 1 ? "It is" : "They are", options.lineage,
                                      told.size() == 1 ? "it" : "them"));
    return {.result = is_any_new ? Result::done : Result::nothing_to_do,
            .data = {{"certificates", std::move(told)}}};
}

}  // namespace

void add_revoke_command(CLI::App& program, CommonOptions&, Command& chosen) {
    auto* command = program.add_subcommand("revoke", "Revoke a certificate");
    const auto options = std::make_shared<RevokeOptions>();
    auto* lineage =
        command->add_option("lineage", options->lineage, "The live certificates of this lineage")
            ->type_name("LINEAGE");
    auto* file = command
                     ->add_option("--cert", options->certificate_file,
                                  "The first certificate in this file (PEM)")
                     ->check(CLI::ExistingFile)
                     ->type_name("FILE");
    lineage->excludes(file);
    command
        ->add_option("--key", options->key_file,
                     "The certificate's private key (PEM), to revoke by it and not by an account")
        ->check(CLI::ExistingFile)
        ->type_name("FILE");
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
    command->footer(
        "It was revoked already: exit code 0, with --exit-code 1.\n"
        "Examples:\n"
        "  cairn revoke example.com --reason superseded\n"
        "  cairn revoke --cert old.pem --ca letsencrypt --reason keyCompromise\n"
        "  cairn revoke --cert old.pem --key old-key.pem --ca letsencrypt");
    command->callback([&chosen, options, lineage, file] {
        if (lineage->count() + file->count() == 0) throw CLI::RequiredError("LINEAGE or --cert");
        chosen = [options](Run& run) { return revoke(run, *options); };
    });
}

}  // namespace cairn
