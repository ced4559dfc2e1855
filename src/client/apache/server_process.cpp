#include "client/apache/server_process.h"

#include <charconv>
#include <chrono>
#include <set>
#include <system_error>

#include <errno.h>
#include <fmt/format.h>
#include <signal.h>

#include "client/command_words.h"
#include "client/durable_file.h"
#include "client/failure.h"

namespace cairn::client::apache {
namespace {

using namespace std::chrono_literals;

const char* const aim = "have Apache read its configuration again";
constexpr std::size_t max_file = 65536;
constexpr auto patience = 5s;
constexpr auto pause = 50ms;
/// How long a server that has new children must live on: they may be late ones of what it read
/// before.
constexpr auto settling = 300ms;

std::set<std::string> numbers_in(std::string_view text) {
    std::set<std::string> numbers;
    while (!text.empty()) {
        const auto end = std::min(text.find(' '), text.size());
        if (end > 0) numbers.emplace(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return numbers;
}

}  // namespace

std::string unit_in(std::string_view cgroup) {
    constexpr std::string_view ending = ".service";
    const auto end = cgroup.rfind(ending);
    if (end == std::string_view::npos) return {};
    const auto slash = cgroup.rfind('/', end);
    if (slash == std::string_view::npos) return {};
    return std::string(cgroup.substr(slash + 1, end + ending.size() - slash - 1));
}

std::optional<ServerProcess> ServerProcess::find(const std::filesystem::path& pid_file) {
    const auto text = read_file(pid_file, 100);
    if (!text) return std::nullopt;
    pid_t number = 0;
    std::from_chars(text->data(), text->data() + text->size(), number);
    if (number <= 1) return std::nullopt;
    ServerProcess process(number);
    if (!process.is_alive()) return std::nullopt;
    // The number may have come to another since.
    const auto name = read_file(fmt::format("/proc/{}/comm", number), 100);
    if (name && !name->starts_with("apache2") && !name->starts_with("httpd")) return std::nullopt;
    return process;
}

bool ServerProcess::is_alive() const {
    if (::kill(number_, 0) != 0 && errno == ESRCH) return false;
    // One that has ended may still have to be asked for its status.
    const auto status = read_file(fmt::format("/proc/{}/stat", number_), max_file);
    if (!status) return true;
    const auto name_end = status->rfind(") ");
    return name_end == std::string::npos ||
           (*status)[std::min(name_end + 2, status->size() - 1)] != 'Z';
}

std::string ServerProcess::children() const {
    return read_file(fmt::format("/proc/{0}/task/{0}/children", number_), max_file).value_or("");
}

std::string ServerProcess::unit() const {
    return unit_in(read_file(fmt::format("/proc/{}/cgroup", number_), max_file).value_or(""));
}

void ServerProcess::reload(Timer& timer) const {
    const auto before = numbers_in(children());
    if (::kill(number_, SIGUSR1) != 0 && errno != ESRCH)
        throw Failure({aim, Phase::deploy}, std::generic_category().message(errno), "run as root.");
    const auto deadline = timer.now() + patience;
    std::optional<Timer::TimePoint> settled;
    while (timer.now() < deadline) {
        if (!is_alive())
            throw Failure({aim, Phase::deploy}, "it has ended instead",
                          "its error log says why; `apache2 -t` does not find everything.");
        // Whoever answers from now on knows the new one. Without children in /proc it is waited
        // for whether it ends.
        if (settled && timer.now() >= *settled) return;
        for (const auto& child : numbers_in(children()))
            if (!settled && !before.empty() && !before.contains(child))
                settled = timer.now() + settling;
        timer.wait(pause);
    }
}

}  // namespace cairn::client::apache
