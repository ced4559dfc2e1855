#include "apps/command_line/files.h"

#include <cerrno>
#include <fstream>
#include <stdexcept>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/folder_owner.h"

namespace cairn::apps {

namespace {

class Descriptor {
  public:
    explicit Descriptor(int number) : number_(number) {}
    ~Descriptor() {
        if (number_ >= 0) ::close(number_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    [[nodiscard]] int number() const { return number_; }

  private:
    int number_;
};

[[noreturn]] void fail(const std::string& what, const std::filesystem::path& path) {
    throw std::runtime_error(what + " " + path.string() + ": " +
                             std::system_category().message(errno));
}

/// A file that is removed again unless it is renamed.
class TemporaryFile {
  public:
    explicit TemporaryFile(std::filesystem::path path) : path_(std::move(path)) {}
    ~TemporaryFile() {
        if (!path_.empty()) ::unlink(path_.c_str());
    }
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }
    void rename_to(const std::filesystem::path& target) {
        if (::rename(path_.c_str(), target.c_str()) != 0) fail("cannot replace", target);
        path_.clear();
    }

  private:
    std::filesystem::path path_;
};

void write_synced(const std::filesystem::path& path, std::string_view content, unsigned mode) {
    const Descriptor descriptor(
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, mode));
    if (descriptor.number() < 0) fail("cannot create", path);
    store::give_to_owner_of(path.has_parent_path() ? path.parent_path() : ".", descriptor.number());
    // The mode of an older leftover or a wide umask must not count.
    if (::fchmod(descriptor.number(), mode) != 0) fail("cannot set the mode of", path);
    while (!content.empty()) {
        const auto written = ::write(descriptor.number(), content.data(), content.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) fail("cannot write", path);
        content.remove_prefix(static_cast<std::size_t>(written));
    }
    if (::fsync(descriptor.number()) != 0) fail("cannot sync", path);
}

}  // namespace

void sync_folder(const std::filesystem::path& folder) {
    const Descriptor descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (descriptor.number() < 0 || ::fsync(descriptor.number()) != 0)
        fail("cannot sync the folder", folder);
}

std::string read_file(const std::filesystem::path& path, std::size_t limit) {
    std::ifstream file(path, std::ios::binary);
    if (!file) fail("cannot read", path);
    std::string content(limit + 1, '\0');
    file.read(content.data(), static_cast<std::streamsize>(content.size()));
    if (file.bad()) fail("cannot read", path);
    content.resize(static_cast<std::size_t>(file.gcount()));
    if (content.size() > limit)
        throw std::runtime_error("cannot read " + path.string() + ": larger than " +
                                 std::to_string(limit) + " octets");
    return content;
}

void write_file(const std::filesystem::path& path, std::string_view content, unsigned mode) {
    auto name = path;
    name += ".new";
    TemporaryFile temporary(std::move(name));
    write_synced(temporary.path(), content, mode);
    temporary.rename_to(path);
    sync_folder(path.parent_path());
}

}  // namespace cairn::apps
