#include "client/deploy/file_edits.h"

#include <algorithm>
#include <array>
#include <deque>
#include <system_error>

#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "base/base64url.h"
#include "base/bytes.h"
#include "base/json_quoted.h"
#include "client/deploy/text_diff.h"
#include "client/durable_file.h"
#include "client/failure.h"
#include "protocol/json.h"

namespace cairn::client {
namespace {

namespace fs = std::filesystem;

/// As many links as the kernel follows.
constexpr int max_links = 40;
/// base64url of all that is kept, and paths.
constexpr std::size_t max_journal = max_edited_total * 3 / 2;
constexpr std::size_t max_attributes = 65536;

std::string reason(int error) {
    return std::generic_category().message(error);
}

[[noreturn]] void fail_at(std::string_view verb, const fs::path& path, int error) {
    std::string_view next;
    if (error == EACCES || error == EPERM) next = "run as a user who may write there, as root.";
    if (error == EROFS)
        next = "make the file system writable, or change the configuration by hand.";
    if (error == ENOSPC || error == EDQUOT) next = "make room on the disk and run it again.";
    if (error == EBUSY)
        next =
            "it is mounted by itself, as into a container: mount its folder instead, since a file "
            "is replaced in one step.";
    throw Failure({fmt::format("{} {}", verb, path.string()), Phase::deploy}, reason(error),
                  std::string(next));
}

/// True if none but root and this user can change what stands in the folder.
bool is_closed_to_others(const struct stat& folder) {
    return (folder.st_uid == 0 || folder.st_uid == ::geteuid()) && (folder.st_mode & 0022U) == 0;
}

/// A file in its folder, which stays the same whatever happens to the path meanwhile.
struct EditPlace {
    fs::path path;
    FileDescriptor folder;
    [[nodiscard]] std::string name() const { return path.filename().string(); }
    /// What is written before it takes the file's place.
    [[nodiscard]] std::string staged_name() const { return fmt::format(".{}.cairn", name()); }
};

EditPlace open_place(const fs::path& path) {
    auto file = real_file(path);
    if (!file)
        throw Failure({fmt::format("change {}", path.string()), Phase::deploy},
                      file.error().message);
    EditPlace place{*file, FileDescriptor(::open(file->parent_path().c_str(),
                                                 O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC))};
    if (!place.folder.is_open()) fail_at("open the folder of", *file, errno);
    return place;
}

FileDescriptor open_file(const EditPlace& place) {
    FileDescriptor file(::openat(place.folder.number(), place.name().c_str(),
                                 O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
    if (!file.is_open() && errno != ENOENT) fail_at("read", place.path, errno);
    return file;
}

/// What it holds now; nothing if it does not exist.
std::optional<std::string> contents_of(const EditPlace& place) {
    const auto file = open_file(place);
    if (!file.is_open()) return std::nullopt;
    std::string text;
    std::array<char, 65536> part{};
    while (true) {
        const auto count = ::read(file.number(), part.data(), part.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) fail_at("read", place.path, errno);
        if (count == 0) return text;
        text.append(part.data(), static_cast<std::size_t>(count));
        // Longer than anything that it is compared with.
        if (text.size() > max_edited_file) return text;
    }
}

/// Whose a file is and who may do what with it.
struct Access {
    uid_t owner = 0;
    gid_t group = 0;
    mode_t mode = 0644;
};

Access access_of(const EditPlace& place) {
    const auto file = open_file(place);
    struct stat status{};
    if (!file.is_open() || ::fstat(file.number(), &status) != 0)
        return {::geteuid(), ::getegid(), 0644};
    return {status.st_uid, status.st_gid, status.st_mode & 07777U};
}

/// Access lists and labels. Those that only the kernel or its security module sets come by
/// themselves where they cannot be set.
void copy_attributes(const EditPlace& place, int from, int to) {
    std::string names(max_attributes, '\0');
    const auto length = ::flistxattr(from, names.data(), names.size());
    if (length < 0) {
        if (errno == ENOTSUP || errno == ENOSYS) return;
        fail_at("read the attributes of", place.path, errno);
    }
    names.resize(static_cast<std::size_t>(length));
    for (std::size_t at = 0; at < names.size(); at = names.find('\0', at) + 1) {
        const char* const name = names.c_str() + at;
        std::string value(max_attributes, '\0');
        const auto size = ::fgetxattr(from, name, value.data(), value.size());
        if (size < 0 ||
            ::fsetxattr(to, name, value.data(), static_cast<std::size_t>(size), 0) != 0) {
            const std::string_view space(name);
            const bool may_fail = space.starts_with("security.") || space.starts_with("trusted.");
            if (!may_fail) fail_at("keep the attributes of", place.path, errno);
        }
    }
}

/// The file with `text` under its staged name, on the disk.
void stage(const EditPlace& place, std::string_view text, const Access& access) {
    const auto name = place.staged_name();
    // What an earlier run has left.
    if (::unlinkat(place.folder.number(), name.c_str(), 0) != 0 && errno != ENOENT)
        fail_at("remove the staged file of", place.path, errno);
    const FileDescriptor file(::openat(place.folder.number(), name.c_str(),
                                       O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file.is_open()) fail_at("write beside", place.path, errno);
    try {
        while (!text.empty()) {
            const auto count = ::write(file.number(), text.data(), text.size());
            if (count < 0 && errno == EINTR) continue;
            if (count < 0) fail_at("write", place.path, errno);
            text.remove_prefix(static_cast<std::size_t>(count));
        }
        struct stat status{};
        if (::fstat(file.number(), &status) != 0) fail_at("write", place.path, errno);
        if ((status.st_uid != access.owner || status.st_gid != access.group) &&
            ::fchown(file.number(), access.owner, access.group) != 0)
            fail_at("keep the owner of", place.path, errno);
        // After the owner, whose change takes away bits of the mode.
        if (::fchmod(file.number(), access.mode) != 0)
            fail_at("keep the mode of", place.path, errno);
        if (const auto former = open_file(place); former.is_open())
            copy_attributes(place, former.number(), file.number());
        if (::fsync(file.number()) != 0) fail_at("write", place.path, errno);
    } catch (const Failure&) {
        ::unlinkat(place.folder.number(), name.c_str(), 0);
        throw;
    }
}

/// Makes the file hold `text`, or go away, if it holds `expected`; false if it holds neither.
bool replace(const EditPlace& place, const std::optional<std::string>& expected,
             const std::optional<std::string>& text, const Access& access) {
    const int folder = place.folder.number();
    if (text) stage(place, *text, access);
    const auto now = contents_of(place);
    if (now == text || now != expected) {
        ::unlinkat(folder, place.staged_name().c_str(), 0);
        return now == text;
    }
    const int result =
        text ? ::renameat(folder, place.staged_name().c_str(), folder, place.name().c_str())
             : ::unlinkat(folder, place.name().c_str(), 0);
    if (result != 0) {
        const int error = errno;
        ::unlinkat(folder, place.staged_name().c_str(), 0);
        fail_at("replace", place.path, error);
    }
    if (::fsync(folder) != 0) fail_at("write the folder of", place.path, errno);
    return true;
}

/// An edit as the journal keeps it.
struct RecordedEdit {
    FileEdit edit;
    Access access;
};

std::string contents_json(const std::optional<std::string>& text) {
    return text ? '"' + base::base64url(base::bytes_of(*text)) + '"' : "null";
}

std::string edits_json(std::span<const RecordedEdit> edits) {
    std::string json = "{\"version\": 1, \"edits\": [";
    for (const auto& [edit, access] : edits)
        json += fmt::format(
            "{}\n {{\"path\": {}, \"owner\": {}, \"group\": {}, \"mode\": {}, \"before\": {}, "
            "\"after\": {}}}",
            &edit == &edits.front().edit ? "" : ",", base::json_quoted(edit.path.string()),
            access.owner, access.group, access.mode, contents_json(edit.before),
            contents_json(edit.after));
    return json + "\n]}\n";
}

std::optional<std::string> read_contents(protocol::MemberReader& reader, std::string_view name) {
    const auto text = reader.text(name);
    if (!text) return std::nullopt;
    const auto bytes = base::from_base64url(*text);
    if (!bytes) {
        reader.refuse(name, bytes.error().message);
        return std::nullopt;
    }
    return std::string(base::text_of(*bytes));
}

base::Result<std::vector<RecordedEdit>> parse(std::string_view json) {
    const auto object = protocol::parse_json_object(base::bytes_of(json));
    if (!object) return std::unexpected(object.error());
    protocol::MemberReader reader(*object);
    if (reader.integer("version") != 1) return base::fail("it is of another version of cairn");
    const auto* const array = reader.array("edits");
    if (array == nullptr) return base::fail("it has no edits");
    std::vector<RecordedEdit> edits;
    for (const auto& value : *array) {
        const auto* const member = value.if_object();
        if (member == nullptr) return base::fail("an edit is no object");
        protocol::MemberReader edit(*member);
        RecordedEdit recorded;
        recorded.edit.path = fs::path(edit.required_text("path"));
        recorded.edit.before = read_contents(edit, "before");
        recorded.edit.after = read_contents(edit, "after");
        recorded.access = {static_cast<uid_t>(edit.integer("owner").value_or(0)),
                           static_cast<gid_t>(edit.integer("group").value_or(0)),
                           static_cast<mode_t>(edit.integer("mode").value_or(0644))};
        if (edit.error()) return std::unexpected(*edit.error());
        if (!recorded.edit.path.is_absolute()) return base::fail("a path is not absolute");
        edits.push_back(std::move(recorded));
    }
    return edits;
}

base::Result<std::vector<RecordedEdit>> read_journal(const fs::path& journal) {
    const auto text = read_file(journal, max_journal);
    if (!text) return std::unexpected(text.error());
    auto edits = parse(*text);
    if (!edits) return std::unexpected(edits.error().within(journal.string()));
    return edits;
}

/// Throws Failure if the edits are too large, or of one file twice.
void require_reasonable(std::span<const FileEdit> edits) {
    std::size_t total = 0;
    for (const auto& edit : edits) {
        for (const auto* const text : {&edit.before, &edit.after}) {
            const auto size = text->has_value() ? (*text)->size() : 0;
            total += size;
            if (size > max_edited_file)
                throw Failure({fmt::format("change {}", edit.path.string()), Phase::deploy},
                              fmt::format("it is larger than {} octets", max_edited_file));
        }
    }
    if (total > max_edited_total)
        throw Failure(
            {"change the configuration", Phase::deploy},
            fmt::format("its files are together larger than {} octets", max_edited_total / 2));
}

/// False if somebody else has changed the file where the edit did.
bool put_back(const FileEdit& edit, const Access& access) {
    const auto place = open_place(edit.path);
    // A kill may have left it.
    ::unlinkat(place.folder.number(), place.staged_name().c_str(), 0);
    const auto now = contents_of(place);
    if (now == edit.before) return true;
    if (now == edit.after) return replace(place, now, edit.before, access);
    if (!now || !edit.before || !edit.after || now->size() > max_edited_file) return false;
    const auto merged = merged_texts(*edit.after, *edit.before, *now);
    if (!merged) return false;
    return replace(place, now, merged, access_of(place));
}

/// Makes the edits, or none: `is_as_before` says whether those that were made could be put back.
void make_all(std::string_view record, bool& is_as_before) {
    const auto edits = parse(record);
    if (!edits) throw Failure({"change the configuration", Phase::deploy}, edits.error().message);
    std::size_t made = 0;
    try {
        for (const auto& [edit, access] : *edits) {
            if (!replace(open_place(edit.path), edit.before, edit.after, access))
                throw Failure({fmt::format("change {}", edit.path.string()), Phase::deploy},
                              "somebody else has changed it meanwhile", "run it again.");
            ++made;
        }
    } catch (const Failure& failure) {
        std::string kept;
        // The one that failed may be made, if only its folder could not be forced to the disk.
        for (std::size_t i = 0; i <= made && i < edits->size(); ++i) {
            const auto& [edit, access] = (*edits)[i];
            try {
                if (!put_back(edit, access) && i < made) kept += " " + edit.path.string();
            } catch (const Failure&) {
                kept += " " + edit.path.string();
            }
        }
        is_as_before = kept.empty();
        if (is_as_before) throw;
        throw Failure(
            {failure.tried(), Phase::deploy},
            failure.came_back() + "; and these could not be put back as they were:" + kept,
            failure.next());
    }
}

void remove_journal(const fs::path& journal) {
    if (::unlink(journal.c_str()) != 0 && errno != ENOENT) fail_at("remove", journal, errno);
    if (fs::exists(journal.parent_path())) sync_directory(journal.parent_path());
}

}  // namespace

std::string diff_of(std::span<const FileEdit> edits) {
    std::string text;
    for (const auto& edit : edits)
        text += unified_diff({edit.before ? edit.path.string() : "/dev/null",
                              edit.after ? edit.path.string() : "/dev/null",
                              edit.before ? *edit.before : std::string_view(),
                              edit.after ? *edit.after : std::string_view()});
    return text;
}

base::Result<fs::path> real_file(const fs::path& path) {
    if (!path.is_absolute()) return base::fail(fmt::format("{} is not absolute", path.string()));
    fs::path reached = "/";
    std::deque<fs::path> rest;
    const auto go_on_with = [&rest](const fs::path& way) {
        std::vector<fs::path> parts;
        for (const auto& part : way.relative_path())
            if (!part.empty() && part != ".") parts.push_back(part);
        rest.insert(rest.begin(), parts.begin(), parts.end());
    };
    go_on_with(path);
    int links = 0;
    while (!rest.empty()) {
        const auto part = rest.front();
        rest.pop_front();
        if (part == "..") {
            reached = reached.parent_path();
            continue;
        }
        const auto next = reached / part;
        struct stat status{};
        if (::lstat(next.c_str(), &status) != 0) {
            if (errno == ENOENT && rest.empty()) return next;
            return base::fail(fmt::format("{}: {}", next.string(), reason(errno)));
        }
        if (S_ISLNK(status.st_mode)) {
            struct stat folder{};
            if (::stat(reached.c_str(), &folder) != 0 || !is_closed_to_others(folder))
                return base::fail(fmt::format(
                    "{} is a link in a folder that others than root may change, and could lead "
                    "anywhere; name the file that it leads to",
                    next.string()));
            std::error_code error;
            const auto target = fs::read_symlink(next, error);
            if (error || ++links > max_links)
                return base::fail(
                    fmt::format("{}: {}", next.string(), reason(error ? error.value() : ELOOP)));
            if (target.is_absolute()) reached = "/";
            go_on_with(target);
            continue;
        }
        if (rest.empty() && !S_ISREG(status.st_mode))
            return base::fail(fmt::format("{} is no plain file", next.string()));
        if (rest.empty() && status.st_nlink > 1)
            return base::fail(fmt::format(
                "{} is a file with {} names (hard links), which a change would part from each "
                "other; make it one file, with symbolic links to it",
                next.string(), status.st_nlink));
        if (rest.empty()) return next;
        reached = next;
    }
    return base::fail(fmt::format("{} is no plain file", path.string()));
}

std::string record_of(std::span<const FileEdit> edits) {
    require_reasonable(edits);
    std::vector<RecordedEdit> recorded;
    for (const auto& edit : edits) {
        const auto place = open_place(edit.path);
        bool is_known = false;
        for (const auto& other : recorded) {
            if (other.edit.path != place.path) continue;
            is_known = true;
            // One file that is reached by two ways is changed once.
            if (other.edit.before != edit.before || other.edit.after != edit.after)
                throw Failure({fmt::format("change {}", edit.path.string()), Phase::deploy},
                              "it is to be changed twice at once");
        }
        if (is_known) continue;
        // The file itself: where links lead may change before it is put back.
        recorded.push_back({{place.path, edit.before, edit.after}, access_of(place)});
    }
    return edits_json(recorded);
}

void make_edits(std::string_view record) {
    bool is_as_before = true;
    make_all(record, is_as_before);
}

void undo_edits(std::string_view record) {
    const auto edits = parse(record);
    if (!edits)
        throw Failure({"put back the configuration as it was", Phase::deploy},
                      edits.error().message);
    std::string failures;
    for (const auto& [edit, access] : *edits) {
        try {
            if (put_back(edit, access)) continue;
            failures += fmt::format(
                "{}somebody has changed {} after that at the same place, and it stays as it is",
                failures.empty() ? "" : "; ", edit.path.string());
        } catch (const Failure& failure) {
            failures += fmt::format("{}{}: {}", failures.empty() ? "" : "; ", failure.tried(),
                                    failure.came_back());
        }
    }
    if (!failures.empty())
        throw Failure({"put back the configuration as it was", Phase::deploy}, failures,
                      "mend the file by hand.");
}

bool FileEdits::is_recorded() const {
    std::error_code error;
    return fs::exists(fs::symlink_status(journal_, error));
}

base::Result<std::vector<FileEdit>> FileEdits::recorded() const {
    auto edits = read_journal(journal_);
    if (!edits) return std::unexpected(edits.error());
    std::vector<FileEdit> plain;
    for (auto& recorded : *edits) plain.push_back(std::move(recorded.edit));
    return plain;
}

void FileEdits::apply(std::span<const FileEdit> edits) {
    if (is_recorded())
        throw Failure({"change the configuration", Phase::deploy},
                      fmt::format("an earlier change has not ended: {}", journal_.string()));
    if (edits.empty()) return;
    const auto record = record_of(edits);
    make_private_directory(journal_.parent_path());
    write_durably(journal_, record, FileAccess::owner);
    bool is_as_before = true;
    try {
        make_all(record, is_as_before);
    } catch (const Failure&) {
        if (is_as_before) remove_journal(journal_);
        throw;
    }
}

void FileEdits::undo() {
    if (!is_recorded()) return;
    const auto record = read_file(journal_, max_journal);
    if (!record)
        throw Failure({"put back the configuration as it was", Phase::deploy},
                      record.error().message);
    try {
        undo_edits(*record);
    } catch (const Failure& failure) {
        throw failure.advising(fmt::format("mend the file, and remove {}, which keeps what it was.",
                                           journal_.string()));
    }
    remove_journal(journal_);
}

void FileEdits::forget() {
    if (const auto edits = read_journal(journal_); edits) {
        for (const auto& recorded : *edits) {
            const auto path = recorded.edit.path;
            ::unlink(
                (path.parent_path() / fmt::format(".{}.cairn", path.filename().string())).c_str());
        }
    }
    remove_journal(journal_);
}

void FileEdits::keep_as(const fs::path& journal) {
    make_private_directory(journal.parent_path());
    if (::rename(journal_.c_str(), journal.c_str()) != 0) fail_at("keep", journal_, errno);
    sync_directory(journal.parent_path());
    if (fs::exists(journal_.parent_path())) sync_directory(journal_.parent_path());
}

}  // namespace cairn::client
