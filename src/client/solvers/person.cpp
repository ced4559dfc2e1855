#include "client/solvers/person.h"

#include <errno.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include "client/failure.h"

namespace cairn::client {
namespace {

constexpr int glance_milliseconds = 200;

}  // namespace

void tell_of_record(const SolverContext& context, const Challenge& challenge) {
    const auto record = dns_record_of(challenge);
    context.listener(challenge).tell({.kind = ProgressKind::put_up_record,
                                      .identifiers = {challenge.identifier},
                                      .place = record.name + ".",
                                      .text = record.value});
}

Confirmation await_confirmation(const SolverContext& context, const Challenge& challenge,
                                const std::function<bool()>& is_there) {
    context.listener(challenge).tell(
        {.kind = ProgressKind::confirm_answer, .identifiers = {challenge.identifier}});
    for (;;) {
        if (context.timer.is_stopped()) throw_interrupted();
        if (is_there()) return Confirmation::by_sight;
        pollfd readable{context.input, POLLIN, 0};
        if (::poll(&readable, 1, glance_milliseconds) <= 0) continue;
        char character = 0;
        const auto count = ::read(context.input, &character, 1);
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0)
            throw Failure({fmt::format("prove control of {}", challenge.identifier.value()),
                           Phase::challenge, challenge.identifier},
                          "nobody answered: standard input is closed",
                          "run the command at a terminal, or use another --solver.");
        if (character == '\n') return Confirmation::by_a_person;
    }
}

}  // namespace cairn::client
