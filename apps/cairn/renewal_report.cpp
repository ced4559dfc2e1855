#include "apps/cairn/renewal_report.h"

#include <map>

#include <boost/json/object.hpp>
#include <fmt/format.h>

#include "apps/cairn/certificate_facts.h"

namespace cairn {
namespace {

using Kind = client::RenewalOutcome::Kind;

/// What there is to say of a time that is not what one would expect.
std::string time_remark(const client::RenewalOutcome& outcome) {
    if (!outcome.due || outcome.due->reason != client::DueReason::put_off) return {};
    return " (" + outcome.due->because() + ")";
}

/// `is_one_of_several`: the lineage has other certificates, told apart by their key types.
void tell_one(Console& console, const client::RenewalOutcome& outcome, bool is_one_of_several,
              bool is_dry_run) {
    auto name = outcome.lineage.text();
    if (is_one_of_several && outcome.key_type)
        name += fmt::format(" ({})", crypto::to_string(*outcome.key_type));
    switch (outcome.kind) {
        case Kind::renewed:
            console.say(fmt::format(
                "{}: {} until {}.", name,
                is_dry_run ? "dry run: a certificate was obtained and dropped again; it was valid"
                           : "renewed; the certificate is valid",
                base::to_rfc3339(outcome.certificate->not_after())));
            return;
        case Kind::deployed:
            console.say(
                fmt::format("{}: not due; deploy hooks have run, as was still to be done.", name));
            return;
        case Kind::not_due:
            console.say(fmt::format("{}: not due before {}{}.", name,
                                    base::to_rfc3339(outcome.due_at.value_or(base::Time{})),
                                    time_remark(outcome)));
            return;
        case Kind::failed:
            console.fail(is_one_of_several && outcome.key_type
                             ? client::of_key_type(*outcome.failure, *outcome.key_type)
                             : *outcome.failure,
                         outcome.lineage.text());
            return;
    }
}

boost::json::object object_of(const client::RenewalOutcome& outcome, bool is_dry_run) {
    boost::json::object facts{{"lineage", outcome.lineage.text()}};
    if (outcome.key_type) facts["key_type"] = crypto::to_string(*outcome.key_type);
    if (outcome.due)
        facts["due"] = {{"reason", client::to_string(outcome.due->reason)},
                        {"detail", json_text(outcome.due->detail)}};
    switch (outcome.kind) {
        case Kind::renewed:
            facts["result"] = "renewed";
            facts["dry_run"] = is_dry_run;
            for (auto& fact : facts_of(*outcome.certificate))
                facts.emplace(fact.key(), fact.value());
            break;
        case Kind::deployed:
            facts["result"] = "deployed";
            if (outcome.due_at) facts["due_at"] = base::to_rfc3339(*outcome.due_at);
            break;
        case Kind::not_due:
            facts["result"] = "not-due";
            if (outcome.due_at) facts["due_at"] = base::to_rfc3339(*outcome.due_at);
            break;
        case Kind::failed:
            facts["result"] = "failed";
            facts["error"] = facts_of(*outcome.failure);
            break;
    }
    return facts;
}

/// How many certificates of its lineage each outcome is one of.
std::map<std::string, std::size_t, std::less<>> counts_of(
    const std::vector<client::RenewalOutcome>& outcomes) {
    std::map<std::string, std::size_t, std::less<>> counts;
    for (const auto& outcome : outcomes) ++counts[outcome.lineage.text()];
    return counts;
}

}  // namespace

void tell(Console& console, const std::vector<client::RenewalOutcome>& outcomes, TellingOf which,
          client::Installing installing) {
    const auto counts = counts_of(outcomes);
    for (const auto& outcome : outcomes) {
        if (which == TellingOf::events && outcome.kind == Kind::not_due) continue;
        tell_one(console, outcome, counts.at(outcome.lineage.text()) > 1,
                 installing == client::Installing::dry_run);
    }
}

boost::json::array to_json(const std::vector<client::RenewalOutcome>& outcomes,
                           client::Installing installing) {
    boost::json::array facts;
    for (const auto& outcome : outcomes)
        facts.push_back(object_of(outcome, installing == client::Installing::dry_run));
    return facts;
}

}  // namespace cairn
