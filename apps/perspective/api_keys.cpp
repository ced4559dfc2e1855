#include "apps/perspective/api_keys.h"

#include <algorithm>
#include <sstream>
#include <stdexcept>

#include <sys/stat.h>

#include "apps/command_line/files.h"

namespace cairn::apps {

namespace {

constexpr std::size_t shortest_key = 16;
constexpr std::size_t longest_key = 512;
constexpr std::size_t most_octets = 65536;

bool is_key(const std::string& text) {
    return text.size() >= shortest_key && text.size() <= longest_key &&
           std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7F'; });
}

}  // namespace

std::vector<std::string> read_api_keys(const std::filesystem::path& file) {
    std::istringstream content(read_file(file, most_octets));
    struct stat facts{};
    if (::stat(file.c_str(), &facts) == 0 && (facts.st_mode & S_IRWXO) != 0)
        throw std::runtime_error(file.string() +
                                 " may be read by everybody on this machine: chmod 600 it");
    std::vector<std::string> keys;
    for (std::string line; std::getline(content, line);) {
        const auto end = line.find_last_not_of(" \t\r");
        line.erase(end == std::string::npos ? 0 : end + 1);
        if (line.empty() || line.starts_with('#')) continue;
        if (!is_key(line))
            throw std::runtime_error(file.string() +
                                     " must have keys of 16 to 512 printable characters without "
                                     "blanks, one on a line");
        keys.push_back(line);
    }
    if (keys.empty()) throw std::runtime_error(file.string() + " holds no key");
    return keys;
}

}  // namespace cairn::apps
