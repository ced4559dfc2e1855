#include <filesystem>
#include <iostream>
#include <sstream>
#include <stdexcept>

#include <CLI/CLI.hpp>

#include "apps/command_line/files.h"
#include "apps/command_line/unknown_word.h"
#include "apps/va/configuration.h"
#include "apps/va/identity.h"
#include "apps/va/serve.h"
#include "base/log_output.h"
#include "crypto/random.h"

namespace {

constexpr int failed = 2;
namespace fs = std::filesystem;

void tell_code(const fs::path& folder, const cairn::apps::PerspectiveConfiguration& configuration,
               const cairn::va::EnrolmentCode& code) {
    const auto& listen = configuration.listen.front();
    std::cout << "The code for its CA, good for one enrolment:\n  " << code.to_text()
              << "\nNext:\n  cairn-va serve " << folder.string()
              << "\nand on the CA's machine, with the URL under which it reaches this one (port "
              << listen.substr(listen.rfind(':') + 1) << "):\n  cairn-ca perspective add DIR "
              << configuration.name << " --region " << to_string(configuration.region)
              << " --url https://HOST:" << listen.substr(listen.rfind(':') + 1) << " --code CODE\n";
}

int init(const fs::path& folder, cairn::apps::PerspectiveConfiguration wanted,
         const std::string& region) {
    // Checked as it will be read.
    if (const auto found = cairn::protocol::internet_registry_from(region)) wanted.region = *found;
    const auto text = initial_perspective_configuration(wanted);
    const auto configuration = cairn::apps::read_perspective_configuration(text, {});
    if (!configuration) {
        std::string reasons = "nothing was made:";
        for (const auto& finding : configuration.error()) reasons += "\n  " + finding.message;
        throw std::runtime_error(reasons);
    }
    std::error_code ignored;
    if (fs::exists(folder / "va.toml", ignored))
        throw std::runtime_error((folder / "va.toml").string() +
                                 " is there already; nothing was changed. `cairn-va code` makes "
                                 "another code for it");
    fs::create_directories(folder);
    fs::permissions(folder, fs::perms::owner_all);
    cairn::crypto::SystemRandom random;
    const auto code = cairn::apps::PerspectiveIdentity::make(folder, random);
    cairn::apps::write_file(folder / "va.toml", text, 0600);
    std::cout << "Made the perspective " << configuration->name << " in " << folder.string()
              << ".\n";
    tell_code(folder, *configuration, code);
    return 0;
}

int make_code(const fs::path& folder) {
    const auto configuration = cairn::apps::load_perspective_configuration(folder, {});
    cairn::crypto::SystemRandom random;
    const auto code = cairn::apps::PerspectiveIdentity::make_again(folder, random);
    std::cout << "Forgot the CA that " << configuration.name
              << " spoke to. If it is running, start it again.\n";
    tell_code(folder, configuration, code);
    return 0;
}

}  // namespace

int main(int argument_count, char** arguments) {
    CLI::App program("A network perspective of a certificate authority (cairn-ca)", "cairn-va");
    program.set_version_flag("--version", "cairn-va " CAIRN_VERSION);
    program.require_subcommand(1);

    fs::path folder;
    cairn::apps::PerspectiveConfiguration wanted;
    std::string region;
    auto* init_command = program.add_subcommand("init", "Make a perspective in a folder");
    init_command->footer(
        "It prints a code, by which the CA and the perspective find each other once.\n"
        "Example:\n  cairn-va init /var/lib/cairn-va --name lon1 --region RIPE "
        "--ca-url https://ca.example.com:14000");
    init_command->add_option("DIR", folder, "Folder to make")->required();
    init_command->add_option("--name", wanted.name, "Its name: lower-case letters, digits, hyphens")
        ->required();
    init_command
        ->add_option("--region", region,
                     "In whose service region it stands: AFRINIC, APNIC, ARIN, LACNIC or RIPE")
        ->required()
        ->check(CLI::IsMember({"AFRINIC", "APNIC", "ARIN", "LACNIC", "RIPE"}));
    init_command
        ->add_option("--ca-url", wanted.ca_url, "The CA that may ask: its server.public_url")
        ->required();
    init_command
        ->add_option("--listen", wanted.listen, "ADDRESS:PORT (may be repeated; 0.0.0.0:8443)")
        ->allow_extra_args(false);

    std::vector<std::string> overrides;
    auto* serve_command = program.add_subcommand("serve", "Serve the perspective in a folder");
    serve_command->footer(
        "SIGTERM drains and exits 0. SIGHUP reads the files of [open_mpic] again: with it, this\n"
        "perspective serves the Open MPIC API (POST /mpic, /dcv, /caa) beside its CA.\n"
        "Example:\n  cairn-va serve /var/lib/cairn-va --set validation.http_port=5002");
    serve_command->add_option("DIR", folder, "Folder that `init` created")->required();
    serve_command
        ->add_option("--set", overrides,
                     "KEY=VALUE overrides a key of va.toml; VALUE is TOML (may be repeated)")
        ->allow_extra_args(false);

    auto* code_command = program.add_subcommand(
        "code", "Forget the CA, and make another code for the perspective in a folder");
    code_command->footer("Example:\n  cairn-va code /var/lib/cairn-va");
    code_command->add_option("DIR", folder, "Folder that `init` created")->required();

    const std::vector<std::string> given(arguments + 1, arguments + argument_count);
    try {
        program.parse(argument_count, arguments);
        if (init_command->parsed()) return init(folder, wanted, region);
        if (code_command->parsed()) return make_code(folder);
        return cairn::apps::serve_perspective(folder, overrides);
    } catch (const CLI::ParseError& error) {
        if (error.get_exit_code() == 0) return program.exit(error);
        std::ostringstream words;
        if (const auto unknown = cairn::command_line::unknown_word(program, given))
            words << "cairn-va: " << *unknown << "\nRun `cairn-va --help` for what there is.\n";
        else
            program.exit(error, std::cout, words);
        cairn::base::write_last_words(words.str());
        return failed;
    } catch (const std::exception& error) {
        cairn::base::write_last_words("cairn-va: " + std::string(error.what()) + "\n");
        return failed;
    }
}
