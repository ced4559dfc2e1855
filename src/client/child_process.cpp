#include "client/child_process.h"

#include <algorithm>
#include <string_view>
#include <system_error>

#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/child_process.h"
#include "client/durable_file.h"

namespace cairn::client {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr std::size_t max_output = 4096;
constexpr std::size_t max_data = 65536;
/// Of its output, in the text of an error.
constexpr std::size_t max_told = 1000;
/// How often the end of a program is looked for that leaves its output open to a child of its own.
constexpr int glance_milliseconds = 20;

/// Takes what can be read now; false once the other end is closed.
bool take_output(int pipe, std::string& output, std::size_t limit) {
    char buffer[4096];
    // So many at a time, since a program that never stops talking must not outrun its deadline.
    for (int reads = 0; reads < 16; ++reads) {
        const auto count = ::read(pipe, buffer, sizeof buffer);
        if (count == 0) return false;
        if (count < 0) return errno == EAGAIN || errno == EINTR;
        output.append(buffer, static_cast<std::size_t>(count));
        if (output.size() > limit) output.erase(0, output.size() - limit);
    }
    return true;
}

/// Where a program writes, as this process reads it.
class OutputPipe {
  public:
    /// False, and errno, if there are no descriptors.
    bool open() {
        int ends[2];
        if (::pipe2(ends, O_CLOEXEC) != 0) return false;
        reading_ = FileDescriptor(ends[0]);
        writing_ = FileDescriptor(ends[1]);
        return ::fcntl(reading_.number(), F_SETFL, O_NONBLOCK) == 0;
    }
    [[nodiscard]] int writing() const { return writing_.number(); }
    [[nodiscard]] int reading() const { return reading_.number(); }
    void close_writing() { writing_.close(); }

  private:
    FileDescriptor reading_, writing_;
};

/// A file in memory that holds `text`, read from its start.
FileDescriptor file_with(std::string_view text) {
    FileDescriptor file(::memfd_create("input", MFD_CLOEXEC));
    while (file.is_open() && !text.empty()) {
        const auto count = ::write(file.number(), text.data(), text.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return {};
        text.remove_prefix(static_cast<std::size_t>(count));
    }
    if (file.is_open()) ::lseek(file.number(), 0, SEEK_SET);
    return file;
}

std::string end_of(std::string_view text) {
    return base::printable(text.substr(text.size() - std::min(text.size(), max_told)), max_told);
}

}  // namespace

base::Result<ChildResult> run_program(const ChildProgram& program, Timer& timer) {
    const auto failed = [&](int error) {
        return base::fail(fmt::format("cannot run {}: {}", program.path.string(),
                                      std::generic_category().message(error)));
    };
    const bool is_apart = program.errors == ErrorOutput::apart;
    OutputPipe output;
    OutputPipe errors;
    if (!output.open() || (is_apart && !errors.open())) return failed(errno);
    const auto limit = is_apart ? max_data : max_output;

    FileDescriptor input;
    if (!program.input.empty()) {
        auto file = file_with(program.input);
        if (!file.is_open()) return failed(errno);
        input = std::move(file);
    }
    auto child = base::ChildProcess::start(
        program.path, program.arguments, program.environment, output.writing(),
        is_apart ? std::optional(errors.writing()) : std::nullopt, input.number());
    if (!child) return std::unexpected(std::move(child.error()));
    output.close_writing();
    errors.close_writing();

    const auto deadline = timer.now() + program.deadline;
    ChildResult result;
    bool is_writing = true;
    for (;;) {
        if (is_writing) {
            pollfd readable[] = {{output.reading(), POLLIN, 0}, {errors.reading(), POLLIN, 0}};
            ::poll(readable, is_apart ? 2 : 1, glance_milliseconds);
            is_writing = take_output(output.reading(), result.output, limit);
            if (is_apart) take_output(errors.reading(), result.errors, max_output);
        } else {
            ::poll(nullptr, 0, 1);
        }
        if (const auto status = child->ended()) {
            if (is_writing) take_output(output.reading(), result.output, limit);
            if (is_apart) take_output(errors.reading(), result.errors, max_output);
            result.status = *status;
            return result;
        }
        if (timer.is_stopped()) throw_interrupted();
        if (timer.now() > deadline) {
            // What is data may be secret.
            const auto& told = is_apart ? result.errors : result.output;
            return base::fail(fmt::format(
                "{} did not end within {} s and was killed{}", program.path.string(),
                std::chrono::duration_cast<std::chrono::seconds>(program.deadline).count(),
                told.empty() ? "" : fmt::format("; what it wrote ends with \"{}\"", end_of(told))));
        }
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
