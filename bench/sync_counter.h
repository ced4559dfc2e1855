#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace cairn::bench {

/// Counts the calls of fsync and fdatasync of programs that are started with its environment, and
/// of their children: a small library, loaded before the C library, adds one to a number in a
/// mapped file and makes the call. It costs next to nothing, so that the count belongs to the very
/// run that is measured. Programs that do not call the C library (Pebble) are not counted.
class SyncCounter {
  public:
    /// With the number in `file`. Throws std::runtime_error if it cannot be made.
    explicit SyncCounter(const std::filesystem::path& file);
    ~SyncCounter();
    SyncCounter(const SyncCounter&) = delete;
    SyncCounter& operator=(const SyncCounter&) = delete;

    /// "NAME=VALUE" each.
    [[nodiscard]] std::vector<std::string> environment() const;
    [[nodiscard]] std::uint64_t count() const;

  private:
    std::filesystem::path file_;
    std::uint64_t* number_;
};

}  // namespace cairn::bench
