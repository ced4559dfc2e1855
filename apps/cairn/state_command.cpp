#include <memory>

#include <CLI/CLI.hpp>
#include <fmt/format.h>

#include "apps/cairn/certificate_facts.h"
#include "apps/cairn/commands.h"
#include "client/state_move.h"

namespace cairn {
namespace {

using Origin = client::StatePlace::Origin;

std::string_view origin_name(Origin origin) {
    switch (origin) {
        case Origin::said:
            return "said";
        case Origin::usual:
            return "usual";
        case Origin::former:
            return "former";
        case Origin::unknown:
            return "unknown";
    }
    return {};
}

std::string_view origin_reason(Origin origin) {
    switch (origin) {
        case Origin::said:
            return "as --state or CAIRN_STATE says";
        case Origin::usual:
            return "by default";
        case Origin::former:
            return "where a former version has left it; `cairn state move` moves it";
        case Origin::unknown:
            return "not known";
    }
    return {};
}

Outcome show_place(Run& run, const CommonOptions& common) {
    run.require_state();
    const auto& root = run.state().root();
    const auto count = run.state().lineages().size();
    if (!common.json)
        run.console().print_table({{"State", root.string()},
                                   {"Because", std::string(origin_reason(run.place().origin))},
                                   {"Lineages", std::to_string(count)}},
                                  Delivery::required);
    return {.data = {{"state",
                      {{"folder", json_text(root.string())},
                       {"origin", origin_name(run.place().origin)},
                       {"lineages", count}}}},
            .delivery = Delivery::required};
}

Outcome move(Run& run, const std::string& from) {
    const auto usual = client::usual_state(client::StateUser::current());
    const auto to = run.place().origin == Origin::said ? run.place().root : usual;
    if (to.empty())
        throw client::Failure("move the state", "this user has no home", "say --state DIR.");
    client::StateMove state_move(from, to);
    Outcome outcome{
        .data = {{"state", {{"folder", json_text(to.string())}, {"moved_from", json_text(from)}}}}};
    if (state_move.is_done()) {
        run.console().say(fmt::format("There is nothing to move in {}.", from));
        outcome.result = Result::nothing_to_do;
        return outcome;
    }
    run.console().say(fmt::format("Moving the state in {} to {}.", from, to.string()));
    state_move.run();
    run.console().say(
        fmt::format("The state is in {}. Links in {} lead to it, so that what is configured with "
                    "paths there goes on; settings and credentials have stayed.",
                    to.string(), from));
    return outcome;
}

}  // namespace

void add_state_command(CLI::App& program, CommonOptions& common, Command& chosen) {
    auto* command = program.add_subcommand("state", "Show where the state is, and move it");
    command->require_subcommand(1);
    command->fallthrough();
    command->footer("Examples:\n  cairn state show\n  cairn state move");
    auto* shown = command->add_subcommand("show", "Show where the state is, and why there");
    shown->footer("Example:\n  cairn state show --json");
    shown->callback(
        [&common, &chosen] { chosen = [&common](Run& run) { return show_place(run, common); }; });
    auto* moved = command->add_subcommand(
        "move",
        "Move the state of a former version to where it is by default, or to --state, and leave "
        "links");
    const auto from = std::make_shared<std::string>(client::former_state());
    moved->add_option("--from", *from, "Where it is")->type_name("DIR")->capture_default_str();
    moved->footer(
        "Whatever interrupts it, one of the two places is complete; say it again to go on.\n"
        "Examples:\n"
        "  cairn state move\n"
        "  cairn state move --from /etc/cairn --state /srv/cairn");
    moved->callback([&chosen, from] { chosen = [from](Run& run) { return move(run, *from); }; });
}

}  // namespace cairn
