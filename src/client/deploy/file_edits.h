#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace cairn::client {

/// Most octets of one file that is changed, and of all files before and after.
inline constexpr std::size_t max_edited_file = std::size_t{4} << 20U;
inline constexpr std::size_t max_edited_total = std::size_t{16} << 20U;

/// How one file of another program's configuration is to change. Nothing in the place of contents
/// means that there is no such file.
struct FileEdit {
    /// As the configuration names it, absolute; a link is followed to the file itself.
    std::filesystem::path path;
    std::optional<std::string> before, after;
};

/// The edits as `diff -u` shows them, file by file.
[[nodiscard]] std::string diff_of(std::span<const FileEdit> edits);

/// The file that `path` leads to. A link is followed only where nobody but root and the user of
/// this process may change it: the folder that it stands in is theirs, and closed to others. An
/// error for what is no plain file, or has further names (hard links) that an edit would part from
/// it. What does not exist is itself, in a folder that does.
[[nodiscard]] base::Result<std::filesystem::path> real_file(const std::filesystem::path& path);

/// Text that says how to make the edits and how to undo them, with whose each file is: for a place
/// on the disk of mode 0600. Nothing is changed yet. Throws Failure if an edit is not possible or
/// too large.
[[nodiscard]] std::string record_of(std::span<const FileEdit> edits);
/// Makes the edits of a record. Throws Failure, with everything put back, if one cannot be made or
/// if a file does not hold what is said: somebody else has changed it.
void make_edits(std::string_view record);
/// Puts back what the edits of a record have changed, however many of them were made; again without
/// harm. What somebody has changed elsewhere in a file since then stays. Throws Failure if that is
/// at the same place: then this file stays as it is, and the others are put back.
void undo_edits(std::string_view record);

/// Files that change together, with a record of it in a journal, so that the change can be undone
/// after a failure, after a kill at any step, and whenever somebody asks for it.
///
/// Each file is replaced in one step, so that a program that reads it finds the old contents or the
/// new; owner, group, mode and extended attributes (access lists, labels) stay. What is staged
/// beside a file has a name that begins with a dot, which patterns like `conf.d/*` do not match.
///
/// Not thread-safe; whoever uses a journal holds a lock for it.
class FileEdits {
  public:
    /// `journal` is a file in the state, whose folder is made when it is needed.
    explicit FileEdits(std::filesystem::path journal) : journal_(std::move(journal)) {}

    /// True if there is a record of edits that were applied, or were being applied.
    [[nodiscard]] bool is_recorded() const;
    /// What is recorded; an error if it cannot be read.
    [[nodiscard]] base::Result<std::vector<FileEdit>> recorded() const;

    /// Records the edits durably and makes them. Throws Failure, with everything put back and
    /// nothing recorded, if one cannot be made or if a file does not hold what is said (somebody
    /// else has changed it). If something is recorded already, it throws and changes nothing.
    void apply(std::span<const FileEdit> edits);
    /// Puts back what is recorded, as `undo_edits` does, and forgets it; nothing if nothing is. It
    /// may be called after a kill at any step, and again. If it throws, the record stays.
    void undo();
    /// Forgets the record; the files stay as they are now. Throws Failure.
    void forget();
    /// Keeps the record as another journal, to undo it some time. It replaces what was there.
    /// Throws Failure.
    void keep_as(const std::filesystem::path& journal);

  private:
    std::filesystem::path journal_;
};

}  // namespace cairn::client
