#include "bench/validation_table.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "bench/scenario.h"

namespace cairn::bench {

namespace {

double median_of(const std::vector<HoleRound>& rounds, double (*value)(const HoleRound&)) {
    std::vector<double> values;
    for (const auto& round : rounds) values.push_back(value(round));
    return median(std::move(values));
}

double share(std::vector<double> values, double part) {
    std::ranges::sort(values);
    return percentile(values, part);
}

std::string times_of(const std::vector<double>& values) {
    return fmt::format("p50 {} and p95 {} ms", figure(share(values, 0.5)),
                       figure(share(values, 0.95)));
}

ValidationRow cost_row(const ValidationCost& cost) {
    const auto unit = cost.floor.p256_verify;
    return {.goal = {.figure = "a validation, " + to_string(cost.scenario),
                     .unit = "V",
                     .goal = 5,
                     .bound = 15,
                     .measured = cost.units()},
            .seen = fmt::format(
                "{} validations; with the request {} V, that once it is decided {} V, its own "
                "cryptography {} V; {} waits of a thread",
                cost.validations, figure(cost.request / unit), figure(cost.decided_request / unit),
                figure(cost.cryptography() / unit), figure(cost.waits))};
}

void add_hole_rows(const HoleFinding& finding, std::vector<ValidationRow>& rows) {
    const auto& rounds = finding.rounds;
    const auto middle = std::ranges::min_element(rounds, {}, [&](const HoleRound& round) {
        return std::abs(round.ratio() -
                        median_of(rounds, [](const HoleRound& each) { return each.ratio(); }));
    });
    const auto in_flight = std::ranges::min(rounds, {}, &HoleRound::in_flight).in_flight;
    rows.push_back({.goal = {.figure = "an honest one beside " + to_string(finding.scenario),
                             .unit = "x",
                             .goal = 1.1,
                             .bound = 1.5,
                             .measured = median_of(
                                 rounds, [](const HoleRound& round) { return round.ratio(); })},
                    .seen = fmt::format("{:.0f} in flight; alone {}, beside them {}", in_flight,
                                        times_of(middle->alone), times_of(middle->beside))});
    const auto most = std::ranges::max(rounds, {}, &HoleRound::more_threads);
    rows.push_back({.goal = {.figure = "threads for " + to_string(finding.scenario),
                             .unit = "",
                             .goal = 0,
                             .bound = 0,
                             .measured = most.more_threads()},
                    .seen = fmt::format("{:.0f} before, {:.0f} with {:.0f} in flight",
                                        most.threads_alone, most.threads_beside, most.in_flight)});
}

ValidationRow perspective_row(const PerspectiveFinding& finding) {
    const auto where = finding.delay_milliseconds == 0
                           ? std::string("on the loopback")
                           : fmt::format("hosts {} ms away", finding.delay_milliseconds);
    return {.goal = {.figure =
                         fmt::format("{} perspectives over none, {}", finding.perspectives, where),
                     .unit = "x",
                     .goal = 1.3,
                     .bound = 2,
                     .measured = finding.ratio()},
            .seen = fmt::format("alone {}, with them {}; a question costs a cairn-va {} V",
                                times_of(finding.alone), times_of(finding.together),
                                figure(finding.cost_of_each / finding.floor.p256_verify))};
}

}  // namespace

std::vector<ValidationRow> validation_rows(const ValidationFindings& findings) {
    std::vector<ValidationRow> rows;
    for (const auto& cost : findings.costs) rows.push_back(cost_row(cost));
    for (const auto& finding : findings.holes) add_hole_rows(finding, rows);
    for (const auto& finding : findings.perspectives) rows.push_back(perspective_row(finding));
    return rows;
}

TextTable validation_table(const ValidationFindings& findings) {
    TextTable table{.head = {"figure", "measured", "goal", "bound", "", "also seen"}, .rows = {}};
    for (const auto& [goal, seen] : validation_rows(findings)) {
        const auto with_unit = [&goal = goal](double value) {
            return figure(value) + (goal.unit.empty() ? "" : " " + goal.unit);
        };
        table.rows.push_back({goal.figure, with_unit(*goal.measured), with_unit(goal.goal),
                              with_unit(goal.bound), to_string(verdict(goal)), seen});
    }
    return table;
}

}  // namespace cairn::bench
