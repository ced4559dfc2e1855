// Lines of an audit log, which anybody may have changed who can write to its files.

#include "ca/facts/audit_line.h"
#include "ca/rules/audit_check.h"
#include "fuzz/target.h"

namespace {}  // namespace

CAIRN_FUZZ_TARGET(audit_line) {
    using namespace cairn;
    const auto text = base::text_of({data, size});
    // As a log: whatever stands in it is a finding or a line.
    ca::AuditCheck check({});
    check.begin_file("audit-000000000001.jsonl");
    std::uint64_t lines = 0;
    auto rest = text;
    for (auto end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
        const auto line = ca::AuditLine::from_text(rest.substr(0, end));
        if (line) {
            ++lines;
            require(line->sequence > 0);
            require(!line->event.empty());
            require(rest.substr(0, end).find(line->event) != std::string_view::npos);
        }
        check.take(rest.substr(0, end));
        rest.remove_prefix(end + 1);
    }
    if (!rest.empty()) check.take_rest(rest);
    const auto report = check.end();
    require(report.lines == lines);
    require(report.heads == 0);
    require(report.last >= report.first);
    return 0;
}
