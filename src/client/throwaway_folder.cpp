#include "client/throwaway_folder.h"

#include <charconv>
#include <chrono>
#include <string>
#include <system_error>
#include <vector>

#include <errno.h>
#include <fmt/format.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/durable_file.h"
#include "client/failure.h"

namespace cairn::client {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

/// In another container, processes are not to be seen.
constexpr auto quiet_for = 10min;

/// Whether a process that is gone has left this: "PREFIX-PID-RANDOM", and ours.
bool is_left_behind(const fs::path& path, const std::string& prefix) {
    const auto name = path.filename().string();
    if (!name.starts_with(prefix)) return false;
    pid_t process = 0;
    const auto* const begin = name.data() + prefix.size();
    const auto* const end = name.data() + name.size();
    const auto [rest, wrong] = std::from_chars(begin, end, process);
    if (wrong != std::errc{} || rest == end || *rest != '-' || process <= 0) return false;
    if (::kill(process, 0) == 0 || errno != ESRCH) return false;
    struct ::stat facts{};
    if (::lstat(path.c_str(), &facts) != 0 || !S_ISDIR(facts.st_mode) ||
        facts.st_uid != ::geteuid())
        return false;
    const auto touched = std::chrono::system_clock::from_time_t(facts.st_mtime);
    return std::chrono::system_clock::now() - touched > quiet_for;
}

void remove_left_behind(const fs::path& parent, const std::string& prefix) {
    std::vector<fs::path> found;
    std::error_code error;
    for (fs::directory_iterator entry(parent, error); !error && entry != fs::directory_iterator();
         entry.increment(error))
        if (is_left_behind(entry->path(), prefix)) found.push_back(entry->path());
    for (const auto& path : found) fs::remove_all(path, error);
}

}  // namespace

ThrowawayFolder::ThrowawayFolder(std::string_view purpose) {
    std::error_code error;
    const auto parent = fs::temp_directory_path(error);
    const auto refuse = [&](const std::string& why) {
        throw Failure("make a private folder for temporary files", why,
                      "TMPDIR names the folder that they are made in.");
    };
    if (error) refuse(error.message());
    const auto prefix = fmt::format("cairn-{}-", purpose);
    remove_left_behind(parent, prefix);
    auto pattern = (parent / fmt::format("{}{}-XXXXXX", prefix, ::getpid())).string();
    if (::mkdtemp(pattern.data()) == nullptr)
        refuse(fmt::format("{}: {}", pattern, std::generic_category().message(errno)));
    path_ = pattern;
}

ThrowawayFolder::~ThrowawayFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
}

fs::path ThrowawayFolder::write(std::string_view name, std::string_view text) const {
    auto file = path_ / name;
    write_durably(file, text, FileAccess::owner);
    return file;
}

}  // namespace cairn::client
