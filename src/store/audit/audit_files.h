#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ca/facts/audit_line.h"

namespace cairn::store {

/// A file of an audit log.
struct AuditFile {
    std::filesystem::path path;
    /// The number of the first line that can be read; of a file without any, the one in its name.
    std::uint64_t first = 0;
    /// Whether a line can be read in it at all.
    bool has_lines = false;
    /// What that line says of the one before it.
    ca::AuditPosition before{};
    base::Time begun{};
};

/// The name of the file that begins with this line: "audit-000000000001.jsonl".
[[nodiscard]] std::string audit_file_name(std::uint64_t first);

/// The files of the log in `folder`, in the order of their lines. They are called audit-*.jsonl,
/// with whatever a tool that moves logs appends; what is compressed is none of them. A folder that
/// is not there has none. Throws std::runtime_error naming what cannot be read.
[[nodiscard]] std::vector<AuditFile> audit_files(const std::filesystem::path& folder);

/// Hands over the lines of a file one by one, without their line feeds; then what stands behind the
/// last line feed, if that is anything. A line that is longer than a line may be is handed over in
/// pieces of that length. It is read from the octet `from` on. Throws std::runtime_error naming
/// what cannot be read.
void read_audit_file(const std::filesystem::path& path,
                     const std::function<void(std::string_view line)>& on_line,
                     const std::function<void(std::string_view rest)>& on_rest,
                     std::uint64_t from = 0);

/// Where a log ends.
struct AuditEnd {
    ca::AuditPosition position;
    /// The file with its last line, or the one behind it that has nothing but what a crash tore;
    /// empty: there is none.
    std::filesystem::path file;
    /// Octets of that file behind its last line: what a crash tore.
    std::uint64_t torn = 0;
    /// When that file was begun.
    base::Time begun{};
};
/// The last line of the log in `folder` that can be read. Lines before it are not looked at.
[[nodiscard]] AuditEnd end_of_audit(const std::filesystem::path& folder);

}  // namespace cairn::store
