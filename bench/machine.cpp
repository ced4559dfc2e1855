#include "bench/machine.h"

#include <fstream>
#include <iterator>
#include <sstream>
#include <thread>

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <sys/utsname.h>

#include "base/clock.h"
#include "bench/postgres_cluster.h"
#include "bench/process_usage.h"

namespace cairn::bench {

namespace {

std::string content(const char* path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::string processor() {
    std::istringstream lines(content("/proc/cpuinfo"));
    std::string line;
    while (std::getline(lines, line))
        if (line.starts_with("model name")) return line.substr(line.find(':') + 2);
    return "unknown";
}

std::string kernel() {
    utsname names{};
    return ::uname(&names) == 0 ? std::string(names.sysname) + " " + names.release : "unknown";
}

std::string version_of_package(const std::string& name) {
    std::istringstream lines(content("/var/lib/dpkg/status"));
    std::string line;
    bool wanted = false;
    while (std::getline(lines, line)) {
        if (line.starts_with("Package: ")) wanted = line == "Package: " + name;
        if (wanted && line.starts_with("Version: ")) return line.substr(9);
    }
    return "not installed";
}

std::string postgres_version() {
    try {
        return postgres_programs().parent_path().filename().string();
    } catch (const std::runtime_error&) {
        return "not installed";
    }
}

}  // namespace

std::vector<std::pair<std::string, std::string>> describe_machine(
    const std::filesystem::path& work_folder) {
    return {
        {"when", base::to_rfc3339(base::SystemClock().now())},
        {"processors", fmt::format("{} x {}", std::thread::hardware_concurrency(), processor())},
        {"memory", fmt::format("{:.1f} GiB",
                               labelled_number(content("/proc/meminfo"), "MemTotal") / 1048576)},
        {"kernel", kernel()},
        {"cryptography", OpenSSL_version(OPENSSL_VERSION)},
        {"file system", file_system_of(work_folder, content("/proc/mounts"))},
        {"Pebble (Debian package)", version_of_package("pebble")},
        {"PostgreSQL", postgres_version()},
    };
}

std::string file_system_of(const std::filesystem::path& folder, const std::string& mounts) {
    std::error_code error;
    const auto path = std::filesystem::canonical(folder, error).string();
    std::istringstream lines(mounts);
    std::string line, found = "unknown";
    std::size_t longest = 0;
    while (std::getline(lines, line)) {
        std::istringstream fields(line);
        std::string device, place, type;
        fields >> device >> place >> type;
        const bool is_above = place == "/" || path == place || path.starts_with(place + "/");
        // The last of equally long ones lies on top.
        if (is_above && place.size() >= longest) {
            longest = place.size();
            found = type;
        }
    }
    return found;
}

}  // namespace cairn::bench
