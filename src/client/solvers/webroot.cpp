#include "client/solvers/webroot.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <filesystem>
#include <mutex>
#include <optional>
#include <set>
#include <system_error>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/durable_file.h"
#include "client/failure.h"

// Whoever may write in the webroot, as a web server's user often may, can put a link or another
// folder in the place of anything there at any moment, while this program may be root. So nothing
// below the webroot is reached by a path: each folder is opened from the one above it without
// following links, and what is changed is what was opened.

namespace cairn::client {
namespace {

namespace fs = std::filesystem;

constexpr std::array<const char*, 2> parts = {".well-known", "acme-challenge"};
constexpr int folder_flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
constexpr mode_t folder_mode = 0755;
/// How often a folder that another order takes away is made again.
constexpr int max_attempts = 10;

struct Opened {
    FileDescriptor folder;
    bool is_new = false;
};

bool is_empty(int folder) {
    // A descriptor of its own: closedir closes it.
    DIR* const entries = ::fdopendir(::openat(folder, ".", folder_flags));
    if (entries == nullptr) return false;
    int count = 0;
    while (::readdir(entries) != nullptr) ++count;
    ::closedir(entries);
    return count == 2;  // "." and ".."
}

/// True if this can only be the folder that was made a moment ago with a mode that the umask has
/// narrowed, and not one that somebody has moved to its place meanwhile.
bool is_just_made(int folder, std::time_t before) {
    struct stat status{};
    if (::fstat(folder, &status) != 0 || status.st_uid != ::geteuid()) return false;
    // Some file systems count in steps of two seconds.
    return status.st_mtim.tv_sec + 2 >= before && (status.st_mode & 0777U & ~folder_mode) == 0 &&
           is_empty(folder);
}

class WebrootSolver final : public Solver {
  public:
    explicit WebrootSolver(fs::path directory) : directory_(std::move(directory)) {}

    std::string specification() const override { return "webroot:" + directory_.string(); }
    std::span<const protocol::ChallengeType> challenge_types() const override {
        static constexpr std::array types = {protocol::ChallengeType::http_01};
        return types;
    }
    Residue residue() const override { return Residue::outlives_process; }

    std::vector<std::string> folders_to_make() override {
        const std::scoped_lock lock(mutex_);
        std::vector<std::string> folders;
        const FileDescriptor root(open_root());
        const FileDescriptor well_known(::openat(root.number(), parts[0], folder_flags));
        for (std::size_t i = 0; i < parts.size(); ++i) {
            struct stat status{};
            const int parent = i == 0 ? root.number() : well_known.number();
            const bool is_missing =
                parent < 0 || (::fstatat(parent, parts.at(i), &status, AT_SYMLINK_NOFOLLOW) != 0 &&
                               errno == ENOENT);
            if (is_missing || made_.contains(i)) folders.emplace_back(parts.at(i));
        }
        return folders;
    }

    void adopt_folders(const std::vector<std::string>& folders) override {
        const std::scoped_lock lock(mutex_);
        for (std::size_t i = 0; i < parts.size(); ++i)
            if (std::ranges::find(folders, parts.at(i)) != folders.end()) made_.insert(i);
    }

    std::optional<Failure> obstacle() override try {
        const std::scoped_lock lock(mutex_);
        FileDescriptor folder = open_root();
        if (!folder.is_open()) fail_to("open the webroot", directory_, errno);
        auto path = directory_;
        for (const char* part : parts) {
            FileDescriptor next(::openat(folder.number(), part, folder_flags));
            // What is missing is made in the last one that is there.
            if (!next.is_open() && errno == ENOENT) break;
            path /= part;
            if (!next.is_open()) fail_to("open the folder", path, errno);
            folder = std::move(next);
        }
        if (::faccessat(folder.number(), ".", W_OK | X_OK, AT_EACCESS) != 0)
            fail_to("write in", path, errno);
        return std::nullopt;
    } catch (const Failure& failure) {
        return failure;
    }

    void present(const Challenge& challenge) override {
        const std::scoped_lock lock(mutex_);
        for (int attempt = 1;; ++attempt) {
            const auto folder = make_folders();
            if (folder && write(folder->number(), challenge)) return;
            // An order of another process has just removed the folder that it had made.
            if (attempt == max_attempts)
                throw Failure(fmt::format("write in {}", place().string()),
                              "the folder goes away as often as it is made", {});
        }
    }

    void clean_up(const Challenge& challenge) override {
        const std::scoped_lock lock(mutex_);
        const FileDescriptor root(open_root());
        const FileDescriptor well_known(::openat(root.number(), parts[0], folder_flags));
        const FileDescriptor answers(::openat(well_known.number(), parts[1], folder_flags));
        // Without a folder, or with something else in its place, nothing of ours is there.
        if (answers.is_open() &&
            ::unlinkat(answers.number(), challenge.token.text().c_str(), 0) != 0 && errno != ENOENT)
            throw Failure(fmt::format("remove {}", (place() / challenge.token.text()).string()),
                          std::generic_category().message(errno), "remove it by hand.");
        // What this run has made goes again with the last answer in it.
        if (made_.contains(1) && ::unlinkat(well_known.number(), parts[1], AT_REMOVEDIR) == 0)
            made_.erase(1);
        if (made_.contains(0) && ::unlinkat(root.number(), parts[0], AT_REMOVEDIR) == 0)
            made_.erase(0);
    }

  private:
    [[nodiscard]] fs::path place() const { return directory_ / parts[0] / parts[1]; }

    /// The webroot itself may be a link: its path is the operator's.
    [[nodiscard]] FileDescriptor open_root() const {
        return FileDescriptor(::open(directory_.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    }

    [[noreturn]] static void fail_to(std::string_view verb, const fs::path& path, int error) {
        if (error == ELOOP || error == ENOTDIR)
            throw Failure(fmt::format("{} {}", verb, path.string()),
                          "it is a link or no folder, and nothing in a webroot is followed: "
                          "whoever may write "
                          "there could lead it anywhere",
                          "make it a folder, or name the webroot that it leads to.");
        throw Failure(fmt::format("{} {}", verb, path.string()),
                      std::generic_category().message(error), "run as a user who may write there.");
    }

    /// The folder for answers; nothing if one of the two was taken away meanwhile.
    std::optional<FileDescriptor> make_folders() {
        FileDescriptor folder = open_root();
        if (!folder.is_open()) fail_to("open the webroot", directory_, errno);
        auto path = directory_;
        for (std::size_t i = 0; i < parts.size(); ++i) {
            path /= parts.at(i);
            auto next = make_folder(folder.number(), parts.at(i), path);
            if (!next) return std::nullopt;
            if (next->is_new) made_.insert(i);
            folder = std::move(next->folder);
        }
        return folder;
    }

    static std::optional<Opened> make_folder(int parent, const char* name, const fs::path& path) {
        const auto before = std::time(nullptr);
        const bool is_new = ::mkdirat(parent, name, folder_mode) == 0;
        if (!is_new && errno == ENOENT) return std::nullopt;
        if (!is_new && errno != EEXIST) fail_to("make the folder", path, errno);
        FileDescriptor folder(::openat(parent, name, folder_flags));
        if (!folder.is_open() && errno == ENOENT) return std::nullopt;
        if (!folder.is_open()) fail_to("open the folder", path, errno);
        // Readable by the web server whatever the umask of this process is.
        if (is_new && is_just_made(folder.number(), before) &&
            ::fchmod(folder.number(), folder_mode) != 0)
            fail_to("make the folder", path, errno);
        return Opened{std::move(folder), is_new};
    }

    /// False if the folder was taken away meanwhile.
    bool write(int folder, const Challenge& challenge) const {
        const auto& name = challenge.token.text();
        const auto fail = [&] { fail_to("write", place() / name, errno); };
        // What a run that died has left, or somebody else has put there, is not written into.
        if (::unlinkat(folder, name.c_str(), 0) != 0 && errno != ENOENT) fail();
        const FileDescriptor file(::openat(
            folder, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
        if (!file.is_open() && errno == ENOENT) return false;
        if (!file.is_open()) fail();
        std::string_view text = challenge.key_authorization;
        while (!text.empty()) {
            const auto count = ::write(file.number(), text.data(), text.size());
            if (count < 0 && errno == EINTR) continue;
            if (count < 0) fail();
            text.remove_prefix(static_cast<std::size_t>(count));
        }
        if (::fchmod(file.number(), static_cast<mode_t>(FileAccess::everyone)) != 0) fail();
        return true;
    }

    fs::path directory_;
    std::mutex mutex_;
    /// Which of `parts` this run, or one that it cleans up after, has made.
    std::set<std::size_t> made_;
};

}  // namespace

base::Result<std::unique_ptr<Solver>> make_webroot_solver(std::string_view directory,
                                                          const SolverContext&) {
    if (directory.empty()) return base::fail("name the web server's directory: webroot:DIR");
    auto path = fs::absolute(directory).lexically_normal();
    std::error_code ignored;
    if (!fs::is_directory(path, ignored))
        return base::fail(fmt::format("there is no directory {}", path.string()));
    return std::make_unique<WebrootSolver>(std::move(path));
}

}  // namespace cairn::client
