#include "bench/process_usage.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sstream>
#include <vector>

#include <unistd.h>

namespace cairn::bench {

namespace {

std::string proc_file(pid_t id, const char* name) {
    std::ifstream file("/proc/" + std::to_string(id) + "/" + name);
    return {std::istreambuf_iterator<char>(file), {}};
}

std::vector<pid_t> children_of(pid_t parent) {
    std::vector<pid_t> children;
    std::error_code gone;
    for (const auto& entry : std::filesystem::directory_iterator("/proc", gone)) {
        const auto name = entry.path().filename().string();
        pid_t id = 0;
        const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), id);
        if (error != std::errc() || end != name.data() + name.size()) continue;
        if (parse_process_stat(proc_file(id, "stat")).parent == parent) children.push_back(id);
    }
    return children;
}

double waits_of(pid_t process) {
    const auto tasks = "/proc/" + std::to_string(process) + "/task";
    double waits = 0;
    std::error_code gone;
    for (const auto& entry : std::filesystem::directory_iterator(tasks, gone)) {
        std::ifstream file(entry.path() / "status");
        waits +=
            labelled_number({std::istreambuf_iterator<char>(file), {}}, "voluntary_ctxt_switches");
    }
    return waits;
}

}  // namespace

ProcessStat parse_process_stat(const std::string& text) {
    // The command's name stands in parentheses and may hold anything, parentheses too.
    const auto name_end = text.rfind(')');
    if (name_end == std::string::npos) return {};
    std::istringstream fields(text.substr(name_end + 1));
    std::string skipped;
    ProcessStat stat;
    fields >> skipped >> stat.parent;
    for (int i = 0; i < 9; ++i) fields >> skipped;  // pgrp to cmajflt
    for (int i = 0; i < 4; ++i) {
        double ticks = 0;
        fields >> ticks;
        stat.ticks += ticks;
    }
    return stat;
}

double labelled_number(const std::string& text, const std::string& label) {
    const auto line = text.starts_with(label + ":") ? 0 : text.find("\n" + label + ":");
    if (line == std::string::npos) return 0;
    std::istringstream rest(text.substr(text.find(':', line) + 1));
    double number = 0;
    rest >> number;
    return number;
}

ProcessUsage usage_of(pid_t process) {
    const auto status = proc_file(process, "status");
    return {.cpu_seconds = parse_process_stat(proc_file(process, "stat")).ticks /
                           static_cast<double>(::sysconf(_SC_CLK_TCK)),
            .written_octets = labelled_number(proc_file(process, "io"), "write_bytes"),
            .resident_mebibytes = labelled_number(status, "VmRSS") / 1024,
            .threads = labelled_number(status, "Threads"),
            .waits = waits_of(process)};
}

ProcessUsage usage_of_family(pid_t parent) {
    auto members = children_of(parent);
    members.push_back(parent);
    ProcessUsage sum;
    for (const pid_t member : members) {
        const auto usage = usage_of(member);
        sum.cpu_seconds += usage.cpu_seconds;
        sum.written_octets += usage.written_octets;
        sum.threads += usage.threads;
        sum.waits += usage.waits;
        sum.resident_mebibytes += labelled_number(proc_file(member, "smaps_rollup"), "Pss") / 1024;
    }
    return sum;
}

}  // namespace cairn::bench
