#include "client/leftovers.h"

#include <charconv>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <errno.h>
#include <signal.h>
#include <sys/types.h>
#include <unistd.h>

namespace cairn::client {
namespace {

namespace fs = std::filesystem;

bool is_running(pid_t process) {
    return ::kill(process, 0) == 0 || errno != ESRCH;
}

/// The process that has staged a file of this name (client/durable_file); 0 if none has.
pid_t author_of(std::string_view name) {
    if (!name.starts_with('.')) return 0;
    const auto number = name.substr(name.rfind('.') + 1);
    pid_t process = 0;
    const auto* const end = number.data() + number.size();
    const auto [rest, error] = std::from_chars(number.data(), end, process);
    return error == std::errc{} && rest == end && process > 0 ? process : 0;
}

bool is_leftover(const fs::directory_entry& entry) {
    const auto name = entry.path().filename().string();
    std::error_code none;
    if (fs::is_directory(entry.symlink_status(none)))
        return name.starts_with('.') && name.ends_with(".new");
    const auto author = author_of(name);
    return author != 0 && author != ::getpid() && !is_running(author);
}

bool is_quiet(const fs::path& path, std::chrono::seconds untouched_for) {
    if (untouched_for == std::chrono::seconds{0}) return true;
    std::error_code error;
    const auto touched = fs::last_write_time(path, error);
    return !error && fs::file_time_type::clock::now() - touched > untouched_for;
}

}  // namespace

void remove_leftovers(const fs::path& directory, std::chrono::seconds untouched_for) {
    std::vector<fs::path> leftovers;
    std::error_code error;
    for (fs::directory_iterator entry(directory, error);
         !error && entry != fs::directory_iterator(); entry.increment(error))
        if (is_leftover(*entry) && is_quiet(entry->path(), untouched_for))
            leftovers.push_back(entry->path());
    for (const auto& path : leftovers) fs::remove_all(path, error);
}

void remove_leftovers(const StateDirectory& state) {
    using namespace std::chrono_literals;
    for (const char* shared : {"facts", "renewal"}) remove_leftovers(state.root() / shared, 1h);
}

}  // namespace cairn::client
