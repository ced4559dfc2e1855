#pragma once

#include <filesystem>
#include <string_view>

namespace cairn::client {

/// A folder for secrets that a program needs while it runs: mode 0700, in the folder for temporary
/// files, and gone with all that is in it when this goes. What a process has left that was killed
/// is removed by the next one that makes such a folder, after ten minutes. Throws Failure.
class ThrowawayFolder {
  public:
    /// `purpose`: letters and digits for its name.
    explicit ThrowawayFolder(std::string_view purpose);
    ~ThrowawayFolder();
    ThrowawayFolder(const ThrowawayFolder&) = delete;
    ThrowawayFolder& operator=(const ThrowawayFolder&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }
    /// Writes a file, mode 0600, and returns its path.
    std::filesystem::path write(std::string_view name, std::string_view text) const;

  private:
    std::filesystem::path path_;
};

}  // namespace cairn::client
