#pragma once

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"
#include "client/lineage.h"
#include "crypto/key.h"

namespace cairn::client {

/// Reads files of another client's folder with care: regular files of a bounded size alone, and
/// links that lead out of the folder only where they belong to root or to the user of this process,
/// since somebody else might let us read what he may not.
class ForeignFiles {
  public:
    explicit ForeignFiles(std::filesystem::path folder) : folder_(std::move(folder)) {}

    [[nodiscard]] const std::filesystem::path& folder() const { return folder_; }
    /// Most octets of a file of settings.
    static constexpr std::size_t max_settings = std::size_t{1} << 20U;
    [[nodiscard]] base::Result<std::string> read(const std::filesystem::path& file,
                                                 std::size_t limit = max_settings) const;
    /// A private key as PEM, or as JWK.
    [[nodiscard]] base::Result<crypto::PrivateKey> read_key(
        const std::filesystem::path& file) const;
    [[nodiscard]] base::Result<pki::Chain> read_chain(const std::filesystem::path& file) const;
    /// A certificate with its chain and key, which must belong together. `issuers` may be empty, or
    /// a file with the chain where that of the certificate holds one certificate alone.
    [[nodiscard]] base::Result<Generation> read_generation(
        const std::filesystem::path& full_chain, const std::filesystem::path& private_key,
        const std::filesystem::path& issuers = {}) const;
    /// True for a folder that is in this one, or that may be read as `read` says.
    [[nodiscard]] bool is_folder(const std::filesystem::path& path) const;

  private:
    [[nodiscard]] base::Result<void> accept(const std::filesystem::path& path) const;
    std::filesystem::path folder_;
};

/// Why links in the place of this private key would keep others from reading it that can now: a
/// sentence, empty if there are none.
[[nodiscard]] std::string readers_besides_us(const std::filesystem::path& private_key);

}  // namespace cairn::client
