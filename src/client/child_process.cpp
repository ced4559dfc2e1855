#include "client/child_process.h"

#include <system_error>

#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include "base/child_process.h"
#include "client/durable_file.h"

namespace cairn::client {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr std::size_t max_output = 4096;
/// How often the end of a program is looked for that leaves its output open to a child of its own.
constexpr int glance_milliseconds = 20;

/// Takes what can be read now; false once the other end is closed.
bool take_output(int pipe, std::string& output) {
    char buffer[4096];
    // So many at a time, since a program that never stops talking must not outrun its deadline.
    for (int reads = 0; reads < 16; ++reads) {
        const auto count = ::read(pipe, buffer, sizeof buffer);
        if (count == 0) return false;
        if (count < 0) return errno == EAGAIN || errno == EINTR;
        output.append(buffer, static_cast<std::size_t>(count));
        if (output.size() > max_output) output.erase(0, output.size() - max_output);
    }
    return true;
}

}  // namespace

base::Result<ChildResult> run_program(const ChildProgram& program, Timer& timer) {
    const auto failed = [&](int error) {
        return base::fail(fmt::format("cannot run {}: {}", program.path.string(),
                                      std::generic_category().message(error)));
    };
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return failed(errno);
    const FileDescriptor reading(ends[0]);
    FileDescriptor writing(ends[1]);
    if (::fcntl(reading.number(), F_SETFL, O_NONBLOCK) != 0) return failed(errno);

    auto child = base::ChildProcess::start(program.path, program.arguments, program.environment,
                                           writing.number());
    if (!child) return std::unexpected(std::move(child.error()));
    writing.close();

    const auto deadline = timer.now() + program.deadline;
    ChildResult result;
    bool is_writing = true;
    for (;;) {
        if (is_writing) {
            pollfd readable{reading.number(), POLLIN, 0};
            ::poll(&readable, 1, glance_milliseconds);
            is_writing = take_output(reading.number(), result.output);
        } else {
            ::poll(nullptr, 0, 1);
        }
        if (const auto status = child->ended()) {
            if (is_writing) take_output(reading.number(), result.output);
            result.status = *status;
            return result;
        }
        if (timer.is_stopped()) throw_interrupted();
        if (timer.now() > deadline)
            return base::fail(fmt::format(
                "{} did not end within {} s and was killed", program.path.string(),
                std::chrono::duration_cast<std::chrono::seconds>(program.deadline).count()));
    }
}

base::Result<std::filesystem::path> program_path(std::string_view text) {
    if (text.empty()) return base::fail("no program was named");
    const auto path = std::filesystem::absolute(text).lexically_normal();
    std::error_code ignored;
    if (!std::filesystem::is_regular_file(path, ignored))
        return base::fail(fmt::format("there is no program {}", path.string()));
    if (::access(path.c_str(), X_OK) != 0)
        return base::fail(fmt::format("{} may not be run: {}", path.string(),
                                      std::generic_category().message(errno)));
    return path;
}

}  // namespace cairn::client
