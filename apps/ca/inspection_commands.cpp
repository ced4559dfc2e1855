#include "apps/ca/inspection_commands.h"

#include <filesystem>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "apps/ca/adapters.h"
#include "apps/ca/check.h"
#include "apps/ca/validate_command.h"

namespace cairn::apps {

struct InspectionCommands::Given {
    CLI::App* check = nullptr;
    std::filesystem::path folder;
    std::vector<std::string> overrides;
    bool as_json = false;
    CLI::App* validate = nullptr;
    ValidateRequest request;
};

InspectionCommands::InspectionCommands(CLI::App& program) : given_(std::make_unique<Given>()) {
    auto* check = program.add_subcommand(
        "check", "Find whatever is wrong with an authority, all at once, and change nothing");
    check->footer(
        "Exit code 0: nothing is wrong; warnings do not count. 2: something is.\n"
        "Example:\n  cairn-ca check /var/lib/cairn-ca");
    check->add_option("DIR", given_->folder, "Folder that `init` created")->required();
    check->add_option("--set", given_->overrides, "KEY=VALUE as for `serve` (may be repeated)")
        ->allow_extra_args(false);
    check->add_flag("--json", given_->as_json, "Answer with one JSON object");
    given_->check = check;

    auto& request = given_->request;
    auto* validate = program.add_subcommand(
        "validate", "Show what each perspective sees for a name, step by step, and change nothing");
    validate->footer(
        "Exit code 0: each method got as far as where a proof would be. 2: one did not.\n"
        "Example:\n  cairn-ca validate /var/lib/cairn-ca www.example.com --method http-01");
    validate->add_option("DIR", request.folder, "Folder that `init` created")->required();
    validate->add_option("NAME", request.name, "Name, wildcard or address")->required();
    validate->add_option("--method", request.method,
                         "http-01, dns-01, tls-alpn-01, dns-account-01 or dns-persist-01; all "
                         "that the CA offers unless said");
    validate->add_option("--account", request.account,
                         "URL of the account, for the methods that are bound to one");
    validate->add_option("--set", request.overrides, "KEY=VALUE as for `serve` (may be repeated)")
        ->allow_extra_args(false);
    validate->add_flag("--json", request.as_json, "Answer with one JSON object");
    given_->validate = validate;
}

InspectionCommands::~InspectionCommands() = default;

bool InspectionCommands::was_given() const {
    return given_->check->parsed() || given_->validate->parsed();
}

int InspectionCommands::run() const {
    if (given_->validate->parsed()) return run_validate(given_->request);
    return run_check(given_->folder, given_->overrides, given_->as_json, Adapters());
}

}  // namespace cairn::apps
