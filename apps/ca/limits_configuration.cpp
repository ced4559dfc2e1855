#include "apps/ca/limits_configuration.h"

#include <algorithm>
#include <chrono>

#include "net/url.h"

namespace cairn::apps {
namespace {

using ca::LimitName;
using ca::RequestGroup;

constexpr std::int64_t most = 1'000'000'000;
constexpr base::Seconds longest_period = std::chrono::days(3650);
constexpr base::Seconds longest_fill = std::chrono::days(36500);
constexpr base::Seconds longest_hold{10};

/// Reads one limit; `target` is its default.
void take_limit(base::TomlSection& section, const std::string& key,
                std::optional<ca::Limit>& target) {
    if (section.is_false(key)) {
        target.reset();
        return;
    }
    if (!section.has(key)) return;
    auto table = section.section(key);
    std::size_t count = target ? static_cast<std::size_t>(target->rate.count) : 0;
    auto period = target ? target->rate.period : base::Seconds(0);
    std::size_t burst = target ? static_cast<std::size_t>(target->burst) : 0;
    const bool is_whole = table.has("count") && table.has("period");
    if (is_whole) burst = 0;
    table.take_count("count", count, table.is_there() ? 1 : 0, most);
    table.take_duration("period", period);
    table.take_count("burst", burst, 0, most);
    table.report_unknown();
    if (!table.is_there()) return;
    if (!target && !is_whole) {
        section.find(key, "must have a count and a period, as { count = 300, period = \"3h\" }");
        return;
    }
    if (period > longest_period) section.find(key, "must have a period of at most 3650d");
    // A longer time than a bucket can count.
    const auto fill = static_cast<double>(period.count()) * static_cast<double>(burst) /
                      static_cast<double>(std::max<std::size_t>(count, 1));
    if (fill > static_cast<double>(longest_fill.count()))
        section.find(key, "must have a burst that comes back within 36500d");
    target =
        ca::Limit{{static_cast<std::int64_t>(count), period}, static_cast<std::int64_t>(burst)};
}

std::string key_of(LimitName name) {
    return std::string(to_string(name));
}

}  // namespace

void read_limits(base::TomlSection section, ca::PolicyKind kind, Configuration::Limits& limits) {
    limits.stored = ca::default_limits(kind);
    limits.requests = ca::default_request_limits(kind);
    section.take("enabled", limits.enabled);
    section.take("help", limits.help);
    if (!limits.help.empty() && !net::Url::from_text(limits.help))
        section.find("help", "must be an http or https URL");
    if (section.is_false("hold"))
        limits.hold = base::Seconds(0);
    else
        section.take_duration("hold", limits.hold);
    if (limits.hold > longest_hold) section.find("hold", "must not exceed 10s: clients give up");
    for (const auto name : base::enumerators<LimitName>)
        if (name != LimitName::requests_per_ip)
            take_limit(section, key_of(name), limits.stored[name]);
    // What was said of addresses holds for those of IPv6 too.
    const auto range = key_of(LimitName::new_accounts_per_ipv6_range);
    const auto address = key_of(LimitName::new_accounts_per_ip);
    if (section.has(address) && !section.has(range))
        limits.stored[LimitName::new_accounts_per_ipv6_range] =
            limits.stored[LimitName::new_accounts_per_ip];
    const auto requests = key_of(LimitName::requests_per_ip);
    if (section.is_false(requests)) {
        limits.requests = {};
    } else {
        auto groups = section.section(requests);
        for (const auto group : base::enumerators<RequestGroup>)
            take_limit(groups, std::string(to_string(group)), limits.requests[group]);
        groups.report_unknown();
    }
    section.report_unknown();
    if (limits.enabled) return;
    limits.stored = {};
    limits.requests = {};
}

}  // namespace cairn::apps
