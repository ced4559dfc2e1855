#include "apps/cairn/certificate_view.h"

#include <algorithm>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include "apps/cairn/certificate_facts.h"
#include "apps/cairn/deploy_outline.h"
#include "client/dns/solver_options.h"
#include "client/lineage_fact_store.h"
#include "client/report_json.h"
#include "client/revocation.h"

namespace cairn {
namespace {

/// What has become of the certificate, as the file of facts tells it, without the order and its
/// key.
void add_history(client::LineageFacts known, boost::json::object& facts) {
    known.order.reset();
    known.further.clear();
    auto history = boost::json::parse(known.to_json()).as_object();
    for (const char* name :
         {"renewal_info", "attempts", "obtained", "deployed", "withheld", "deployments"})
        if (auto* member = history.if_contains(name)) facts[name] = std::move(*member);
}

boost::json::object served_json(const client::ServedReport& report) {
    boost::json::array places;
    for (const auto& sight : report.sights) {
        boost::json::object place{{"place", json_text(sight.place)},
                                  {"verdict", client::to_string(sight.verdict)}};
        if (!sight.address.empty()) place["address"] = sight.address;
        if (!sight.detail.empty()) place["detail"] = json_text(sight.detail);
        places.push_back(std::move(place));
    }
    return {{"verdict", client::to_string(report.verdict)}, {"places", std::move(places)}};
}

std::vector<std::pair<std::string, client::PersistentNote>> persistent_records(
    const client::StateDirectory& state, const client::CertificatePlan& plan) {
    const client::PersistentNotes notes(state.root());
    std::vector<std::pair<std::string, client::PersistentNote>> found;
    for (const auto& name : plan.names) {
        const auto solver = client::DnsSpecification::from_text(name.solver);
        if (!solver || !*solver || (*solver)->method != client::DnsMethod::persistent) continue;
        const auto domain = name.identifier.base_value();
        // A name and its wildcard stand on one record.
        if (std::ranges::find(found, domain, &decltype(found)::value_type::first) != found.end() ||
            name.identifier.type() != protocol::IdentifierType::dns)
            continue;
        for (auto& note : notes.of(name.identifier.dns_name()))
            found.emplace_back(domain, std::move(note));
    }
    return found;
}

}  // namespace

CertificateView CertificateView::of(const client::StateDirectory& state,
                                    const client::LineageMember& member) {
    CertificateView view{.member = member,
                         .plan = client::CertificatePlan::read(state.renewal(member.lineage)),
                         .generation = client::Lineage(state, member).current(),
                         .facts = client::LineageFactStore(state, member).read()};
    if (view.generation && view.facts)
        view.revocation =
            view.facts->revocation_of(client::digest_of(view.generation->chain.front()));
    if (view.plan && view.is_planned())
        if (const auto all = client::LineageFactStore(state, member.lineage).read_all())
            view.targets = client::target_states(state, member, *view.plan, *all);
    if (view.plan) view.persistent = persistent_records(state, *view.plan);
    if (view.plan && view.generation && view.facts && view.is_planned())
        view.due = client::due_time(*view.plan, member, *view.generation, *view.facts);
    return view;
}

std::string CertificateView::key_type() const {
    if (generation) return key_name(generation->chain.front().public_key());
    if (plan) return std::string(crypto::to_string(member.key_type(*plan)));
    return member.further ? std::string(crypto::to_string(*member.further)) : "-";
}

bool CertificateView::is_planned() const {
    if (!plan) return true;
    const auto planned = client::planned_members(member.lineage, *plan);
    return std::ranges::find(planned, member) != planned.end();
}

bool CertificateView::is_being_issued() const {
    return facts && facts->order && facts->order->position.is_finalizing;
}

bool CertificateView::is_yet_to_be_obtained() const {
    return member.further && plan && is_planned() && !generation && facts && !facts->obtained &&
           !is_being_issued();
}

std::string CertificateView::fault() const {
    if (!facts) return facts.error().message;
    if (is_being_issued() || is_yet_to_be_obtained()) return {};
    if (!plan) return plan.error().message;
    return generation ? std::string() : generation.error().message;
}

std::string CertificateView::standing(base::Time now) const {
    if (!fault().empty()) return "broken";
    if (is_being_issued()) return "ordered";
    if (is_yet_to_be_obtained()) return "due";
    const auto& certificate = generation->chain.front();
    if (revocation) return "revoked";
    if (now > certificate.not_after()) return "expired";
    if (now < certificate.not_before()) return "not-yet-valid";
    if (!is_planned()) return "not-renewed";
    return due && now >= due->at ? "due" : "ok";
}

const client::Attempt* CertificateView::last_failure() const {
    if (!facts || facts->attempts.empty() || !facts->attempts.back().failure) return nullptr;
    return &facts->attempts.back();
}

std::string CertificateView::next_action(base::Time now) const {
    if (!fault().empty()) return "mend it";
    if (is_being_issued()) return "fetched";
    if (is_yet_to_be_obtained()) return "renewed next run";
    if (!is_planned()) return "none";
    if (!due) return "-";
    return due->at <= now ? "renewed next run" : base::to_rfc3339(due->at).substr(0, 10);
}

boost::json::object to_json(const client::StateDirectory& state, const CertificateView& view,
                            base::Time now) {
    boost::json::object facts{{"lineage", view.name()}};
    if (const auto key_type = view.key_type(); key_type != "-") facts["key_type"] = key_type;
    if (view.plan)
        facts["ca"] = (view.facts ? view.facts->issuing_authority(*view.plan)
                                  : view.plan->preferred_authority())
                          .directory_url;
    else if (view.is_being_issued())
        facts["ca"] = view.facts->order->authority().directory_url;
    const auto standing = view.standing(now);
    facts["state"] = standing;
    facts["due"] = true;
    if (const auto fault = view.fault(); !fault.empty())
        facts["error"] =
            facts_of(client::Failure(fmt::format("read what is kept of {}", view.name()), fault));
    if (view.facts) add_history(*view.facts, facts);
    if (const auto* failed = view.last_failure()) {
        auto error = facts_of(*failed->failure);
        error["time"] = base::to_rfc3339(failed->ended);
        error["ca"] = failed->directory_url;
        facts["last_error"] = std::move(error);
    }
    boost::json::array records;
    for (const auto& [domain, note] : view.persistent)
        records.push_back({{"domain", domain},
                           {"name", json_text(note.name)},
                           {"value", json_text(note.value)},
                           {"stands", note.stands},
                           {"time", base::to_rfc3339(note.time)}});
    if (!records.empty()) facts["persistent_records"] = std::move(records);
    if (!view.targets.empty()) facts["targets"] = states_json(view.targets);
    if (view.served) facts["served"] = served_json(*view.served);
    if (view.listed) {
        boost::json::object listed{{"verdict", client::to_string(view.listed->verdict)}};
        if (!view.listed->detail.empty()) listed["detail"] = json_text(view.listed->detail);
        facts["revocation_list"] = std::move(listed);
    }
    if (!view.generation) return facts;
    const auto& certificate = view.generation->chain.front();
    for (auto& fact : facts_of(certificate)) facts.emplace(fact.key(), fact.value());
    facts["days_left"] = days_left(certificate, now);
    facts["due"] = standing != "ok" && standing != "not-renewed";
    facts["due_at"] =
        base::to_rfc3339(view.due ? view.due->at : client::due_by_lifetime(certificate));
    if (view.due)
        facts["next_action"] = {{"action", "renew"},
                                {"at", base::to_rfc3339(view.due->at)},
                                {"reason", client::to_string(view.due->reason)},
                                {"because", json_text(view.due->because())}};
    if (view.revocation)
        facts["revocation"] = {{"time", base::to_rfc3339(view.revocation->time)},
                               {"reason", protocol::to_string(view.revocation->reason)}};
    facts["files"] = facts_of(client::Lineage(state, view.member).live_files());
    return facts;
}

std::vector<client::LineageMember> members_to_show(const Run& run,
                                                   const std::vector<std::string>& names) {
    const auto& state = run.state();
    auto lineages = run.lineages(names);
    if (names.empty()) {
        for (const auto& name : state.live_lineages())
            if (std::ranges::find(lineages, name) == lineages.end() &&
                client::Lineage(state, name).is_exposed())
                lineages.push_back(name);
        std::ranges::sort(lineages);
    }
    std::vector<client::LineageMember> all;
    for (const auto& name : lineages) {
        const auto plan = client::CertificatePlan::read(state.renewal(name));
        auto members =
            plan ? client::planned_members(name, *plan) : std::vector<client::LineageMember>{name};
        for (const auto& member : client::possible_members(name))
            if (std::ranges::find(members, member) == members.end() &&
                client::Lineage(state, member).is_exposed())
                members.push_back(member);
        std::ranges::move(members, std::back_inserter(all));
    }
    return all;
}

}  // namespace cairn
