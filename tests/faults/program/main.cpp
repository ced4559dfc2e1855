// cairn-ca as it is served, but for its faults: it dies at a named point, its signer is away, or it
// serves as a public CA, which the product does not. For tests alone.

#include <filesystem>
#include <iostream>
#include <memory>

#include <CLI/CLI.hpp>

#include "apps/ca/serve.h"
#include "tests/faults/program/faulty_adapters.h"
#include "tests/faults/program/memory_limit.h"

int main(int argument_count, char** arguments) {
    CLI::App program("cairn-ca with faults", "cairn-ca-faulty");
    std::filesystem::path folder;
    cairn::faults::SignerFaults signer_faults;
    std::string text;
    std::vector<std::string> overrides;
    program.require_subcommand(1);
    program.add_subcommand("points", "List the steps before and after which it can die");
    auto* serve = program.add_subcommand("serve", "Serve the authority in a folder");
    serve->add_option("DIR", folder, "Folder that `cairn-ca init` created")->required();
    serve->add_option("--die-at", text, "STEP.before or STEP.after, with :N the Nth time");
    serve->add_option("--signer-away", signer_faults.away,
                      "While this file exists, nothing is signed");
    bool signs_outside = false;
    serve->add_flag("--sign-outside", signs_outside, "Signatures are made in another process");
    bool serves_public = false;
    serve->add_flag("--serve-public", serves_public,
                    "A public CA serves although something is missing that it must have");
    std::size_t mebibytes = 0;
    serve->add_option("--memory-limit", mebibytes, "Most MiB that operator new gives out");
    serve->add_option("--set", overrides, "KEY=VALUE, as for cairn-ca")->allow_extra_args(false);
    try {
        program.parse(argument_count, arguments);
        if (program.got_subcommand("points")) {
            for (const auto& step : cairn::faults::FaultPoint::steps()) std::cout << step << "\n";
            return 0;
        }
        if (mebibytes > 0) cairn::faults::limit_memory(mebibytes << 20U);
        if (signs_outside) signer_faults.place = cairn::ca::Signer::Place::outside;
        using cairn::faults::FaultPoint;
        const auto point = serve->count("--die-at") == 0 ? std::make_unique<FaultPoint>()
                                                         : std::make_unique<FaultPoint>(text);
        return cairn::apps::serve(
            folder, overrides, cairn::faults::FaultyAdapters(*point, signer_faults, serves_public));
    } catch (const CLI::ParseError& error) {
        return program.exit(error) == 0 ? 0 : 2;
    } catch (const std::exception& error) {
        std::cerr << "cairn-ca-faulty: " << error.what() << "\n";
        return 2;
    }
}
