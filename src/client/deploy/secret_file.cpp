#include "client/deploy/secret_file.h"

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <fmt/format.h>
#include <sys/stat.h>

#include "client/command_words.h"
#include "client/durable_file.h"

namespace cairn::client {
namespace {

constexpr std::size_t max_secret = 65536;

}  // namespace

base::Result<base::SecretBytes> secret_from(const std::filesystem::path& file) {
    struct stat status{};
    if (::stat(file.c_str(), &status) != 0)
        return base::fail(
            fmt::format("{}: {}", file.string(), std::generic_category().message(errno)));
    if ((status.st_mode & 0007) != 0)
        return base::fail(fmt::format("{}: others may read it: chmod o= {}", file.string(),
                                      shell_quoted(file.string())));
    auto text = read_file(file, max_secret);
    if (!text) return std::unexpected(text.error());
    auto end = std::min(text->find('\n'), text->size());
    if (end > 0 && (*text)[end - 1] == '\r') --end;
    base::SecretBytes secret(text->begin(), text->begin() + static_cast<std::ptrdiff_t>(end));
    base::wipe({reinterpret_cast<std::uint8_t*>(text->data()), text->size()});
    if (secret.empty())
        return base::fail(fmt::format("{}: its first line is empty", file.string()));
    if (std::ranges::find(secret, 0) != secret.end())
        return base::fail(fmt::format("{}: it has a NUL", file.string()));
    return secret;
}

}  // namespace cairn::client
