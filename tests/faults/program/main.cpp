// cairn-ca as it is served, but for one fault: it dies at a named point. For tests/faults alone.

#include <iostream>

#include <CLI/CLI.hpp>

#include "apps/ca/serve.h"
#include "tests/faults/program/faulty_adapters.h"

int main(int argument_count, char** arguments) {
    CLI::App program("cairn-ca that dies at a named point", "cairn-ca-faulty");
    std::filesystem::path folder;
    std::string text;
    std::vector<std::string> overrides;
    program.require_subcommand(1);
    program.add_subcommand("points", "List the steps before and after which it can die");
    auto* serve = program.add_subcommand("serve", "Serve the authority in a folder");
    serve->add_option("DIR", folder, "Folder that `cairn-ca init` created")->required();
    serve->add_option("--die-at", text, "STEP.before or STEP.after, with :N the Nth time")
        ->required();
    serve->add_option("--set", overrides, "KEY=VALUE, as for cairn-ca")->allow_extra_args(false);
    try {
        program.parse(argument_count, arguments);
        if (program.got_subcommand("points")) {
            for (const auto& step : cairn::faults::FaultPoint::steps()) std::cout << step << "\n";
            return 0;
        }
        cairn::faults::FaultPoint point(text);
        return cairn::apps::serve(folder, overrides, cairn::faults::FaultyAdapters(point));
    } catch (const CLI::ParseError& error) {
        return program.exit(error) == 0 ? 0 : 2;
    } catch (const std::exception& error) {
        std::cerr << "cairn-ca-faulty: " << error.what() << "\n";
        return 2;
    }
}
