#include "client/state_move.h"

#include <algorithm>
#include <string_view>
#include <system_error>

#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json_quoted.h"
#include "client/durable_file.h"
#include "client/failure.h"
#include "client/state_directory.h"
#include "client/state_place.h"

namespace cairn::client {
namespace {

namespace fs = std::filesystem;

/// No state of ours is deeper.
constexpr int max_depth = 16;
constexpr std::size_t max_marker = 8192;
constexpr std::string_view aside_prefix = ".moved-";
constexpr std::string_view locks = "locks";

[[noreturn]] void fail(const fs::path& path) {
    const int error = errno;
    throw Failure(fmt::format("copy {}", path.string()), std::generic_category().message(error));
}

/// What a copy has in common with its original besides the contents; of a link, of itself.
struct CopiedFacts {
    explicit CopiedFacts(const fs::path& path) {
        if (::lstat(path.c_str(), &facts) != 0) fail(path);
    }
    /// Gives the copy the owner, mode and times of the original.
    void give_to(const fs::path& copy) const {
        // Only root can give files away; whoever else copies owns the originals.
        if (::geteuid() == 0 && ::lchown(copy.c_str(), facts.st_uid, facts.st_gid) != 0) fail(copy);
        if (!S_ISLNK(facts.st_mode) && ::chmod(copy.c_str(), facts.st_mode & 07777U) != 0)
            fail(copy);
        const timespec times[] = {facts.st_atim, facts.st_mtim};
        if (::utimensat(AT_FDCWD, copy.c_str(), times, AT_SYMLINK_NOFOLLOW) != 0) fail(copy);
    }
    struct stat facts{};
};

void copy_octets(const fs::path& from, const fs::path& to) {
    const FileDescriptor source(::open(from.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    if (!source.is_open()) fail(from);
    const FileDescriptor target(
        ::open(to.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!target.is_open()) fail(to);
    char buffer[65536];
    for (;;) {
        const auto count = ::read(source.number(), buffer, sizeof buffer);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) fail(from);
        if (count == 0) break;
        std::string_view rest(buffer, static_cast<std::size_t>(count));
        while (!rest.empty()) {
            const auto written = ::write(target.number(), rest.data(), rest.size());
            if (written < 0 && errno == EINTR) continue;
            if (written < 0) fail(to);
            rest.remove_prefix(static_cast<std::size_t>(written));
        }
    }
    if (::fsync(target.number()) != 0) fail(to);
}

/// Where a link of the state leads that is to be copied: one that leaves the state leads to the
/// same place from anywhere.
fs::path target_of(const fs::path& link, const fs::path& root) {
    const auto target = fs::read_symlink(link);
    if (target.is_absolute()) return target;
    const auto place = (link.parent_path() / target).lexically_normal();
    const auto way = place.lexically_relative(root);
    return way.empty() || *way.begin() == ".." ? place : target;
}

void copy_tree(const fs::path& from, const fs::path& to, const fs::path& root, int depth) {
    if (depth > max_depth)
        throw Failure(fmt::format("copy {}", from.string()), "its folders are too deep");
    const CopiedFacts facts(from);
    if (S_ISLNK(facts.facts.st_mode)) {
        fs::create_symlink(target_of(from, root), to);
    } else if (S_ISDIR(facts.facts.st_mode)) {
        if (::mkdir(to.c_str(), 0700) != 0) fail(to);
        for (const auto& name : file_names_in(from))
            copy_tree(from / name, to / name, root, depth + 1);
    } else if (S_ISREG(facts.facts.st_mode)) {
        copy_octets(from, to);
    } else {
        return;  // a socket or pipe is of no use to another run
    }
    facts.give_to(to);
    if (S_ISDIR(facts.facts.st_mode)) sync_directory(to);
}

std::int64_t nanoseconds(const timespec& time) {
    return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

}  // namespace

StateMove::StateMove(fs::path from, fs::path to)
    : from_(fs::absolute(std::move(from)).lexically_normal()),
      to_(fs::absolute(std::move(to)).lexically_normal()) {}

fs::path StateMove::staging() const {
    return to_.parent_path() / fmt::format(".{}.moving", to_.filename().string());
}

fs::path StateMove::marker() const {
    return to_ / "moved-from.json";
}

fs::path StateMove::aside(const std::string& name) const {
    return from_ / (std::string(aside_prefix) + name);
}

/// True from the rename that makes the new place until the move is done.
bool StateMove::has_appeared() const {
    const auto text = read_file(marker(), max_marker);
    return text && text->find(base::json_quoted(from_.string())) != std::string::npos;
}

std::vector<std::string> StateMove::entries() const {
    std::vector<std::string> found;
    for (const auto name : StateDirectory::folders()) {
        const auto path = from_ / name;
        const auto type = fs::symlink_status(path).type();
        const bool is_link_of_ours =
            type == fs::file_type::symlink && fs::read_symlink(path) == to_ / name;
        if (type != fs::file_type::not_found && type != fs::file_type::regular && !is_link_of_ours)
            found.emplace_back(name);
    }
    return found;
}

std::vector<std::string> StateMove::files() const {
    std::vector<std::string> found;
    for (const auto name : StateDirectory::folders())
        if (fs::symlink_status(from_ / name).type() == fs::file_type::regular)
            found.emplace_back(name);
    return found;
}

std::vector<std::string> StateMove::leftovers() const {
    std::vector<std::string> found;
    for (const auto name : StateDirectory::folders())
        if (fs::symlink_status(aside(std::string(name))).type() != fs::file_type::not_found)
            found.emplace_back(name);
    return found;
}

bool StateMove::is_done() const {
    return entries().empty() && leftovers().empty() && !has_appeared();
}

StateMove::Snapshot StateMove::snapshot() const {
    Snapshot seen;
    const auto note = [&](const fs::path& path) {
        const CopiedFacts facts(path);
        // Locks change with each run, and are not copied.
        if (!S_ISDIR(facts.facts.st_mode))
            seen[path.string()] = {static_cast<std::uintmax_t>(facts.facts.st_size),
                                   nanoseconds(facts.facts.st_ctim)};
    };
    for (const auto& name : files()) note(from_ / name);
    for (const auto& name : entries()) {
        if (name == locks) continue;
        note(from_ / name);
        if (fs::symlink_status(from_ / name).type() != fs::file_type::directory) continue;
        for (const auto& entry : fs::recursive_directory_iterator(from_ / name)) note(entry.path());
    }
    return seen;
}

void StateMove::require_possible() const {
    const auto refuse = [this](const std::string& why, const std::string& next) {
        throw Failure(fmt::format("move the state in {} to {}", from_.string(), to_.string()), why,
                      next);
    };
    const auto is_below = [](const fs::path& inner, const fs::path& outer) {
        const auto way = inner.lexically_relative(outer);
        return !way.empty() && *way.begin() != "..";
    };
    if (is_below(to_, from_) || is_below(from_, to_))
        refuse("one is in the other", "choose another place.");
    if (!has_state(from_)) refuse("there is no state of cairn in the first", "is --from right?");
    if (has_state(to_))
        refuse("there is a state in both",
               "move one of them away, or name another place with --state.");
    std::error_code none;
    if (fs::exists(fs::symlink_status(to_, none)) && !fs::is_empty(to_, none))
        refuse("the second is there and not empty", "empty it, or name another place.");
}

/// Nobody works on the state: every lock of it can be had.
void StateMove::require_idle() const {
    for (const auto& name : file_names_in(from_ / locks)) {
        const auto path = from_ / locks / name;
        const FileDescriptor file(::open(path.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC));
        if (!file.is_open()) continue;
        if (::flock(file.number(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK)
            throw Failure("move the state", fmt::format("another run works on it ({})", name),
                          "wait for it to end, or stop it; then say it again.");
    }
}

void StateMove::copy() try {
    require_possible();
    require_idle();
    const auto before = snapshot();
    fs::remove_all(staging());
    make_private_directory(staging());
    for (const auto& name : entries())
        if (name != locks) copy_tree(from_ / name, staging() / name, from_, 0);
    for (const auto& name : files()) copy_tree(from_ / name, staging() / name, from_, 0);
    make_private_directory(staging() / locks);
    write_durably(staging() / marker().filename(),
                  fmt::format("{{\"from\": {}}}\n", base::json_quoted(from_.string())),
                  FileAccess::owner);
    CopiedFacts(from_).give_to(staging());
    sync_directory(staging());
    require_idle();
    if (snapshot() != before)
        throw Failure("move the state", "it was changed meanwhile", "say it again.");
} catch (...) {
    std::error_code ignored;
    fs::remove_all(staging(), ignored);
    throw;
}

void StateMove::appear() const {
    if (::rename(staging().c_str(), to_.c_str()) != 0)
        throw Failure(fmt::format("move the state to {}", to_.string()),
                      std::generic_category().message(errno),
                      "the state is where it was; make room there, or name another place.");
    sync_directory(to_.parent_path());
}

void StateMove::clear_leftovers() const {
    for (const auto& name : leftovers()) fs::remove_all(aside(name));
    for (const auto& name : files()) fs::remove(from_ / name);
    sync_directory(from_);
}

bool StateMove::take_step() try {
    if (!has_appeared()) {
        // Nothing to be moved, and nothing left of a move that has.
        if (is_done()) return false;
        copy();
        appear();
        return true;
    }
    if (const auto left = entries(); !left.empty()) {
        // What somebody has made in the old place since it was copied.
        if (!fs::exists(fs::symlink_status(to_ / left.front())))
            copy_tree(from_ / left.front(), to_ / left.front(), from_, 0);
        replace_by_link(from_ / left.front(), to_ / left.front(), aside(left.front()));
        return true;
    }
    if (!leftovers().empty() || !files().empty()) {
        clear_leftovers();
        return true;
    }
    fs::remove(marker());
    sync_directory(to_);
    return true;
} catch (const fs::filesystem_error& error) {
    throw Failure("move the state", error.what(), "mend this and say it again.");
}

void StateMove::run() {
    while (take_step()) {
    }
}

}  // namespace cairn::client
