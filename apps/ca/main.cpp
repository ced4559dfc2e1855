#include <iostream>
#include <sstream>

#include <CLI/CLI.hpp>

#include "apps/ca/audit_command.h"
#include "apps/ca/backup_command.h"
#include "apps/ca/init.h"
#include "apps/ca/inspection_commands.h"
#include "apps/ca/issuer_commands.h"
#include "apps/ca/operator_command.h"
#include "apps/ca/serve.h"
#include "apps/command_line/unknown_word.h"
#include "base/log_output.h"

namespace {

constexpr int failed = 2;

// Adds `cairn-ca init`.
void add_init(CLI::App& program, cairn::apps::InitOptions& options, std::string& key_type) {
    auto* command = program.add_subcommand("init", "Create a certificate authority in a folder");
    command->footer(
        "Example:\n  cairn-ca init /var/lib/cairn-ca --name \"Example Corp\" "
        "--host ca.example.com --listen 0.0.0.0:443");
    command->add_option("DIR", options.folder, "Folder to create")->required();
    command->add_option("--name", options.name, "What the CA's certificates are called")
        ->capture_default_str();
    command
        ->add_option("--host", options.hosts,
                     "Name or address under which clients reach the CA (may be repeated; the "
                     "first one makes the directory URL)")
        ->capture_default_str();
    command->add_option("--listen", options.listen, "ADDRESS:PORT to serve on")
        ->capture_default_str();
    auto* is_private = command->add_flag_callback(
        "--private", [&options] { options.kind = cairn::ca::PolicyKind::private_ca; },
        "For those who choose to trust it (what it is unless said)");
    command
        ->add_flag_callback(
            "--public", [&options] { options.kind = cairn::ca::PolicyKind::public_ca; },
            "For everybody: the Baseline Requirements hold, and nothing relaxes them")
        ->excludes(is_private);
    command->add_option("--key-type", key_type, "Keys of root and intermediate")
        ->check(CLI::IsMember({"ec-p256", "ec-p384", "rsa2048", "rsa3072", "rsa4096"}))
        ->capture_default_str();
}

int run_init(cairn::apps::InitOptions options, const std::string& key_type) {
    options.key_type = *cairn::crypto::key_type_from(key_type);
    const cairn::base::SystemClock clock;
    cairn::crypto::SystemRandom random;
    const auto result = cairn::apps::init(options, clock, random);
    std::cout << "Created the certificate authority \"" << options.name << "\".\n"
              << "  directory URL:     " << result.directory_url << "\n"
              << "  root certificate:  " << result.root_file.string() << "\n"
              << "  SHA-256 of root:   " << result.root_fingerprint << "\n"
              << "Start it with:  cairn-ca serve " << options.folder.string() << "\n"
              << "The server does not need pki/root-key.pem: move it to a safe place offline.\n";
    return 0;
}

}  // namespace

int main(int argument_count, char** arguments) {
    CLI::App program("A certificate authority that speaks ACME (RFC 8555)", "cairn-ca");
    program.set_version_flag("--version", "cairn-ca " CAIRN_VERSION);
    program.require_subcommand(1);

    cairn::apps::InitOptions init_options;
    std::string key_type = "ec-p256";
    add_init(program, init_options, key_type);

    const cairn::apps::IssuerCommands issuer_commands(program);

    std::filesystem::path folder;
    std::vector<std::string> overrides;
    auto* serve = program.add_subcommand("serve", "Serve the authority in a folder");
    serve->footer(
        "SIGTERM drains and exits 0; SIGHUP reloads configuration and keys.\n"
        "Example:\n  cairn-ca serve /var/lib/cairn-ca --set validation.http_port=5002");
    serve->add_option("DIR", folder, "Folder that `init` created")->required();
    serve
        ->add_option("--set", overrides,
                     "KEY=VALUE overrides a key of ca.toml; VALUE is TOML (may be repeated)")
        ->allow_extra_args(false);

    const cairn::apps::AuditCommands audit_commands(program);
    const cairn::apps::InspectionCommands inspection_commands(program);
    const cairn::apps::BackupCommands backup_commands(program);
    const cairn::apps::OperatorCommands operator_commands(program);
    const std::vector<std::string> given(arguments + 1, arguments + argument_count);
    try {
        program.parse(argument_count, arguments);
        if (audit_commands.was_given()) return audit_commands.run(cairn::apps::Adapters());
        if (operator_commands.was_given()) return operator_commands.run(cairn::apps::Adapters());
        if (inspection_commands.was_given()) return inspection_commands.run();
        if (backup_commands.was_given()) return backup_commands.run();
        if (program.got_subcommand("init")) return run_init(init_options, key_type);
        if (issuer_commands.was_given()) return issuer_commands.run();
        return cairn::apps::serve(folder, overrides, cairn::apps::Adapters());
    } catch (const CLI::ParseError& error) {
        std::ostringstream words;
        if (error.get_exit_code() == 0) return program.exit(error);
        const auto unknown = cairn::command_line::unknown_word(program, given);
        if (!unknown && dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr)
            // Not told: a value of --set that lost its key may hold a password.
            words << "cairn-ca: there is a word too many; a value belongs to its key, as in "
                     "--set KEY=VALUE\n";
        else if (unknown)
            words << "cairn-ca: " << *unknown << "\nRun `cairn-ca --help` for what there is.\n";
        else
            program.exit(error, std::cout, words);
        if (cairn::apps::OperatorCommands::wants_json(given) ||
            cairn::apps::AuditCommands::wants_json(given))
            cairn::apps::OperatorCommands::print_usage_error(words.str());
        else
            cairn::base::write_last_words(words.str());
        return failed;
    } catch (const std::exception& error) {
        cairn::base::write_last_words("cairn-ca: " + std::string(error.what()) + "\n");
        return failed;
    }
}
