#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "crypto/random.h"
#include "crypto/sealed_stream.h"

namespace cairn::apps {

/// Seals files one behind the other, behind what says which they are. All throw std::runtime_error
/// naming the file and the reason.
class BackupWriter {
  public:
    /// Into the file `path`, which is there.
    BackupWriter(const std::filesystem::path& path, base::BytesView passphrase,
                 crypto::Random& random);
    void write(std::string_view text);
    /// The first `size` octets of a file.
    void write_file(const std::filesystem::path& path, std::uintmax_t size);
    void finish();

  private:
    void require();

    std::filesystem::path path_;
    std::fstream out_;
    std::unique_ptr<crypto::Sealer> sealer_;
};

/// Reads what a BackupWriter wrote. All throw std::runtime_error naming the file and the reason: it
/// was cut or edited, or the passphrase is another one.
class BackupReader {
  public:
    BackupReader(const std::filesystem::path& path, base::BytesView passphrase);
    /// Exactly so many octets.
    std::string read(std::size_t count);
    /// So many octets into the file `path`, which is there.
    void read_into(const std::filesystem::path& path, std::uintmax_t size);
    /// Throws unless this is the end.
    void finish();

  private:
    base::Bytes next();
    [[noreturn]] void refuse(const std::string& why) const;

    std::filesystem::path path_;
    std::ifstream in_;
    std::unique_ptr<crypto::Unsealer> unsealer_;
    std::string pending_;
};

}  // namespace cairn::apps
