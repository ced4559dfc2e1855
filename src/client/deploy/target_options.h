#pragma once

#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "client/deploy/target.h"

namespace cairn::client {

/// The text of a target, taken apart: "KIND[:ARGUMENT][,KEY=VALUE]...". A comma within a value has
/// a backslash before it, or stands between quotes, which stay. What is taken is written down in
/// the form that `text` gives; what is wrong with it, and what nobody took, is told at once.
class TargetOptions {
  public:
    static constexpr std::size_t max_text = 8192;  ///< octets

    /// Splits the text. An error if it has no kind, a key twice, a control character, or is too
    /// long.
    [[nodiscard]] static base::Result<TargetOptions> from_text(std::string_view text);

    [[nodiscard]] const std::string& kind() const { return kind_; }
    /// What stands behind the colon, which may be empty.
    [[nodiscard]] std::string argument();
    [[nodiscard]] bool has(std::string_view key) const;
    /// The value of a key; nothing if it was not said.
    [[nodiscard]] std::optional<std::string> take(std::string_view key);
    /// The value of a key, else `usual`, which is written down then unless it is empty.
    [[nodiscard]] std::string take_or_keep(std::string_view key, const std::string& usual);
    /// A path, which becomes absolute.
    [[nodiscard]] std::optional<std::filesystem::path> take_path(std::string_view key);
    /// "yes" or "no".
    [[nodiscard]] bool take_flag(std::string_view key);
    /// A command, whose program becomes an absolute path if it is found.
    [[nodiscard]] std::string take_command(std::string_view key);
    /// owner, group (names or numbers) and mode (octal).
    [[nodiscard]] FileRights take_rights(std::string_view prefix = {});
    /// probe (HOST:PORT, several parted by blanks, or "none"), starttls and server-name.
    [[nodiscard]] std::vector<DeployProbe> take_probes();
    /// One of the kinds of keys.
    [[nodiscard]] std::optional<crypto::KeyType> take_key_type();

    /// Writes the argument or the value of a key as it is to stand in `text`.
    void settle_argument(std::string_view argument) { argument_ = argument; }
    void settle(std::string_view key, std::string_view value);
    /// Notes that something is wrong with what was said.
    void refuse(std::string_view key, std::string_view what);

    /// The canonical text: all that was said, paths absolute.
    [[nodiscard]] std::string text() const;
    /// What is wrong, with all that nobody took; nothing if all is well.
    [[nodiscard]] std::optional<base::Error> error() const;

  private:
    TargetOptions() = default;
    [[nodiscard]] const std::string* find(std::string_view key) const;
    std::string kind_, argument_;
    bool is_argument_taken_ = false;
    std::vector<std::pair<std::string, std::string>> values_;
    std::set<std::string, std::less<>> taken_;
    std::vector<std::string> faults_;
};

/// The user or group with this name or number.
[[nodiscard]] base::Result<uid_t> user_from(std::string_view text);
[[nodiscard]] base::Result<gid_t> group_from(std::string_view text);
/// An octal mode, "0640"; the set-user-id and write-for-others bits are refused.
[[nodiscard]] base::Result<mode_t> mode_from(std::string_view text);
/// "HOST:PORT", "[::1]:443".
[[nodiscard]] base::Result<DeployProbe> probe_from(std::string_view text);
/// A kind of STARTTLS by its name: "smtp".
[[nodiscard]] base::Result<net::StartTls> start_tls_from(std::string_view text);
[[nodiscard]] std::string_view to_string(net::StartTls kind);

}  // namespace cairn::client
