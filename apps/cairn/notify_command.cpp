#include <CLI/CLI.hpp>
#include <boost/json/array.hpp>
#include <fmt/format.h>

#include "apps/cairn/commands.h"
#include "client/notices/notifier.h"

namespace cairn {
namespace {

/// In what ways people are told, as programs and people read it.
std::vector<std::string> ways_of(const client::NotifySettings& settings) {
    std::vector<std::string> ways;
    if (settings.mail) ways.emplace_back("mail");
    if (settings.webhook) ways.emplace_back("webhook");
    if (!settings.program.empty()) ways.emplace_back("program");
    return ways;
}

Outcome send_test(Run& run) {
    const auto settings = run.settings_with({client::SettingsPart::notify});
    const auto ways = ways_of(settings->notify);
    if (ways.empty())
        throw client::Failure(
            "send a test",
            fmt::format("{} names nobody to tell", (run.settings_folder() / "cairn.toml").string()),
            "add [notify.mail], [notify.webhook], or program below [notify].");
    client::Notifier notifier(settings->notify, run.state(), run.clock(), run.timer(),
                              "Cairn/" CAIRN_VERSION);
    const auto failures =
        notifier.send(client::NoticeMessage::of_test(client::name_of_host(), run.clock().now()));
    for (const auto& failure : failures) run.console().fail(failure);
    boost::json::array told;
    for (const auto& way : ways) told.emplace_back(way);
    Outcome outcome{.data = {{"ways", std::move(told)}}};
    if (!failures.empty()) {
        outcome.result = Result::failed;
        outcome.failure = failures.front();
    } else {
        std::string list;
        for (const auto& way : ways) list += (list.empty() ? "" : ", ") + way;
        run.console().say(fmt::format("A test was sent by {}.", list));
    }
    return outcome;
}

}  // namespace

void add_notify_command(CLI::App& program, CommonOptions&, Command& chosen) {
    auto* command = program.add_subcommand(
        "notify", "Try how people are told of trouble, as [notify] in cairn.toml says");
    command->require_subcommand(1);
    auto* test = command->add_subcommand("test", "Send a test in every way that is set up");
    test->footer(
        "`cairn renew` and `cairn daemon` tell people by mail, webhook or program what has failed "
        "and\n"
        "which certificates expire soon: once, and again each day while it lasts, and when it is "
        "over.\n"
        "Example, in cairn.toml:\n"
        "  [notify.mail]\n"
        "  to = [\"you@example.com\"]\n"
        "then:\n"
        "  cairn notify test");
    test->callback([&chosen] { chosen = [](Run& run) { return send_test(run); }; });
}

}  // namespace cairn
