#include "client/import/take_over.h"

#include <algorithm>
#include <map>
#include <system_error>

#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/durable_file.h"
#include "client/failure.h"
#include "client/import/foreign_files.h"
#include "client/lineage.h"

namespace cairn::client {
namespace {

namespace fs = std::filesystem;
using Holds = ServedPath::Holds;
using Stage = ImportRecord::Stage;

constexpr std::string_view aside_ending = ".before-cairn";
constexpr auto lock_patience = std::chrono::minutes{10};

[[noreturn]] void fail(std::string_view verb, const fs::path& path) {
    const int error = errno;
    throw Failure(fmt::format("{} {}", verb, path.string()), std::generic_category().message(error),
                  "mend this and say it again to go on, or take it back with --undo; whatever "
                  "serves the certificate finds one with its key meanwhile.");
}

bool is_there(const fs::path& path) {
    struct stat facts{};
    return ::lstat(path.c_str(), &facts) == 0;
}

bool are_one_file(const fs::path& one, const fs::path& other) {
    struct stat a{};
    struct stat b{};
    return ::lstat(one.c_str(), &a) == 0 && ::lstat(other.c_str(), &b) == 0 &&
           a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

fs::path target_of(const fs::path& link) {
    std::error_code none;
    return fs::read_symlink(link, none);
}

/// A name beside it that nobody takes for the file itself.
fs::path aside_of(const fs::path& path) {
    return path.parent_path() / (path.filename().string() + std::string(aside_ending));
}

/// Gives a file a second name, under which it stays when a link takes the place of the first.
void keep_aside(const fs::path& path, const fs::path& aside) {
    if (are_one_file(path, aside)) return;
    if (is_there(aside))
        throw Failure(fmt::format("move {} aside", path.string()),
                      fmt::format("{} is in the way", aside.string()),
                      "move it away and say it again.");
    if (::link(path.c_str(), aside.c_str()) != 0) {
        // A file system without second names: a link is copied, and a file is, with its mode.
        if (errno != EPERM && errno != EOPNOTSUPP && errno != EMLINK) fail("move aside", path);
        if (fs::is_symlink(fs::symlink_status(path))) {
            fs::create_symlink(fs::read_symlink(path), aside);
        } else {
            fs::copy_file(path, aside);
            struct stat facts{};
            if (::stat(path.c_str(), &facts) != 0 ||
                ::chmod(aside.c_str(), facts.st_mode & 07777U) != 0)
                fail("move aside", path);
        }
    }
    sync_directory(aside.parent_path());
}

void bring_back(const fs::path& path, const fs::path& aside) {
    if (!is_there(aside)) return;
    // A rename of a file onto its own other name does nothing.
    if (are_one_file(path, aside) ? ::unlink(aside.c_str()) != 0
                                  : ::rename(aside.c_str(), path.c_str()) != 0)
        fail("bring back", path);
    sync_directory(path.parent_path());
}

/// Keeps certbot from running meanwhile, in its own way: a lock on a file of its folder, which goes
/// with it. Other clients have none.
class ForeignLock {
  public:
    explicit ForeignLock(const ImportRecord& record) {
        if (record.program != ForeignProgram::certbot) return;
        path_ = record.folder / ".certbot.lock";
        file_ =
            FileDescriptor(::open(path_.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
        if (!file_.is_open()) fail("lock", path_);
        struct flock wanted{};
        wanted.l_type = F_WRLCK;
        wanted.l_whence = SEEK_SET;
        if (::fcntl(file_.number(), F_SETLK, &wanted) != 0)
            throw Failure("keep certbot from running meanwhile", "it runs at this moment",
                          "wait for it to end, and say this again.");
    }
    ForeignLock(const ForeignLock&) = delete;
    ForeignLock& operator=(const ForeignLock&) = delete;
    ~ForeignLock() {
        if (file_.is_open()) ::unlink(path_.c_str());
    }

  private:
    fs::path path_;
    FileDescriptor file_;
};

}  // namespace

fs::path TakeOver::links_of(const std::string& lineage) const {
    return store_.links() / lineage;
}

fs::path TakeOver::way_of(const MovedAside& moved) const {
    return links_of(moved.lineage) / "now" / fmt::format("{}.pem", to_string(moved.holds));
}

fs::path TakeOver::live_of(const std::string& lineage) const {
    return state_.root() / "live" / lineage;
}

TakeOver::Position TakeOver::position_of(const MovedAside& moved) const {
    const auto target = target_of(moved.path);
    if (target == moved.target) return Position::ours;
    return target == way_of(moved) ? Position::on_the_way : Position::old;
}

void TakeOver::note_jobs() {
    for (auto& job : jobs_.in_use())
        if (std::ranges::find(record_.jobs, job) == record_.jobs.end())
            record_.jobs.push_back(std::move(job));
}

std::vector<std::string> TakeOver::add(const ForeignLineage& lineage, const std::string& ours) {
    const bool is_noted = std::ranges::find(record_.moved, lineage.settings, &MovedAside::path) !=
                          record_.moved.end();
    if (is_noted) return {};
    auto bars = lineage.bars;
    const ForeignFiles files(record_.folder);
    std::vector<MovedAside> moved{{.path = lineage.settings,
                                   .aside = aside_of(lineage.settings),
                                   .target = {},
                                   .lineage = ours}};
    for (const auto& served : lineage.served) {
        // What is replaced has to be what was imported, or two files would not match for a moment.
        if (served.holds == Holds::private_key) {
            const auto key = files.read_key(served.path);
            if (!key || key->public_key() != lineage.certificate().public_key())
                bars.push_back(fmt::format("{} is not the key of what {} serves.",
                                           served.path.string(), to_string(record_.program)));
        } else if (served.holds != Holds::chain) {
            const auto chain = files.read_chain(served.path);
            if (!chain || chain->front() != lineage.certificate())
                bars.push_back(
                    fmt::format("{} holds another certificate than what {} has last "
                                "obtained.",
                                served.path.string(), to_string(record_.program)));
        }
        moved.push_back({.path = served.path,
                         .aside = aside_of(served.path),
                         .target = live_of(ours) / fmt::format("{}.pem", to_string(served.holds)),
                         .lineage = ours,
                         .holds = served.holds});
    }
    for (const auto& each : moved)
        if (is_there(each.aside))
            bars.push_back(fmt::format("{} is in the way: move it away.", each.aside.string()));
    if (bars.empty()) std::ranges::move(moved, std::back_inserter(record_.moved));
    return bars;
}

void TakeOver::each_group(const std::function<void(const std::string&, const Group&)>& work) const {
    std::map<std::string, Group> groups;
    for (const auto& moved : record_.moved)
        if (!moved.target.empty()) groups[moved.lineage].push_back(&moved);
    for (const auto& [name, group] : groups) {
        const auto lineage = LineageName::from_text(name);
        if (!lineage)
            throw Failure("read what was imported", lineage.error().message,
                          "restore the files in the folder imports of the state.");
        const auto lock = state_.lock(*lineage, timer_, lock_patience);
        work(name, group);
    }
}

void TakeOver::prepare_links(const std::string& lineage, const Group& group) const {
    const auto old = links_of(lineage) / "old";
    make_private_directory(old);
    for (const auto* moved : group) {
        const auto link = old / fmt::format("{}.pem", to_string(moved->holds));
        // Of several files with the same contents, the first.
        if (!is_there(link)) link_durably(link, moved->aside);
    }
}

void TakeOver::link(const std::string& lineage, const Group& group) const {
    const auto now = links_of(lineage) / "now";
    const auto count = [&](Position position) {
        return std::ranges::count_if(
            group, [&](const MovedAside* moved) { return position_of(*moved) == position; });
    };
    const auto all = static_cast<std::ptrdiff_t>(group.size());
    if (count(Position::ours) < all) {
        if (count(Position::ours) == 0) {
            prepare_links(lineage, group);
            link_durably(now, "old");
            for (const auto* moved : group) {
                if (position_of(*moved) != Position::old) continue;
                keep_aside(moved->path, moved->aside);
                link_foreign(moved->path, way_of(*moved));
            }
        }
        link_durably(now, live_of(lineage));
        for (const auto* moved : group) link_foreign(moved->path, moved->target);
    }
    require_served(lineage, group);
    clear(lineage, group);
}

void TakeOver::unlink(const std::string& lineage, const Group& group) const {
    const auto now = links_of(lineage) / "now";
    const auto is = [&](Position position) {
        return
            [this, position](const MovedAside* moved) { return position_of(*moved) == position; };
    };
    if (std::ranges::any_of(group, is(Position::ours))) {
        prepare_links(lineage, group);
        link_durably(now, live_of(lineage));
        for (const auto* moved : group)
            if (position_of(*moved) == Position::ours) link_foreign(moved->path, way_of(*moved));
    }
    if (std::ranges::any_of(group, is(Position::on_the_way))) link_durably(now, "old");
    // The first of several files with the same contents goes back last: others lead to it.
    for (auto moved = group.rbegin(); moved != group.rend(); ++moved)
        bring_back((*moved)->path, (*moved)->aside);
    clear(lineage, group);
}

void TakeOver::clear(const std::string& lineage, const Group& group) const {
    std::error_code none;
    for (const auto* moved : group) fs::remove(foreign_staging(moved->path), none);
    fs::remove_all(links_of(lineage));
}

void TakeOver::require_served(const std::string& lineage, const Group& group) const {
    const auto name = LineageName::from_text(lineage);
    const auto wanted = name ? Lineage(state_, *name).current() : std::unexpected(name.error());
    const auto refuse = [&](const std::string& why) {
        throw Failure(fmt::format("let servers read the certificate of {}", lineage), why,
                      "take it back with --undo.");
    };
    if (!wanted) refuse(wanted.error().message);
    const ForeignFiles files(record_.folder);
    for (const auto* moved : group) {
        if (moved->holds == Holds::chain) continue;
        const auto is_key = moved->holds == Holds::private_key;
        const auto key = is_key ? files.read_key(moved->path) : base::fail("");
        const auto chain = is_key ? base::fail("") : files.read_chain(moved->path);
        if (is_key && (!key || key->public_key() != wanted->key.public_key()))
            refuse(fmt::format("{} does not lead to its key", moved->path.string()));
        if (!is_key && (!chain || chain->front() != wanted->chain.front()))
            refuse(fmt::format("{} does not lead to it", moved->path.string()));
    }
}

void TakeOver::run() try {
    const ForeignLock lock(record_);
    record_.stage = Stage::taking_over;
    store_.save(record_);
    for (const auto& job : record_.jobs) jobs_.stop(job, timer_);
    // Without its settings the other client renews nothing any more, by whatever it is started.
    for (const auto& moved : record_.moved) {
        if (!moved.target.empty() || !is_there(moved.path)) continue;
        if (is_there(moved.aside))
            throw Failure(fmt::format("move {} aside", moved.path.string()),
                          fmt::format("{} is in the way", moved.aside.string()),
                          "move it away and say it again.");
        if (::rename(moved.path.c_str(), moved.aside.c_str()) != 0) fail("move aside", moved.path);
        sync_directory(moved.path.parent_path());
    }
    each_group([this](const std::string& lineage, const Group& group) { link(lineage, group); });
    record_.stage = Stage::taken_over;
    store_.save(record_);
} catch (const fs::filesystem_error& error) {
    throw Failure("take over", error.what(),
                  "mend this and say it again, or take it back with "
                  "--undo.");
}

void TakeOver::undo() try {
    if (record_.stage == Stage::taken_over)
        for (const auto& moved : record_.moved)
            if (is_there(moved.path) &&
                (moved.target.empty() || position_of(moved) == Position::old))
                throw Failure(fmt::format("bring back {}", moved.path.string()),
                              "somebody has put another file there since it was taken over",
                              fmt::format("move it away, and say it again; what was there is {}.",
                                          moved.aside.string()));
    const ForeignLock lock(record_);
    record_.stage = Stage::giving_back;
    store_.save(record_);
    each_group([this](const std::string& lineage, const Group& group) { unlink(lineage, group); });
    for (const auto& moved : record_.moved)
        if (moved.target.empty()) bring_back(moved.path, moved.aside);
    for (const auto& job : record_.jobs) jobs_.resume(job, timer_);
    record_.stage = Stage::imported;
    record_.jobs.clear();
    record_.moved.clear();
    store_.save(record_);
} catch (const fs::filesystem_error& error) {
    throw Failure("give back", error.what(), "mend this and say it again.");
}

std::vector<std::string> TakeOver::expired(base::Time now) const {
    std::vector<std::string> names;
    const ForeignFiles files(record_.folder);
    for (const auto& moved : record_.moved) {
        if (moved.holds != Holds::full_chain && moved.holds != Holds::certificate) continue;
        if (moved.target.empty() || !is_there(moved.aside)) continue;
        const auto chain = files.read_chain(moved.aside);
        if (chain && chain->front().not_after() <= now &&
            std::ranges::find(names, moved.lineage) == names.end())
            names.push_back(moved.lineage);
    }
    return names;
}

}  // namespace cairn::client
