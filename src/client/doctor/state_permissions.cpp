#include "client/doctor/state_permissions.h"

#include <cerrno>
#include <system_error>

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/result.h"

namespace cairn::client::doctor {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_entries = 100000;
/// Findings of one kind that are told one by one.
constexpr std::size_t max_told = 20;

bool is_key(const fs::path& file) {
    const auto name = file.filename().string();
    return name.ends_with(".pem") && (name.starts_with("privkey") || name.starts_with("key"));
}

std::string mode_text(mode_t mode) {
    return fmt::format("{:04o}", mode & 07777U);
}

Finding finding(Severity severity, const fs::path& path, std::string looked_at,
                std::string came_back, std::string next) {
    return {severity,
            Check::permissions,
            base::printable(path.string(), 400),
            std::move(looked_at),
            std::move(came_back),
            std::move(next)};
}

void judge_key(const fs::path& file, Findings& findings) {
    struct stat status{};
    if (::lstat(file.c_str(), &status) != 0 || !S_ISREG(status.st_mode)) return;
    const bool by_all = (status.st_mode & S_IRWXO) != 0;
    const bool by_group = (status.st_mode & S_IRWXG) != 0;
    if (by_all || by_group)
        findings.push_back(finding(
            by_all ? Severity::problem : Severity::warning, file, "who can read the private key",
            fmt::format("mode {}: {}", mode_text(status.st_mode), by_all ? "everybody" : "a group"),
            by_all ? "take the right away (chmod 600), and think of the key as known to others."
                   : "see that the group is one that may have the key, else chmod 600."));
    if (status.st_uid != ::geteuid() && ::geteuid() != 0)
        findings.push_back(
            finding(Severity::problem, file, "who owns the private key",
                    fmt::format("user {}, and not {} who runs this", status.st_uid, ::geteuid()),
                    "run as the user who owns the state."));
}

}  // namespace

Findings look_at_permissions(const fs::path& state) {
    struct stat status{};
    if (::stat(state.c_str(), &status) != 0) {
        const int error = errno;
        if (error == ENOENT)
            return {finding(Severity::ok, state, "the state", "it is not there yet", {})};
        return {finding(Severity::problem, state, "the state",
                        std::generic_category().message(error),
                        "run as the user who owns the state.")};
    }
    Findings findings;
    if (!S_ISDIR(status.st_mode))
        return {finding(Severity::problem, state, "the state", "it is no folder",
                        "name another one by --state.")};
    if (::access(state.c_str(), R_OK | W_OK | X_OK) != 0)
        findings.push_back(finding(Severity::problem, state, "whether it can be written",
                                   std::generic_category().message(errno),
                                   "run as the user who owns the state."));
    if ((status.st_mode & S_IWOTH) != 0)
        findings.push_back(finding(Severity::problem, state, "who can write there",
                                   fmt::format("mode {}: everybody", mode_text(status.st_mode)),
                                   "take the right away (chmod 700): whoever writes there chooses "
                                   "keys and hooks."));
    std::size_t entries = 0;
    for (const char* part : {"accounts", "archive"}) {
        std::error_code error;
        for (auto each = fs::recursive_directory_iterator(state / part, error);
             !error && each != fs::recursive_directory_iterator(); each.increment(error)) {
            if (++entries > max_entries || findings.size() >= max_told) break;
            if (is_key(each->path())) judge_key(each->path(), findings);
        }
        if (error && error != std::errc::no_such_file_or_directory)
            findings.push_back(finding(Severity::problem, state / part, "whether it can be read",
                                       error.message(), "run as the user who owns the state."));
    }
    if (findings.empty())
        findings.push_back(finding(Severity::ok, state, "who can read and write the state",
                                   "its owner alone, as it should be", {}));
    return findings;
}

}  // namespace cairn::client::doctor
