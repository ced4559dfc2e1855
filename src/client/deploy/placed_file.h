#pragma once
// Private to client/deploy: single steps with files that belong to servers.

#include <filesystem>
#include <string>
#include <string_view>

#include <sys/stat.h>

#include "base/bytes.h"
#include "client/deploy/target.h"

namespace cairn::client {

/// Most octets of a file that a target puts in place or that stands where one is to be put.
inline constexpr std::size_t max_placed_file = std::size_t{16} << 20;

/// What a file that is put at `path` gets: what is said, else what the file there has, else what
/// `FileRights` says.
struct SettledRights {
    uid_t owner = 0;
    gid_t group = 0;
    mode_t mode = 0600;
    friend bool operator==(const SettledRights&, const SettledRights&) = default;
};
[[nodiscard]] SettledRights settled_rights(const DeployFile& file);
[[nodiscard]] SettledRights rights_of(const struct stat& status);

/// True if a file with these contents and rights stands at `path`, followed through links.
[[nodiscard]] bool stands(const std::filesystem::path& path, base::BytesView contents,
                          const SettledRights& rights);

/// Makes a file that was not there, with these rights from the start, on the disk when it returns.
/// What stands at `path` is removed before. The caller syncs the folder. Throws Failure.
void write_new_file(const std::filesystem::path& path, base::BytesView contents,
                    const SettledRights& rights);

/// Has `copy` be the file `original` too: a further link to it, which takes no room, else a copy
/// with its rights. With Follow::yes the file behind a link. What stands at `copy` goes before.
enum class Follow { no, yes };
void keep_file(const std::filesystem::path& original, const std::filesystem::path& copy,
               Follow follow);

/// Makes `path` what `original` is, in one step; `original` may go.
void replace_by_file(const std::filesystem::path& original, const std::filesystem::path& path);
/// Makes `path` a link with this text, in one step.
void replace_by_link_to(const std::filesystem::path& path, const std::string& text);

/// What a name is: nothing, a link, or something else.
enum class FileStanding { missing, link, file };
[[nodiscard]] FileStanding standing_at(const std::filesystem::path& path);
/// The text of a link; empty if it is none.
[[nodiscard]] std::string link_text(const std::filesystem::path& path);

/// Makes a folder, mode 0755, and its missing parents. Throws Failure.
void make_public_directory(const std::filesystem::path& directory);
/// Removes a file or a link; that there is none is no error. Throws Failure.
void remove_file(const std::filesystem::path& path);

}  // namespace cairn::client
