#include "client/solver_program.h"

#include <utility>
#include <vector>

#include <fmt/format.h>

#include "base/result.h"

namespace cairn::client {
namespace {

/// Of the output, in the text of a failure.
constexpr std::size_t max_told = 1000;
/// The same, in what is kept.
constexpr std::size_t max_kept = 4096;

}  // namespace

std::string run_for_proof(const SolverProgram& run, Timer& timer, Progress* progress) {
    const auto redacted = [&](std::string text) {
        return run.redact ? run.redact(std::move(text)) : std::move(text);
    };
    const auto result = run_program(run.program, timer);
    if (!result) throw Failure(run.aim, redacted(result.error().message), "check the program.");
    auto output = redacted(result->output);
    if (progress != nullptr)
        progress->tell({.kind = ProgressKind::program_ended,
                        .identifiers = run.identifier ? std::vector{*run.identifier}
                                                      : std::vector<protocol::Identifier>(),
                        .place = run.line,
                        .number = static_cast<unsigned long>(result->status),
                        .text = base::printable(output, max_kept)});
    if (result->status != 0)
        throw Failure(run.aim,
                      fmt::format("{} ended with status {}: \"{}\"", run.line, result->status,
                                  base::printable(output, max_told)),
                      run.advice);
    return output;
}

}  // namespace cairn::client
