#include <algorithm>
#include <memory>

#include <CLI/CLI.hpp>
#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include "apps/cairn/certificate_facts.h"
#include "apps/cairn/commands.h"
#include "apps/cairn/sentences.h"
#include "client/attempt_history.h"
#include "client/report_json.h"

namespace cairn {
namespace {

using client::AttemptState;
using client::ProgressKind;
using client::RecordedAttempt;

constexpr std::size_t max_others = 5;

/// The event with what every sentence of its kind speaks of: a file may lack it.
client::ProgressEvent completed(client::ProgressEvent event) {
    if (event.identifiers.empty())
        event.identifiers.push_back(protocol::Identifier::dns("unknown.invalid").value());
    if (!event.challenge) event.challenge = protocol::ChallengeType::http_01;
    if (!event.problem) event.problem.emplace(protocol::ProblemType::unknown, "not kept");
    if (!event.failure) event.failure.emplace("do something", "what came back was not kept");
    return event;
}

std::string sentence_of_step(const client::AttemptStep& step) {
    return sentence_of(completed(step.event));
}

/// The lines behind the first, set in as far as it.
std::string indented(std::string_view text, std::size_t width) {
    std::string result;
    for (const char character : text) {
        result += character;
        if (character == '\n') result += std::string(width, ' ');
    }
    return result;
}

std::string ending_of(const RecordedAttempt& attempt) {
    const auto seconds = [](std::chrono::milliseconds time) {
        return fmt::format("{:.1f} s", std::chrono::duration<double>(time).count());
    };
    switch (attempt.state) {
        case AttemptState::running:
            return "is still running";
        case AttemptState::succeeded:
            return "succeeded after " + seconds(attempt.took.value_or(std::chrono::milliseconds()));
        case AttemptState::failed:
            return "failed after " + seconds(attempt.took.value_or(std::chrono::milliseconds()));
        case AttemptState::interrupted:
            return "was interrupted";
    }
    return {};
}

std::string title_of(const RecordedAttempt& attempt) {
    const auto* const work = attempt.work == client::AttemptWork::renew      ? "renew"
                             : attempt.work == client::AttemptWork::rehearse ? "rehearse"
                             : attempt.work == client::AttemptWork::deploy   ? "deploy"
                                                                             : "issue";
    return fmt::format("Attempt {} to {} {} {}.", attempt.id, work, attempt.lineage,
                       ending_of(attempt));
}

std::string timeline_of(const RecordedAttempt& attempt) {
    auto text = fmt::format("{}  it began\n", base::to_rfc3339(attempt.started));
    for (const auto& step : attempt.steps) {
        const auto time =
            fmt::format("{:>+18.1f} s", std::chrono::duration<double>(step.after).count());
        const auto* const mark = client::is_warning(step.event.kind) ? "warning: " : "";
        text += fmt::format("{}  {}{}\n", time, mark, indented(sentence_of_step(step), 22));
    }
    if (attempt.left_out > 0)
        text += fmt::format("{:>20}  and {} further steps, which were too many to keep\n", "",
                            attempt.left_out);
    return text;
}

/// What the CA says of each name that it was not convinced of, beside what was seen from here.
std::string evidence_of(const RecordedAttempt& attempt) {
    std::string text;
    for (const auto& step : attempt.steps) {
        const auto& failed = step.event;
        if (failed.kind != ProgressKind::proof_failed || !failed.problem ||
            failed.identifiers.empty())
            continue;
        const auto& name = failed.identifiers.front();
        text += fmt::format("\n{}\n  it was to find  {}\n", name.value(),
                            base::printable(failed.place.string(), 400));
        text +=
            fmt::format("  the CA says     {}\n", indented(client::describe(*failed.problem), 18));
        for (const auto& other : attempt.steps)
            if (other.event.kind == ProgressKind::seen_from_here &&
                std::ranges::find(other.event.identifiers, name) != other.event.identifiers.end())
                text += fmt::format("  seen from here  {}\n", indented(other.event.text, 18));
        text += fmt::format("  look closer     cairn doctor {}\n", name.base_value());
    }
    return text;
}

std::string conclusion_of(const RecordedAttempt& attempt) {
    switch (attempt.state) {
        case AttemptState::running:
        case AttemptState::succeeded:
            return {};
        case AttemptState::interrupted:
            return fmt::format(
                "\nIts run ended without a word: it was killed, or the machine stopped.\nNext: "
                "`cairn renew {}` goes on with what it had ordered, if it had.\n",
                attempt.lineage);
        case AttemptState::failed:
            return attempt.failure ? fmt::format("\n{}\n", attempt.failure->what()) : std::string();
    }
    return {};
}

boost::json::object attempt_summary(const RecordedAttempt& attempt) {
    boost::json::object facts{{"id", attempt.id},
                              {"lineage", attempt.lineage},
                              {"work", client::to_string(attempt.work)},
                              {"started", base::to_rfc3339(attempt.started)},
                              {"result", client::to_string(attempt.state)}};
    if (attempt.took) facts["took_ms"] = attempt.took->count();
    return facts;
}

boost::json::object attempt_json(const RecordedAttempt& attempt) {
    auto facts = attempt_summary(attempt);
    boost::json::array steps;
    for (const auto& step : attempt.steps) {
        auto event = boost::json::parse(client::to_json(step.event)).as_object();
        event["after_ms"] = step.after.count();
        event["sentence"] = json_text(sentence_of_step(step));
        steps.push_back(std::move(event));
    }
    facts["steps"] = std::move(steps);
    if (attempt.left_out > 0) facts["steps_left_out"] = attempt.left_out;
    if (attempt.failure) facts["failure"] = facts_of(*attempt.failure);
    return facts;
}

/// The attempts at the same lineage besides this one, the newest first.
std::vector<RecordedAttempt> others_than(const client::AttemptHistory& history,
                                         const RecordedAttempt& attempt) {
    std::vector<RecordedAttempt> others;
    const auto lineage = client::LineageName::from_text(attempt.lineage);
    if (!lineage) return others;
    for (const auto& id : history.ids(*lineage)) {
        if (id == attempt.id) continue;
        if (auto other = RecordedAttempt::read(history.file(*lineage, id)))
            others.push_back(std::move(*other));
    }
    return others;
}

bool is_kept(const client::StateDirectory& state, const client::LineageName& name) {
    const auto has = [&](const std::vector<client::LineageName>& names) {
        return std::ranges::find(names, name) != names.end();
    };
    return has(state.lineages()) || has(state.live_lineages()) || has(state.lineages_with_facts());
}

/// What the words of the command line name; none if nothing of the kind is kept.
std::optional<RecordedAttempt> chosen_attempt(const client::StateDirectory& state,
                                              const std::string& word) {
    const client::AttemptHistory history(state);
    if (word.empty()) return history.newest_failure();
    const auto lineage = client::LineageName::from_text(word);
    if (lineage)
        if (auto newest = history.newest(*lineage)) return newest;
    if (auto named = history.find(word)) return named;
    if (lineage && is_kept(state, *lineage)) return std::nullopt;
    throw client::Failure(
        fmt::format("explain \"{}\"", base::printable(word)),
        fmt::format("there is no lineage and no attempt of this name in {}", state.root().string()),
        "`cairn status` lists the lineages; `cairn explain LINEAGE` names the attempts at one.");
}

Outcome explain_attempt(Run& run, const CommonOptions& common, const std::string& word) {
    run.require_state();
    const auto attempt = chosen_attempt(run.state(), word);
    if (!attempt) {
        run.console().say(fmt::format("No attempt is kept{}.", word.empty() ? "" : " of " + word));
        return {.result = Result::nothing_to_do,
                .data = {{"attempt", nullptr}},
                .delivery = Delivery::required};
    }
    const auto others = others_than(client::AttemptHistory(run.state()), *attempt);
    boost::json::array summaries;
    std::string earlier;
    for (const auto& other : others) {
        summaries.push_back(attempt_summary(other));
        if (summaries.size() <= max_others)
            earlier += fmt::format("  {}  {}\n", other.id, ending_of(other));
    }
    if (!common.json) {
        auto text = fmt::format("{}\n\n{}{}{}", title_of(*attempt), timeline_of(*attempt),
                                evidence_of(*attempt), conclusion_of(*attempt));
        if (!earlier.empty())
            text += fmt::format("\nOther attempts at {}:\n{}", attempt->lineage, earlier);
        text.pop_back();
        run.console().print(text, Delivery::required);
    }
    return {.data = {{"attempt", attempt_json(*attempt)}, {"other_attempts", std::move(summaries)}},
            .delivery = Delivery::required};
}

}  // namespace

void add_explain_command(CLI::App& program, CommonOptions& common, Command& chosen) {
    auto* command = program.add_subcommand(
        "explain", "Show step by step what became of an attempt, and why it failed");
    const auto word = std::make_shared<std::string>();
    command
        ->add_option("attempt", *word,
                     "The newest attempt at this lineage, or the one of this name; else the newest "
                     "that failed")
        ->type_name("LINEAGE|ATTEMPT");
    command->footer(
        "Examples:\n"
        "  cairn explain\n"
        "  cairn explain example.com\n"
        "  cairn explain 20261130T084200Z-3f2a --json");
    command->callback([&common, &chosen, word] {
        chosen = [&common, word](Run& run) { return explain_attempt(run, common, *word); };
    });
}

}  // namespace cairn
