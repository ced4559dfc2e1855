#include "client/nginx/program.h"

#include <charconv>

#include <errno.h>
#include <fmt/format.h>
#include <signal.h>

#include "client/child_process.h"
#include "client/command_words.h"
#include "client/durable_file.h"

namespace cairn::client::nginx {
namespace {

namespace fs = std::filesystem;

/// A large configuration with many names resolves each at its test.
constexpr std::chrono::milliseconds command_patience = std::chrono::minutes{2};
constexpr std::size_t max_pid_file = 100;

base::Result<std::string> run_line(const std::string& line, Timer& timer) {
    const auto words = CommandWords::find(line);
    if (!words) return std::unexpected(words.error());
    const auto ended = run_program({.path = words->program(),
                                    .arguments = words->arguments(),
                                    .environment = {},
                                    .deadline = command_patience},
                                   timer);
    if (!ended) return std::unexpected(ended.error().within(line));
    if (ended->status != 0)
        return base::fail(fmt::format("{} ended with status {}: {}", line, ended->status,
                                      base::printable(ended->output, 2000)));
    return ended->output;
}

/// The value of an option that nginx was built with: "--prefix=".
std::optional<fs::path> built_with(std::string_view output, std::string_view option) {
    const auto place = output.find(" " + std::string(option));
    if (place == std::string_view::npos) return std::nullopt;
    const auto value = output.substr(place + 1 + option.size());
    return fs::path(value.substr(0, value.find_first_of(" \r\n")));
}

}  // namespace

base::Result<NginxProgram> NginxProgram::find(const NginxOptions& options, Timer& timer) {
    const auto words = CommandWords::find(shell_quoted(options.program));
    if (!words)
        return std::unexpected(words.error().within("nginx is not found (program=FILE names it)"));
    NginxProgram nginx;
    nginx.program_ = words->program();
    nginx.said_prefix_ = options.prefix;
    nginx.reload_ = options.reload;
    const auto built = run_line(shell_quoted(nginx.program_.string()) + " -V", timer);
    if (!built) return std::unexpected(built.error());
    nginx.prefix_ = options.prefix.empty()
                        ? built_with(*built, "--prefix=").value_or("/usr/local/nginx")
                        : options.prefix;
    // Paths that are relative are so to the prefix.
    nginx.file_ =
        options.configuration.empty()
            ? nginx.prefix_ / built_with(*built, "--conf-path=").value_or("conf/nginx.conf")
            : options.configuration;
    nginx.pid_ = nginx.prefix_ / built_with(*built, "--pid-path=").value_or("logs/nginx.pid");
    return nginx;
}

std::string NginxProgram::line_with(const std::vector<std::string>& words) const {
    auto line = shell_quoted(program_.string());
    for (const auto& word : words) line += " " + shell_quoted(word);
    line += " -c " + shell_quoted(file_.string());
    if (!said_prefix_.empty()) line += " -p " + shell_quoted(said_prefix_.string() + "/");
    return line;
}

std::string NginxProgram::test_line() const {
    return line_with({"-t", "-q"});
}

std::string NginxProgram::reload_line() const {
    return reload_.empty() ? line_with({"-s", "reload"}) : reload_;
}

base::Result<void> NginxProgram::test(Timer& timer) const {
    const auto output = run_line(test_line(), timer);
    if (!output) return std::unexpected(output.error());
    return {};
}

base::Result<void> NginxProgram::reload(Timer& timer) const {
    const auto output = run_line(reload_line(), timer);
    if (!output) return std::unexpected(output.error());
    return {};
}

fs::path NginxProgram::pid_file(const Configuration& configuration) const {
    for (const auto& each : configuration.top())
        if (each.directive->is("pid")) return prefix_ / each.directive->parameter(1);
    return pid_;
}

bool NginxProgram::is_running(const Configuration& configuration) const {
    const auto text = read_file(pid_file(configuration), max_pid_file);
    if (!text) return false;
    pid_t number = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), number);
    if (error != std::errc() || number <= 1) return false;
    return ::kill(number, 0) == 0 || errno == EPERM;
}

}  // namespace cairn::client::nginx
