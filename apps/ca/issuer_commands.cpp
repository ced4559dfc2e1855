#include "apps/ca/issuer_commands.h"

#include <filesystem>
#include <iostream>
#include <string>

#include <CLI/CLI.hpp>

#include "apps/ca/configuration.h"
#include "apps/ca/intermediate.h"
#include "apps/ca/told_command.h"
#include "base/clock.h"
#include "crypto/key.h"
#include "crypto/random.h"

namespace cairn::apps {

namespace {

void print_use_of(const std::string& name) {
    const auto file = "pki/" + name;
    std::cout << "To use it, add to ca.toml, beside the issuers that are to stay, and send the "
                 "server SIGHUP:\n\n"
              << "[issuers." << name << "]\n"
              << "certificate = \"" << file << ".pem\"\n"
              << "key = \"" << file << "-key.pem\"\n";
}

}  // namespace

struct IssuerCommands::Given {
    std::filesystem::path folder;
    std::string name;
    std::string key_type = "ec-p256";
    CLI::App* create = nullptr;
};

IssuerCommands::IssuerCommands(CLI::App& program) : given_(std::make_unique<Given>()) {
    auto* command = program.add_subcommand("issuer", "Make another issuer (intermediate)");
    command->require_subcommand(1);
    auto* create = command->add_subcommand(
        "create", "Make a key and a certificate signed by pki/root-key.pem, in pki/NAME.pem");
    create->footer(
        "Example: replace the issuer without an interruption\n"
        "  cairn-ca issuer create /var/lib/cairn-ca intermediate-2\n"
        "then name it in ca.toml as the command says, and send the server SIGHUP.");
    create->add_option("DIR", given_->folder, "Folder that `init` created")->required();
    create->add_option("NAME", given_->name, "Lower-case letters, digits, hyphens")->required();
    create->add_option("--key-type", given_->key_type, "Kind of its key")
        ->check(CLI::IsMember({"ec-p256", "ec-p384", "rsa2048", "rsa3072", "rsa4096"}))
        ->capture_default_str();
    given_->create = create;
}

IssuerCommands::~IssuerCommands() = default;

bool IssuerCommands::was_given() const {
    return given_->create->parsed();
}

int IssuerCommands::run() const {
    const base::SystemClock clock;
    crypto::SystemRandom random;
    const auto configuration = load_configuration(given_->folder, {}, clock.now());
    tell_of_command(given_->folder, {}, "issuer create " + given_->name);
    const auto made =
        create_issuer(given_->folder, given_->name, *crypto::key_type_from(given_->key_type),
                      configuration.policy.kind, clock, random);
    std::cout << "Made the issuer \"" << made.certificate.subject_common_name()
              << "\", valid until " << base::to_rfc3339(made.certificate.not_after()) << ".\n";
    print_use_of(given_->name);
    return 0;
}

}  // namespace cairn::apps
