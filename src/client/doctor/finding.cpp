#include "client/doctor/finding.h"

#include <algorithm>
#include <iterator>

#include "base/enum_table.h"

namespace cairn::client::doctor {

std::string_view to_string(Severity severity) {
    static constexpr base::EnumTable<Severity, std::string_view> words(
        {{Severity::ok, "ok"}, {Severity::warning, "warning"}, {Severity::problem, "problem"}});
    return words[severity];
}

std::string_view to_string(Check check) {
    static constexpr base::EnumTable<Check, std::string_view> words({
        {Check::name, "name"},
        {Check::solver, "solver"},
        {Check::resolution, "resolution"},
        {Check::name_servers, "name-servers"},
        {Check::dnssec, "dnssec"},
        {Check::caa, "caa"},
        {Check::ipv6, "ipv6"},
        {Check::port_80, "port-80"},
        {Check::port_443, "port-443"},
        {Check::redirects, "redirects"},
        {Check::answer, "answer"},
        {Check::challenge_record, "challenge-record"},
        {Check::wildcard_record, "wildcard-record"},
        {Check::authority, "authority"},
        {Check::account, "account"},
        {Check::profile, "profile"},
        {Check::clock, "clock"},
        {Check::permissions, "permissions"},
        {Check::hooks, "hooks"},
        {Check::limits, "limits"},
    });
    return words[check];
}

bool has_problem(const Findings& findings) {
    return std::ranges::any_of(
        findings, [](const Finding& finding) { return finding.severity == Severity::problem; });
}

void append(Findings& findings, Findings more) {
    std::ranges::move(more, std::back_inserter(findings));
}

}  // namespace cairn::client::doctor
