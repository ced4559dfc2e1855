#include "apps/ca/backup_stream.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <stdexcept>
#include <system_error>

namespace cairn::apps {

namespace fs = std::filesystem;

namespace {

std::string reason() {
    return std::generic_category().message(errno);
}

}  // namespace

BackupWriter::BackupWriter(const fs::path& path, base::BytesView passphrase, crypto::Random& random)
    : path_(path), out_(path, std::ios::binary | std::ios::in | std::ios::out) {
    const auto header = crypto::SealHeader::fresh(random);
    sealer_ = std::make_unique<crypto::Sealer>(
        out_, header, crypto::SealKey::from_passphrase(header, base::text_of(passphrase)));
}

void BackupWriter::write(std::string_view text) {
    sealer_->write(base::bytes_of(text));
    require();
}

void BackupWriter::write_file(const fs::path& path, std::uintmax_t size) {
    std::ifstream in(path, std::ios::binary);
    std::array<char, 65536> part{};
    std::uintmax_t written = 0;
    while (in && written < size) {
        in.read(part.data(), static_cast<std::streamsize>(
                                 std::min<std::uintmax_t>(part.size(), size - written)));
        const auto count = static_cast<std::size_t>(in.gcount());
        write({part.data(), count});
        written += count;
    }
    if (written != size)
        throw std::runtime_error("cannot read " + path.string() +
                                 ", or it became shorter meanwhile; say it again");
}

void BackupWriter::finish() {
    sealer_->finish();
    out_.flush();
    require();
    out_.close();
}

void BackupWriter::require() {
    if (!out_) throw std::runtime_error("cannot write " + path_.string() + ": " + reason());
}

BackupReader::BackupReader(const fs::path& path, base::BytesView passphrase)
    : path_(path), in_(path, std::ios::binary) {
    if (!in_) throw std::runtime_error("cannot read " + path.string() + ": " + reason());
    std::array<char, crypto::SealHeader::size> octets{};
    in_.read(octets.data(), octets.size());
    const auto header = crypto::SealHeader::from_octets(
        base::bytes_of(std::string_view(octets.data(), static_cast<std::size_t>(in_.gcount()))));
    if (!header) refuse(header.error().message);
    unsealer_ = std::make_unique<crypto::Unsealer>(
        in_, *header, crypto::SealKey::from_passphrase(*header, base::text_of(passphrase)));
}

std::string BackupReader::read(std::size_t count) {
    while (pending_.size() < count) {
        const auto part = next();
        if (part.empty()) refuse("it ends too early");
        pending_ += base::text_of(part);
    }
    auto text = pending_.substr(0, count);
    pending_.erase(0, count);
    return text;
}

void BackupReader::read_into(const fs::path& path, std::uintmax_t size) {
    std::ofstream out(path, std::ios::binary | std::ios::in);
    while (size > 0) {
        const auto text = read(static_cast<std::size_t>(
            std::min<std::uintmax_t>(size, std::max<std::size_t>(pending_.size(), 1))));
        out.write(text.data(), static_cast<std::streamsize>(text.size()));
        size -= text.size();
    }
    out.flush();
    if (!out) throw std::runtime_error("cannot write " + path.string() + ": " + reason());
}

void BackupReader::finish() {
    if (!pending_.empty() || !next().empty()) refuse("it goes on behind its last file");
}

base::Bytes BackupReader::next() {
    auto part = unsealer_->next();
    if (!part) refuse(part.error().message);
    return *std::move(part);
}

void BackupReader::refuse(const std::string& why) const {
    throw std::runtime_error(path_.string() + ": " + why + "; nothing was changed");
}

}  // namespace cairn::apps
