#pragma once

#include <filesystem>
#include <string>

namespace cairn::crypto::testing {

/// A token of SoftHSM in a folder of its own, which goes with it. One in a process: SoftHSM reads
/// once where its tokens are.
class SoftToken {
  public:
    /// Throws std::runtime_error if SoftHSM's programs fail.
    SoftToken();
    ~SoftToken();
    SoftToken(const SoftToken&) = delete;
    SoftToken& operator=(const SoftToken&) = delete;

    /// Of the token, with its module and the file of its PIN.
    [[nodiscard]] std::string uri(const std::string& more = {}) const;
    /// Puts another PIN into the file, which is not the token's.
    void write_pin(const std::string& pin) const;
    static constexpr const char* pin = "open-4711";

  private:
    std::filesystem::path folder_;
};

}  // namespace cairn::crypto::testing
