#pragma once

#include <chrono>
#include <compare>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "client/durable_file.h"
#include "client/timer.h"

namespace cairn::client {

/// The name of a lineage: letters, digits, and the characters . _ - + @ : inside, 1 to 200 of them,
/// not starting with a dot or a dash. Safe as a file name and as an argument.
class LineageName {
  public:
    [[nodiscard]] static base::Result<LineageName> from_text(std::string_view text);
    [[nodiscard]] const std::string& text() const { return text_; }
    friend auto operator<=>(const LineageName&, const LineageName&) = default;

  private:
    explicit LineageName(std::string text) : text_(std::move(text)) {}
    std::string text_;
};

/// A lock among threads and processes; released when it is destroyed or the process dies.
class StateLock {
  public:
    explicit StateLock(FileDescriptor file) : file_(std::move(file)) {}

  private:
    FileDescriptor file_;
};

/// Where the client keeps its state, in certbot's shape (`live`, `archive`,
/// `renewal`, `accounts`) with `facts`, `attempts`, `challenges`, `limits`, `locks`, `persist` and
/// `calendar` besides. Makes what is missing, mode 0700. Thread-safe.
class StateDirectory {
  public:
    /// The names of all that a state consists of, in this version and in earlier ones: whatever is
    /// beside them in the folder (settings, credentials) is none of it.
    [[nodiscard]] static std::span<const std::string_view> folders();

    /// Nothing is made until something is written.
    explicit StateDirectory(std::filesystem::path root);

    [[nodiscard]] const std::filesystem::path& root() const { return root_; }
    [[nodiscard]] std::filesystem::path accounts() const { return root_ / "accounts"; }
    [[nodiscard]] std::filesystem::path live(const LineageName& name) const;
    [[nodiscard]] std::filesystem::path archive(const LineageName& name) const;
    /// What is needed to renew a lineage.
    [[nodiscard]] std::filesystem::path renewal(const LineageName& name) const;
    /// The record of challenges that are presented for a lineage at this moment.
    [[nodiscard]] std::filesystem::path challenges(const LineageName& name) const;

    /// What people were told of trouble.
    [[nodiscard]] std::filesystem::path notices() const { return root_ / "notices.json"; }
    /// The folder of the attempts at a lineage.
    [[nodiscard]] std::filesystem::path attempts(const LineageName& name) const;
    /// When something is next to be done for each lineage.
    [[nodiscard]] std::filesystem::path calendar() const { return root_ / "calendar"; }
    /// The folder of what is known of the limits of CAs.
    [[nodiscard]] std::filesystem::path limits() const { return root_ / "limits"; }
    /// What has become of a lineage.
    [[nodiscard]] std::filesystem::path facts(const LineageName& name) const;

    // Where earlier versions kept a part of the facts; nothing is written there
    // any more.

    /// The order that is under way for a lineage.
    [[nodiscard]] std::filesystem::path order(const LineageName& name) const;
    /// Exists while the deploy hook of a lineage has not yet run for the live certificate.
    [[nodiscard]] std::filesystem::path deployment(const LineageName& name) const;
    /// The folder of the records of revocations.
    [[nodiscard]] std::filesystem::path revocations() const { return root_ / "revocations"; }
    /// The record of a certificate's revocation, by the SHA-256 digest of the
    /// certificate.
    [[nodiscard]] std::filesystem::path revocation(std::string_view digest) const;

    /// Throws Failure if the state cannot be read, if `if_missing` says so also if there is none,
    /// or something else in its place.
    enum class IfMissing { accept, refuse };
    void require_readable(IfMissing if_missing) const;

    /// Removes the folder if nothing is in it but locks that nobody holds: for a run that has found
    /// none, and has refused before there was anything to keep.
    void remove_if_unused() const noexcept;

    // Each throws Failure if the folder is there and cannot be read.

    /// The lineages that have something in `live`, in order; without the names that lineages had
    /// before they were renamed.
    [[nodiscard]] std::vector<LineageName> live_lineages() const;
    /// The lineages that facts are kept of, in order.
    [[nodiscard]] std::vector<LineageName> lineages_with_facts() const;
    /// The lineages that attempts are kept of, in order.
    [[nodiscard]] std::vector<LineageName> lineages_with_attempts() const;
    /// The lineages that have a renewal configuration, in order.
    [[nodiscard]] std::vector<LineageName> lineages() const;
    /// The lineages for which challenges are, or were when a run died, presented.
    [[nodiscard]] std::vector<LineageName> lineages_with_challenges() const;

    /// Waits until nobody else works on this lineage, for at most `patience`. Throws Failure.
    [[nodiscard]] StateLock lock(const LineageName& name, Timer& timer,
                                 std::chrono::milliseconds patience) const;
    /// The lock if nobody has it. Throws Failure if the state cannot be written.
    [[nodiscard]] std::optional<StateLock> try_lock(const LineageName& name) const;
    /// Waits, briefly, until nobody else changes the facts of this lineage.
    /// Throws Failure.
    [[nodiscard]] StateLock lock_facts(const LineageName& name) const;
    /// Waits, briefly, until nobody else changes the plan of this lineage. Throws Failure.
    [[nodiscard]] StateLock lock_plan(const LineageName& name) const;
    /// Waits, briefly, until nobody else changes what is known of limits. Throws Failure.
    [[nodiscard]] StateLock lock_limits() const;
    /// The lock of the program that renews all the time, if nobody has it. Throws Failure if the
    /// state cannot be written.
    [[nodiscard]] std::optional<StateLock> try_lock_daemon() const;
    /// Waits until nobody else changes the record set of the DNS that `key` names, which may be any
    /// text. Throws Failure.
    [[nodiscard]] StateLock lock_record_set(std::string_view key, Timer& timer,
                                            std::chrono::milliseconds patience) const;
    /// Waits until no other run listens at `address`, so that of two that answer challenges there
    /// the second waits for its turn. Throws Failure.
    [[nodiscard]] StateLock lock_listening(std::string_view address, Timer& timer,
                                           std::chrono::milliseconds patience) const;
    /// The same if no other run does so now. Throws Failure if the state cannot be written.
    [[nodiscard]] std::optional<StateLock> try_lock_listening(std::string_view address) const;
    /// Waits, briefly, until nobody else changes what people were told. Throws Failure.
    [[nodiscard]] StateLock lock_notices() const;
    /// Waits until nobody else changes accounts. Throws Failure.
    [[nodiscard]] StateLock lock_accounts(Timer& timer, std::chrono::milliseconds patience) const;

  private:
    std::filesystem::path root_;
};

}  // namespace cairn::client
