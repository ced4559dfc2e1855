#include "apps/ca/audit_configuration.h"

namespace cairn::apps {

namespace {

constexpr std::int64_t least_size = std::int64_t{64} << 10U;
constexpr std::int64_t most_size = std::int64_t{1} << 40U;
/// What a public CA keeps its logs for (BR 5.4.3).
constexpr base::Seconds least_public_time = std::chrono::days(2 * 366);

}  // namespace

void read_audit(base::TomlSection section, ca::PolicyKind kind, Configuration::Audit& audit) {
    section.take("folder", audit.folder);
    section.take_count("rotate_size", audit.rotate_size, least_size, most_size);
    section.take_duration("rotate_after", audit.rotate_after);
    section.take_limit("keep", audit.keep);
    if (audit.folder.empty()) section.find("folder", "must be the path of a folder");
    if (audit.rotate_after < std::chrono::minutes(1))
        section.find("rotate_after", "must be at least 1m");
    if (audit.keep && *audit.keep < audit.rotate_after)
        section.find("keep", "must not be less than rotate_after");
    if (audit.keep && kind == ca::PolicyKind::public_ca && *audit.keep < least_public_time)
        section.find("keep", "must be at least 732d for a public CA (BR 5.4.3)");
    section.report_unknown();
}

}  // namespace cairn::apps
