#pragma once

#include <string>

#include <sys/types.h>

namespace cairn::bench {

/// What a program has used so far, as the kernel counts it.
struct ProcessUsage {
    double cpu_seconds = 0;         ///< user and system, all threads, ended children included
    double written_octets = 0;      ///< caused to be written to disk
    double resident_mebibytes = 0;  ///< now; pages shared among several processes count once
    double threads = 0;             ///< now
    /// How often one of its present threads gave up its processor to wait for something.
    double waits = 0;
};

/// Of one process, from /proc/PID/{stat,io,status}. Zeros if it is gone.
[[nodiscard]] ProcessUsage usage_of(pid_t process);
/// Of a process and its children, which share memory.
[[nodiscard]] ProcessUsage usage_of_family(pid_t parent);

/// User and system time in clock ticks, those of ended children included, from the text of
/// /proc/PID/stat; and the parent's id.
struct ProcessStat {
    double ticks = 0;
    pid_t parent = 0;
};
[[nodiscard]] ProcessStat parse_process_stat(const std::string& text);
/// The number that follows `label` in a /proc file of lines "label: number"; 0 if there is none.
[[nodiscard]] double labelled_number(const std::string& text, const std::string& label);

}  // namespace cairn::bench
