#include "bench/sync_trace.h"

#include <sstream>

namespace cairn::bench {

std::vector<std::string> trace_command(const std::string& file) {
    return {"strace",
            "-f",
            "--seccomp-bpf",
            "-qq",
            "-ttt",
            "-e",
            "trace=fsync,fdatasync",
            "-e",
            "signal=none",
            "-o",
            file};
}

std::size_t count_syncs(const std::string& trace, double begun, double ended) {
    std::istringstream lines(trace);
    std::string line;
    std::size_t count = 0;
    while (std::getline(lines, line)) {
        std::istringstream fields(line);
        long thread = 0;
        double time = 0;
        std::string call;
        fields >> thread >> time >> call;
        // A call that another thread's interrupts stands in two lines: "<unfinished ...>" and
        // "<... fdatasync resumed>".
        const bool begins = call.starts_with("fsync(") || call.starts_with("fdatasync(");
        if (fields && begins && time >= begun && time <= ended) ++count;
    }
    return count;
}

}  // namespace cairn::bench
