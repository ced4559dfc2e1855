#include "apps/ca/memory.h"

#include <algorithm>
#include <fstream>
#include <limits>
#include <string>

#include <jemalloc/jemalloc.h>
#include <sys/resource.h>
#include <unistd.h>

/// jemalloc, which stands in for malloc, looks here before it starts; the environment's MALLOC_CONF
/// goes before it (jemalloc(3)). A certificate takes some 1,600 pieces of memory, and many of them
/// are freed by another thread than took them. So threads keep more free pieces than is usual, and
/// look less often for those that they could give back. What lies unused for ten seconds is given
/// back to the system by a thread of its own, also if nothing happens any more.
// NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables): as jemalloc declares it
const char* malloc_conf =
    "lg_tcache_nslots_mul:2,tcache_nslots_small_max:800,tcache_gc_incr_bytes:4194304,"
    "background_thread:true,max_background_threads:1";

namespace cairn::apps {

namespace fs = std::filesystem;

namespace {

constexpr auto unlimited = std::numeric_limits<std::size_t>::max();

std::size_t resource_limit(int resource) {
    rlimit limit{};
    const bool has_limit = ::getrlimit(static_cast<__rlimit_resource>(resource), &limit) == 0 &&
                           limit.rlim_cur != RLIM_INFINITY;
    return has_limit ? limit.rlim_cur : unlimited;
}

std::size_t machine_memory() {
    return static_cast<std::size_t>(::sysconf(_SC_PHYS_PAGES)) *
           static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace

std::size_t control_group_limit(const fs::path& membership, const fs::path& mount) {
    auto least = unlimited;
    std::ifstream lines(membership);
    for (std::string line; std::getline(lines, line);) {
        constexpr std::string_view version_2 = "0::/";
        if (!line.starts_with(version_2)) continue;
        for (fs::path group = line.substr(version_2.size());; group = group.parent_path()) {
            std::size_t limit = 0;
            if (std::ifstream(mount / group / "memory.max") >> limit)  // else it says "max"
                least = std::min(least, limit);
            if (group.empty()) break;
        }
    }
    return least;
}

std::size_t memory_allowance() {
    return std::min({machine_memory(), resource_limit(RLIMIT_AS), resource_limit(RLIMIT_DATA),
                     control_group_limit("/proc/self/cgroup", "/sys/fs/cgroup")});
}

}  // namespace cairn::apps
