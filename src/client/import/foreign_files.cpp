#include "client/import/foreign_files.h"

#include <system_error>

#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/account_file.h"
#include "client/durable_file.h"

namespace cairn::client {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_key_file = 65536;
constexpr std::size_t max_chain_file = std::size_t{1} << 20U;

bool is_below(const fs::path& path, const fs::path& folder) {
    const auto way = path.lexically_relative(folder);
    return !way.empty() && *way.begin() != "..";
}

void wipe(std::string& text) {
    base::wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
}

}  // namespace

base::Result<void> ForeignFiles::accept(const fs::path& path) const {
    std::error_code error;
    const auto real = fs::canonical(path, error);
    if (error) return base::fail(fmt::format("{}: {}", path.string(), error.message()));
    const auto here = fs::canonical(folder_, error);
    if (error || is_below(real, here)) return {};
    // Every link on the way out belongs to somebody who could read the target anyway.
    auto place = here;
    const auto way = path.lexically_normal().lexically_relative(folder_.lexically_normal());
    if (way.empty() || *way.begin() == "..") return {};  // named by its own path
    for (const auto& part : way) {
        place /= part;
        struct stat facts{};
        if (::lstat(place.c_str(), &facts) != 0) break;
        if (S_ISLNK(facts.st_mode) && facts.st_uid != 0 && facts.st_uid != ::geteuid())
            return base::fail(fmt::format("{} is a link of another user that leads out of {}",
                                          place.string(), folder_.string()));
    }
    return {};
}

base::Result<std::string> ForeignFiles::read(const fs::path& file, std::size_t limit) const {
    if (auto accepted = accept(file); !accepted) return std::unexpected(accepted.error());
    struct stat facts{};
    if (::stat(file.c_str(), &facts) != 0)
        return base::fail(
            fmt::format("{}: {}", file.string(), std::generic_category().message(errno)));
    if (!S_ISREG(facts.st_mode)) return base::fail(fmt::format("{} is no file", file.string()));
    return read_file(file, limit);
}

base::Result<crypto::PrivateKey> ForeignFiles::read_key(const fs::path& file) const {
    auto text = read(file, max_key_file);
    if (!text) return std::unexpected(text.error());
    auto account = read_account_file(*text);
    wipe(*text);
    if (!account)
        return base::fail(fmt::format("{} holds no private key that is known here", file.string()));
    return std::move(account->key);
}

base::Result<pki::Chain> ForeignFiles::read_chain(const fs::path& file) const {
    const auto text = read(file, max_chain_file);
    if (!text) return std::unexpected(text.error());
    auto chain = pki::chain_from_pem(*text);
    if (!chain) return std::unexpected(chain.error().within(file.string()));
    return chain;
}

base::Result<Generation> ForeignFiles::read_generation(const fs::path& full_chain,
                                                       const fs::path& private_key,
                                                       const fs::path& issuers) const {
    auto chain = read_chain(full_chain);
    if (!chain) return std::unexpected(chain.error());
    if (chain->size() == 1 && !issuers.empty() && fs::exists(issuers)) {
        const auto rest = read_chain(issuers);
        if (!rest) return std::unexpected(rest.error());
        chain->insert(chain->end(), rest->begin(), rest->end());
    }
    auto key = read_key(private_key);
    if (!key) return std::unexpected(key.error());
    if (chain->front().public_key() != key->public_key())
        return base::fail(
            fmt::format("{} is not the key of {}", private_key.string(), full_chain.string()));
    return Generation{LineageKey(*key), std::move(*chain)};
}

bool ForeignFiles::is_folder(const fs::path& path) const {
    std::error_code none;
    return fs::is_directory(path, none) && accept(path);
}

std::string readers_besides_us(const fs::path& private_key) {
    std::error_code error;
    const auto real = fs::canonical(private_key, error);
    if (error) return {};
    struct stat facts{};
    if (::stat(real.c_str(), &facts) != 0) return {};
    if (facts.st_uid != ::geteuid())
        return fmt::format(
            "{} belongs to another user (number {}), who could not follow a link "
            "into the state of cairn.",
            real.string(), facts.st_uid);
    // What the folders on the way let through.
    mode_t open = facts.st_mode & 0044U;
    for (auto folder = real.parent_path(); open != 0; folder = folder.parent_path()) {
        struct stat way{};
        if (::stat(folder.c_str(), &way) != 0) return {};
        if ((way.st_mode & 0010U) == 0 && (way.st_mode & 0001U) == 0) open &= ~mode_t{0040};
        if ((way.st_mode & 0001U) == 0) open &= ~mode_t{0004};
        if (folder == folder.root_path()) break;
    }
    if (open == 0) return {};
    return fmt::format(
        "others can read {} (mode {:04o}), and could not follow a link into the "
        "state of cairn.",
        real.string(), facts.st_mode & 07777U);
}

}  // namespace cairn::client
