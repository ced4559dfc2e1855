#include "apps/ca/process_metrics.h"

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <sstream>

#include <prometheus/metric_family.h>
#include <sys/resource.h>
#include <unistd.h>

namespace cairn::apps {

using prometheus::MetricFamily;
using prometheus::MetricType;

namespace {

std::string content_of(const char* path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

// proc(5): the fields of /proc/self/stat behind the name of the program, of which the first is the
// third of all.
struct Stat {
    double start_ticks = 0;
    double virtual_octets = 0;
    double resident_pages = 0;
};
std::optional<Stat> own_stat() {
    const auto text = content_of("/proc/self/stat");
    const auto name_end = text.rfind(')');
    if (name_end == std::string::npos) return std::nullopt;
    std::istringstream fields(text.substr(name_end + 1));
    const std::vector<std::string> words{std::istream_iterator<std::string>(fields), {}};
    if (words.size() < 22) return std::nullopt;
    return Stat{.start_ticks = std::stod(words[19]),
                .virtual_octets = std::stod(words[20]),
                .resident_pages = std::stod(words[21])};
}

// Seconds since 1970 at which the system started.
std::optional<double> boot_time() {
    const auto text = content_of("/proc/stat");
    const auto line = text.find("\nbtime ");
    if (line == std::string::npos) return std::nullopt;
    return std::stod(text.substr(line + 7));
}

double seconds_of(const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

MetricFamily cpu_time() {
    rusage usage{};
    ::getrusage(RUSAGE_SELF, &usage);
    MetricFamily family;
    family.name = "process_cpu_seconds_total";
    family.help = "User and system CPU time spent.";
    family.type = MetricType::Counter;
    family.metric.emplace_back().counter.value =
        seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime);
    return family;
}

MetricFamily build_info() {
    auto family = single_gauge("cairn_build_info", "The program's version.", 1);
    family.metric.front().label.push_back({"version", CAIRN_VERSION});
    return family;
}

}  // namespace

MetricFamily single_gauge(std::string name, std::string help, double value) {
    MetricFamily family;
    family.name = std::move(name);
    family.help = std::move(help);
    family.type = MetricType::Gauge;
    family.metric.emplace_back().gauge.value = value;
    return family;
}

std::vector<MetricFamily> ProcessMetrics::Collect() const {
    std::vector<MetricFamily> families{build_info(), cpu_time()};
    if (const auto stat = own_stat()) {
        families.push_back(
            single_gauge("process_resident_memory_bytes", "Resident memory size.",
                         stat->resident_pages * static_cast<double>(::sysconf(_SC_PAGESIZE))));
        families.push_back(single_gauge("process_virtual_memory_bytes", "Virtual memory size.",
                                        stat->virtual_octets));
        if (const auto boot = boot_time())
            families.push_back(single_gauge(
                "process_start_time_seconds", "Start of the process since 1970-01-01.",
                *boot + stat->start_ticks / static_cast<double>(::sysconf(_SC_CLK_TCK))));
    }
    std::error_code error;
    const std::filesystem::directory_iterator descriptors("/proc/self/fd", error);
    if (!error)
        // One of them is the folder that is being read.
        families.push_back(
            single_gauge("process_open_fds", "Open file descriptors.",
                         static_cast<double>(std::distance(begin(descriptors), {}) - 1)));
    rlimit limit{};
    if (::getrlimit(RLIMIT_NOFILE, &limit) == 0)
        families.push_back(single_gauge("process_max_fds", "Most open file descriptors allowed.",
                                        static_cast<double>(limit.rlim_cur)));
    return families;
}

}  // namespace cairn::apps
