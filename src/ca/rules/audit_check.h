#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ca/facts/audit_line.h"

namespace cairn::ca {

/// Checks the lines of an audit log, in the order of its files, against each other and against
/// signed heads. Reads nothing by itself.
class AuditCheck {
  public:
    struct Finding {
        /// Where it shows: the file, and the number of the line in that file, from 1; 0: none.
        std::string file;
        std::uint64_t line = 0;
        /// What is wrong, with the numbers that the lines of the log have.
        std::string text;
    };
    struct Report {
        /// What nobody but who tampered with the log, or lost a part of it, can have done.
        std::vector<Finding> findings;
        /// What happens by itself: a line that a crash tore, files that were removed as the
        /// configuration says.
        std::vector<Finding> remarks;
        std::uint64_t lines = 0;
        /// Numbers of the first and of the last line; 0: there is none.
        std::uint64_t first = 0, last = 0;
        std::optional<base::Time> last_time;
        /// Heads whose line is there and is the one that they sign.
        std::size_t heads = 0;
        /// The farthest of them.
        std::uint64_t last_head = 0;
    };

    /// `heads` are genuine, and of this log.
    explicit AuditCheck(std::vector<AuditHead> heads);

    void begin_file(std::string name);
    /// A line of the file, without its line feed.
    void take(std::string_view text);
    /// What stands behind the last line feed of the file.
    void take_rest(std::string_view rest);
    /// After the last file.
    [[nodiscard]] Report end();

  private:
    /// What could not be read, until it shows whether a crash did it.
    struct Damage {
        std::string file;
        std::uint64_t line;
        std::string reason;
        std::uint64_t octets = 0;
        bool has_whole_lines = false;
    };
    void take_damage(std::string_view text, bool is_whole_line, std::string reason);
    void settle_damage(const AuditLine& line, std::string_view text);
    void check_first(const AuditLine& line);
    void check_place(const AuditLine& line);
    void check_heads(const AuditLine& line, const crypto::Sha256Digest& hash);
    void take_removal(std::string_view text);
    void find(std::string text);
    void find_at(std::string file, std::uint64_t line, std::string text);

    std::vector<AuditHead> heads_;
    std::size_t next_head_ = 0;
    Report report_;
    std::string file_;
    std::uint64_t line_ = 0;
    std::optional<Damage> damage_;
    /// The line that is farthest, and the file and line where it stands.
    AuditPosition last_;
    std::string last_file_;
    std::uint64_t last_line_ = 0;
    /// The lines before the first one that is there.
    AuditPosition missing_;
    std::string first_file_;
    bool is_removal_told_ = false;
    std::uint64_t matched_ = 0;
};

}  // namespace cairn::ca
