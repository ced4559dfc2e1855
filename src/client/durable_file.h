#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "base/bytes.h"
#include "base/result.h"

namespace cairn::client {

/// Who may read a file.
enum class FileAccess : mode_t { owner = 0600, everyone = 0644 };

/// Puts `contents` at `path` so that a crash leaves either the old file or the whole new one, on
/// the disk and not only in its cache. Throws Failure.
void write_durably(const std::filesystem::path& path, std::string_view contents, FileAccess access);
void write_durably(const std::filesystem::path& path, base::BytesView contents, FileAccess access);

/// The same for several files of one folder, of which no other refers to one before the call
/// returns: the folder is forced to the disk once.
struct DurableContents {
    std::filesystem::path path;
    base::BytesView contents;
};
void write_durably(std::span<const DurableContents> files, FileAccess access);

/// Adds `contents` to the end of a file that is there, on the disk and not only in its cache. After
/// a crash or a failure the file may end with a part of them. Throws Failure.
void append_durably(const std::filesystem::path& path, std::string_view contents);

/// Makes `link` a symbolic link to `target`, in one step where it was one before. Throws Failure.
void link_durably(const std::filesystem::path& link, const std::filesystem::path& target);

/// Puts a symbolic link to `target` at `path`, and what was there at `aside`, which is in the same
/// folder and must be free: in one step where the file system can do so. Throws Failure.
void replace_by_link(const std::filesystem::path& path, const std::filesystem::path& target,
                     const std::filesystem::path& aside);

/// Makes `directory` and its missing parents, mode 0700. Throws Failure.
void make_private_directory(const std::filesystem::path& directory);

/// Forces the entries of `directory` to the disk. Throws Failure.
void sync_directory(const std::filesystem::path& directory);

/// The names of the entries of `directory`; none if it does not exist. Throws Failure if it cannot
/// be read, so that an unreadable directory never counts as empty.
[[nodiscard]] std::vector<std::string> file_names_in(const std::filesystem::path& directory);

/// Reads a whole file of at most `limit` octets.
[[nodiscard]] base::Result<std::string> read_file(const std::filesystem::path& path,
                                                  std::size_t limit);

/// A file descriptor that is closed when it goes.
class FileDescriptor {
  public:
    FileDescriptor() = default;
    explicit FileDescriptor(int number) : number_(number) {}
    FileDescriptor(FileDescriptor&& other) noexcept : number_(other.number_) { other.number_ = -1; }
    FileDescriptor& operator=(FileDescriptor&& other) noexcept;
    ~FileDescriptor() { close(); }
    [[nodiscard]] int number() const { return number_; }
    [[nodiscard]] bool is_open() const { return number_ >= 0; }
    void close() noexcept;

  private:
    int number_ = -1;
};

}  // namespace cairn::client
