#include "client/state_directory.h"

#include <algorithm>
#include <array>
#include <system_error>

#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>

#include "client/failure.h"
#include "crypto/digest.h"

namespace cairn::client {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr std::string_view extension_of_records = ".json";
/// How long others may keep a lock that is held for one small file alone.
constexpr auto file_patience = 1min;

/// False for a file that was removed while it was waited for: it locks nothing any more.
bool is_still_there(const FileDescriptor& file) {
    struct stat status{};
    return ::fstat(file.number(), &status) == 0 && status.st_nlink > 0;
}

std::optional<StateLock> try_lock_file(const fs::path& path) {
    const auto open = [&] {
        make_private_directory(path.parent_path());
        return FileDescriptor(
            ::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
    };
    auto file = open();
    // A run that leaves no state behind may have taken the folder away just then.
    if (!file.is_open() && errno == ENOENT) file = open();
    if (!file.is_open())
        throw Failure(fmt::format("lock {}", path.string()), std::generic_category().message(errno),
                      "run as a user who may write there, or choose another --state directory.");
    // flock and not fcntl: it belongs to the open file, so it keeps threads apart too.
    if (::flock(file.number(), LOCK_EX | LOCK_NB) == 0) {
        if (!is_still_there(file)) return std::nullopt;
        return StateLock(std::move(file));
    }
    if (errno == EWOULDBLOCK || errno == EINTR) return std::nullopt;
    throw Failure(fmt::format("lock {}", path.string()), std::generic_category().message(errno));
}

StateLock lock_file(const fs::path& path, Timer& timer, std::chrono::milliseconds patience) {
    const auto deadline = timer.now() + patience;
    for (auto pause = 5ms;; pause = std::min(pause * 2, 500ms)) {
        if (auto lock = try_lock_file(path)) return std::move(*lock);
        if (timer.now() + pause > deadline)
            throw Failure(fmt::format("lock {}", path.string()),
                          "another run has been working on it all the time",
                          "wait for the other run to end, or end it.");
        timer.wait(pause);
    }
}

/// One of a fixed set of names, so that files do not become more with every key.
std::string place_of(std::string_view key) {
    constexpr std::size_t octets = 2;
    const auto digest = crypto::sha256(base::bytes_of(key));
    return base::to_hex(base::BytesView(digest).first(octets));
}

std::vector<LineageName> names_in(const fs::path& directory, std::string_view extension) {
    std::vector<LineageName> names;
    for (auto text : file_names_in(directory)) {
        if (!text.ends_with(extension)) continue;
        text.resize(text.size() - extension.size());
        if (auto name = LineageName::from_text(text)) names.push_back(std::move(*name));
    }
    std::ranges::sort(names);
    return names;
}

}  // namespace

base::Result<LineageName> LineageName::from_text(std::string_view text) {
    constexpr std::string_view allowed =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-+@:";
    if (text.empty() || text.size() > 200) return base::fail("a name has 1 to 200 characters");
    if (text.front() == '.' || text.front() == '-' ||
        text.find_first_not_of(allowed) != std::string_view::npos)
        return base::fail(
            fmt::format("\"{}\" cannot be a name: letters, digits and . _ - + @ : only, and no dot "
                        "or dash first",
                        base::printable(text)));
    return LineageName(std::string(text));
}

std::span<const std::string_view> StateDirectory::folders() {
    static constexpr std::array<std::string_view, 17> names = {
        "accounts",     "archive", "attempts", "calendar", "challenges", "deployments",
        "edits",        "facts",   "imports",  "limits",   "live",       "locks",
        "notices.json", "orders",  "persist",  "renewal",  "revocations"};
    return names;
}

StateDirectory::StateDirectory(fs::path root)
    : root_(fs::absolute(std::move(root)).lexically_normal()) {}

fs::path StateDirectory::live(const LineageName& name) const {
    return root_ / "live" / name.text();
}
fs::path StateDirectory::archive(const LineageName& name) const {
    return root_ / "archive" / name.text();
}
fs::path StateDirectory::renewal(const LineageName& name) const {
    return root_ / "renewal" / (name.text() + std::string(extension_of_records));
}
fs::path StateDirectory::challenges(const LineageName& name) const {
    return root_ / "challenges" / name.text();
}

fs::path StateDirectory::attempts(const LineageName& name) const {
    return root_ / "attempts" / name.text();
}

fs::path StateDirectory::facts(const LineageName& name) const {
    return root_ / "facts" / (name.text() + std::string(extension_of_records));
}

fs::path StateDirectory::deployment(const LineageName& name) const {
    return root_ / "deployments" / name.text();
}

fs::path StateDirectory::order(const LineageName& name) const {
    return root_ / "orders" / (name.text() + std::string(extension_of_records));
}

fs::path StateDirectory::revocation(std::string_view digest) const {
    return revocations() / (std::string(digest) + std::string(extension_of_records));
}

void StateDirectory::require_readable(IfMissing if_missing) const {
    const auto refuse = [this](const std::string& why) {
        throw Failure(fmt::format("read the state in {}", root_.string()), why,
                      "is --state right? `cairn issue` makes a state folder.");
    };
    const auto names = file_names_in(root_);
    if (if_missing == IfMissing::accept) return;
    if (!fs::exists(root_)) refuse("there is no such folder");
    const bool is_ours = std::ranges::any_of(names, [](const auto& name) {
        return std::ranges::find(folders(), name) != folders().end();
    });
    if (!names.empty() && !is_ours) refuse("what is there was not made by cairn");
}

std::vector<LineageName> StateDirectory::live_lineages() const {
    auto names = names_in(root_ / "live", "");
    std::erase_if(names, [this](const LineageName& name) {
        // A former name leads to the present one beside it.
        std::error_code none;
        const auto target = fs::read_symlink(live(name), none);
        return !none && !target.empty() && !target.has_parent_path();
    });
    return names;
}

std::vector<LineageName> StateDirectory::lineages_with_facts() const {
    auto names = names_in(root_ / "facts", extension_of_records);
    const auto former = names_in(root_ / "orders", extension_of_records);
    names.insert(names.end(), former.begin(), former.end());
    std::ranges::sort(names);
    const auto repeated = std::ranges::unique(names);
    names.erase(repeated.begin(), repeated.end());
    return names;
}

std::vector<LineageName> StateDirectory::lineages_with_attempts() const {
    return names_in(root_ / "attempts", "");
}

std::vector<LineageName> StateDirectory::lineages() const {
    return names_in(root_ / "renewal", extension_of_records);
}

std::vector<LineageName> StateDirectory::lineages_with_challenges() const {
    return names_in(root_ / "challenges", "");
}

void StateDirectory::remove_if_unused() const noexcept try {
    std::error_code none;
    const auto locks = root_ / "locks";
    for (const auto& entry : fs::directory_iterator(root_, none))
        if (entry.path() != locks) return;
    std::vector<StateLock> held;
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(locks, none)) {
        if (!fs::is_regular_file(entry.symlink_status(none)) || entry.file_size(none) != 0) return;
        auto lock = try_lock_file(entry.path());
        if (!lock) return;
        held.push_back(std::move(*lock));
        files.push_back(entry.path());
    }
    for (const auto& file : files) fs::remove(file, none);
    // Each goes only if it is empty.
    if (fs::remove(locks, none)) fs::remove(root_, none);
} catch (const std::exception&) {
    // What is left is empty, and will be used.
}

StateLock StateDirectory::lock(const LineageName& name, Timer& timer,
                               std::chrono::milliseconds patience) const {
    return lock_file(root_ / "locks" / (name.text() + ".lineage"), timer, patience);
}

std::optional<StateLock> StateDirectory::try_lock(const LineageName& name) const {
    return try_lock_file(root_ / "locks" / (name.text() + ".lineage"));
}

StateLock StateDirectory::lock_facts(const LineageName& name) const {
    // Also by a run that is asked to stop: what it has come to is kept.
    SystemTimer unstoppable;
    return lock_file(root_ / "locks" / (name.text() + ".facts"), unstoppable, file_patience);
}

StateLock StateDirectory::lock_plan(const LineageName& name) const {
    SystemTimer unstoppable;
    return lock_file(root_ / "locks" / (name.text() + ".plan"), unstoppable, file_patience);
}

StateLock StateDirectory::lock_limits() const {
    SystemTimer unstoppable;
    return lock_file(root_ / "locks" / "limits", unstoppable, file_patience);
}

std::optional<StateLock> StateDirectory::try_lock_daemon() const {
    return try_lock_file(root_ / "locks" / "daemon");
}

StateLock StateDirectory::lock_record_set(std::string_view key, Timer& timer,
                                          std::chrono::milliseconds patience) const {
    return lock_file(root_ / "locks" / "dns" / place_of(key), timer, patience);
}

StateLock StateDirectory::lock_listening(std::string_view address, Timer& timer,
                                         std::chrono::milliseconds patience) const {
    return lock_file(root_ / "locks" / ("listen." + place_of(address)), timer, patience);
}

std::optional<StateLock> StateDirectory::try_lock_listening(std::string_view address) const {
    return try_lock_file(root_ / "locks" / ("listen." + place_of(address)));
}

StateLock StateDirectory::lock_notices() const {
    SystemTimer unstoppable;
    return lock_file(root_ / "locks" / "notices", unstoppable, file_patience);
}

StateLock StateDirectory::lock_accounts(Timer& timer, std::chrono::milliseconds patience) const {
    return lock_file(root_ / "locks" / "accounts", timer, patience);
}

}  // namespace cairn::client
