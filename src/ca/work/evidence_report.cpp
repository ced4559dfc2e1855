#include "ca/work/evidence_report.h"

#include <algorithm>

namespace cairn::ca {

using protocol::Problem;
using protocol::ProblemType;

namespace {

std::string joined(const std::vector<std::string>& texts) {
    std::string list;
    for (const auto& text : texts) list += (list.empty() ? "" : ", ") + text;
    return list;
}

void add(AuditEntry& entry, const protocol::CaaFinding& caa) {
    entry.add("caa", std::string_view(caa.verdict));
    entry.add("caa_owner", std::string_view(caa.owner));
    entry.add("caa_alias_of", std::string_view(caa.alias_of));
    entry.add("caa_records", caa.records).add("caa_count", std::uint64_t{caa.count});
    entry.add("caa_dnssec", caa.is_secure ? "secure" : "insecure");
    entry.add("iodef", caa.iodef);
}

}  // namespace

Problem with_findings(Problem problem, std::span<const Evidence> evidence) {
    if (evidence.size() < 2) return problem;
    for (const auto& one : evidence)
        if (one.problem)
            problem.subproblems.push_back(
                {one.problem->type, "from " + one.perspective + ": " + one.problem->detail, {}});
    return problem;
}

std::vector<AuditEntry> perspective_entries(AuditEvent event, std::span<const Evidence> evidence) {
    std::vector<AuditEntry> perspectives;
    for (const auto& one : evidence) {
        auto& seen = perspectives.emplace_back(event);
        seen.add("name", std::string_view(one.perspective));
        if (one.region) seen.add("region", to_string(*one.region));
        seen.add("begun", one.begun).add("ended", one.ended);
        seen.add("endpoints", std::string_view(one.endpoint_list()));
        seen.add("steps", one.steps);
        if (one.problem)
            seen.add(*one.problem);
        else
            seen.add("outcome", "valid");
        if (one.caa) add(seen, *one.caa);
    }
    return perspectives;
}

void tell_of_forbidden(base::Log& log, std::string_view noun, const std::string& id,
                       const std::string& request, std::span<const Evidence> evidence) {
    const auto forbidden = std::ranges::find_if(evidence, [](const Evidence& one) {
        return one.caa && one.problem && one.problem->type == ProblemType::caa;
    });
    if (forbidden == evidence.end()) return;
    const auto& caa = *forbidden->caa;
    log.warning("caa forbids issuance", {{"request", request},
                                         {std::string(noun), id},
                                         {"perspective", forbidden->perspective},
                                         {"name", caa.name},
                                         {"owner", caa.owner},
                                         {"verdict", caa.verdict},
                                         {"iodef", joined(caa.iodef)}});
}

}  // namespace cairn::ca
