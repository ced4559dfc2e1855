#include "client/doctor/dns_judgment.h"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "protocol/dns_challenge.h"

namespace cairn::client::doctor {

namespace {

using Outcome = dns::Answer::Outcome;

std::vector<std::string> sorted_addresses(const dns::Answer& answer) {
    std::vector<std::string> words;
    for (const auto& address : answer.addresses) words.push_back(address.to_string());
    std::ranges::sort(words);
    return words;
}

/// What an answer about addresses or texts comes to, in a few words.
std::string in_words(const base::Result<dns::Answer>& answer) {
    if (!answer) return base::printable(answer.error().message, 300);
    switch (answer->outcome) {
        case Outcome::found:
            if (!answer->addresses.empty()) return list(sorted_addresses(*answer));
            return fmt::format("{} records", answer->texts.size());
        case Outcome::no_data:
            return "no such record";
        case Outcome::no_such_name:
            return "no such name";
        case Outcome::server_failure:
            return "SERVFAIL";
        case Outcome::refused:
            return "REFUSED";
        case Outcome::other_failure:
            break;
    }
    return fmt::format("code {}", answer->response_code);
}

constexpr std::string_view needs_address =
    "add an A or AAAA record that leads to the machine that answers the challenge, or prove the "
    "name by dns-01.";

/// Of a wildcard and of a name that is proved by records, the addresses do not matter.
bool needs_addresses(const Patient& patient) {
    return !patient.is_by_dns();
}

}  // namespace

Findings judge_resolution(const Patient& patient, const Resolution& seen, Audience audience) {
    const auto looked_at = fmt::format("A and AAAA of {}", patient.identifier.base_value());
    const auto bad = needs_addresses(patient) ? Severity::problem : Severity::ok;
    std::string fault;
    std::vector<std::string> addresses, closed;
    std::string alias;
    for (const auto* answer : {&seen.v4, &seen.v6}) {
        if (!*answer) {
            fault += (fault.empty() ? "" : "; ") + base::printable(answer->error().message, 300);
            continue;
        }
        for (const auto& address : (*answer)->addresses) {
            addresses.push_back(address.to_string());
            if (!base::is_public(address)) closed.push_back(address.to_string());
        }
        if ((*answer)->canonical_name != patient.identifier.base_value() &&
            !(*answer)->addresses.empty())
            alias = (*answer)->canonical_name;
    }
    if (!fault.empty() && addresses.empty())
        return {finding(needs_addresses(patient) ? Severity::problem : Severity::warning,
                        Check::resolution, patient, looked_at, fault,
                        "mend the zone or its servers: a CA takes a look-up that fails for a "
                        "refusal.")};
    if (addresses.empty()) {
        const bool is_there = seen.v4->outcome != Outcome::no_such_name;
        return {finding(bad, Check::resolution, patient, looked_at,
                        is_there ? "the name has no address" : "the name does not exist",
                        bad == Severity::ok ? std::string() : std::string(needs_address))};
    }
    auto came_back = list(addresses);
    if (!alias.empty()) came_back += fmt::format(" (an alias of {})", base::printable(alias));
    if (!fault.empty())
        return {finding(Severity::problem, Check::resolution, patient, looked_at,
                        fmt::format("{}, and {}", came_back, fault),
                        "mend the zone's servers: a CA takes a look-up that fails for a refusal.")};
    if (audience == Audience::public_ca && !closed.empty() && needs_addresses(patient))
        return {finding(Severity::problem, Check::resolution, patient, looked_at,
                        fmt::format("{}; not public: {}", came_back, list(closed)),
                        "a public CA does not connect there: publish a public address, or prove "
                        "the name by dns-01.")};
    return {finding(Severity::ok, Check::resolution, patient, looked_at, came_back)};
}

namespace {

std::string place_of(const ServerView& view) {
    return fmt::format("{} ({})", base::printable(view.server), view.address.to_string());
}

/// What a server says of the name's addresses, in a form that can be compared.
std::string addresses_in_words(const ServerView& view) {
    std::vector<std::string> words;
    bool is_missing = false;
    std::string alias;
    for (const auto* answer : {&view.v4, &view.v6}) {
        if (!*answer) return in_words(*answer);
        const auto& known = **answer;
        if (known.outcome != Outcome::found && known.outcome != Outcome::no_data &&
            known.outcome != Outcome::no_such_name)
            return in_words(*answer);
        is_missing = is_missing || known.outcome == Outcome::no_such_name;
        for (auto& word : sorted_addresses(known)) words.push_back(std::move(word));
        if (known.outcome == Outcome::no_data) alias = known.canonical_name;
    }
    if (!words.empty()) return list(words);
    if (is_missing) return "no such name";
    return alias.empty() ? "no address" : fmt::format("nothing but {}", base::printable(alias));
}

void judge_presence(const Patient& patient, const ZoneView& seen, Findings& findings) {
    std::size_t useful = 0;
    for (const auto& view : seen.servers) {
        const auto looked_at = fmt::format("SOA of {} at {}", seen.zone->apex, place_of(view));
        const auto& answer = view.start_of_authority;
        if (!answer) {
            findings.push_back(finding(Severity::warning, Check::name_servers, patient, looked_at,
                                       base::printable(answer.error().message, 300),
                                       "mend or remove this name server: a CA may ask it."));
        } else if (!answer->is_authoritative || !answer->soa) {
            findings.push_back(
                finding(Severity::warning, Check::name_servers, patient, looked_at,
                        fmt::format("it does not have the zone ({})",
                                    answer->soa ? "it answers for others" : in_words(answer)),
                        "configure the zone there, or remove the server from the delegation."));
        } else {
            ++useful;
        }
    }
    for (const auto& server : seen.zone->servers)
        if (!server.fault.empty())
            findings.push_back(
                finding(Severity::warning, Check::name_servers, patient,
                        fmt::format("addresses of {}", base::printable(server.name)),
                        base::printable(server.fault, 300),
                        "give the name server an address, or remove it from the delegation."));
    if (useful == 0)
        findings.push_back(finding(Severity::problem, Check::name_servers, patient,
                                   fmt::format("the servers of {}", seen.zone->apex),
                                   "none answers for the zone",
                                   "mend the name servers or the delegation: a CA asks them."));
}

void judge_serials(const Patient& patient, const ZoneView& seen, Findings& findings) {
    std::map<std::uint32_t, std::vector<std::string>> by_serial;
    for (const auto& view : seen.servers)
        if (view.start_of_authority && view.start_of_authority->soa)
            by_serial[view.start_of_authority->soa->serial].push_back(place_of(view));
    if (by_serial.size() < 2) return;
    std::string text;
    for (const auto& [serial, servers] : by_serial)
        text += fmt::format("{}{} has {}", text.empty() ? "" : "; ", list(servers), serial);
    findings.push_back(finding(Severity::warning, Check::name_servers, patient,
                               fmt::format("serial numbers of {}", seen.zone->apex), text,
                               "see why a server has an older zone: a record that is set now would "
                               "not be seen there."));
}

void judge_differences(const Patient& patient, const ZoneView& seen, Findings& findings) {
    std::map<std::string, std::vector<std::string>> by_answer;
    for (const auto& view : seen.servers)
        if (view.start_of_authority && view.start_of_authority->is_authoritative)
            by_answer[addresses_in_words(view)].push_back(place_of(view));
    if (by_answer.empty()) return;
    const auto looked_at = fmt::format("A and AAAA of {} at every server of {}",
                                       patient.identifier.base_value(), seen.zone->apex);
    if (by_answer.size() == 1) {
        findings.push_back(finding(
            Severity::ok, Check::name_servers, patient, looked_at,
            fmt::format("the same at all {}: {}", seen.servers.size(), by_answer.begin()->first)));
        return;
    }
    std::string text;
    for (const auto& [answer, servers] : by_answer)
        text += fmt::format("{}{} at {}", text.empty() ? "" : "; ", answer, list(servers));
    // Different addresses may be meant; an address here and none there is never.
    const bool is_missing_somewhere =
        by_answer.contains("no such name") || by_answer.contains("no address");
    findings.push_back(finding(
        is_missing_somewhere && needs_addresses(patient) ? Severity::problem : Severity::warning,
        Check::name_servers, patient, looked_at, text,
        "make the name servers agree: which of them a CA asks is chance."));
}

}  // namespace

Findings judge_zone(const Patient& patient, const ZoneView& seen) {
    if (!seen.zone)
        return {finding(Severity::problem, Check::name_servers, patient,
                        fmt::format("the zone of {}", patient.identifier.base_value()),
                        base::printable(seen.zone.error().message, 300),
                        "see whether the domain is registered and delegated, and its servers "
                        "answer.")};
    Findings findings;
    judge_presence(patient, seen, findings);
    judge_serials(patient, seen, findings);
    judge_differences(patient, seen, findings);
    return findings;
}

Findings judge_dnssec(const Patient& patient, const DnssecView& seen) {
    const auto looked_at = fmt::format("DNSSEC of {}", patient.identifier.base_value());
    switch (seen.state) {
        case DnssecView::State::secure:
            return {finding(Severity::ok, Check::dnssec, patient, looked_at, "secure")};
        case DnssecView::State::insecure:
            return {finding(Severity::ok, Check::dnssec, patient, looked_at,
                            "insecure: the zone is not signed, and need not be")};
        case DnssecView::State::bogus:
            return {finding(Severity::problem, Check::dnssec, patient, looked_at,
                            fmt::format("bogus: {}", base::printable(seen.reason, 300)),
                            "sign the zone anew, or remove the DS record above it: CAs refuse what "
                            "does not validate.")};
        case DnssecView::State::unknown:
            break;
    }
    return {finding(Severity::warning, Check::dnssec, patient, looked_at,
                    fmt::format("not known: {}", base::printable(seen.reason, 300)),
                    "look at it through a resolver that knows the root: leave --resolver out, or "
                    "name the root's key by --trust-anchor.")};
}

namespace {

std::string quoted(const std::vector<std::string>& texts) {
    std::vector<std::string> words;
    for (const auto& text : texts) {
        if (words.size() == 5) {
            words.push_back(fmt::format("and {} more", texts.size() - words.size()));
            break;
        }
        words.push_back('"' + base::printable(text, 60) + '"');
    }
    return list(words);
}

bool is_alias(const base::Result<dns::Answer>& answer, const std::string& name) {
    return answer && !answer->canonical_name.empty() && answer->canonical_name != name;
}

bool answers(const base::Result<dns::Answer>& answer, const std::string& name) {
    return answer && (answer->outcome == Outcome::found || is_alias(answer, name));
}

void judge_texts(const Patient& patient, const ChallengeRecordView& seen, Findings& findings) {
    const auto looked_at = fmt::format("TXT of {}", seen.name);
    if (!seen.texts) {
        findings.push_back(finding(Severity::problem, Check::challenge_record, patient, looked_at,
                                   base::printable(seen.texts.error().message, 300),
                                   "mend the zone's servers: the CA asks for this name."));
        return;
    }
    if (is_alias(seen.texts, seen.name))
        findings.push_back(finding(
            Severity::warning, Check::challenge_record, patient, looked_at,
            fmt::format("an alias of {}", base::printable(seen.texts->canonical_name)),
            "if that is meant, the record must be set there; if not, remove the CNAME record."));
    if (seen.texts->texts.empty()) {
        if (findings.empty())
            findings.push_back(
                finding(Severity::ok, Check::challenge_record, patient, looked_at, "no record"));
        return;
    }
    findings.push_back(finding(
        Severity::warning, Check::challenge_record, patient, looked_at,
        fmt::format("{} left: {}", seen.texts->texts.size(), quoted(seen.texts->texts)),
        "remove what no order needs; CAs read past a few of them, and some not past many."));
}

}  // namespace

Findings judge_challenge_record(const Patient& patient, const ChallengeRecordView& seen) {
    if (std::ranges::none_of(patient.methods, protocol::is_dns_method)) return {};
    Findings findings;
    judge_texts(patient, seen, findings);
    const bool is_wild = answers(seen.unmade, seen.unmade_name);
    if (!seen.doubled_name.empty() && answers(seen.doubled, seen.doubled_name) && !is_wild) {
        const bool is_missing = seen.texts && seen.texts->texts.empty();
        findings.push_back(
            finding(patient.has_solver() && is_missing ? Severity::problem : Severity::warning,
                    Check::challenge_record, patient, fmt::format("TXT of {}", seen.doubled_name),
                    fmt::format("{}: the zone's name stands twice", quoted(seen.doubled->texts)),
                    fmt::format("the record belongs to {}: where a panel appends the zone, name it "
                                "without the zone.",
                                seen.name)));
    }
    if (is_wild)
        findings.push_back(finding(
            Severity::warning, Check::wildcard_record, patient,
            fmt::format("TXT of {}, which nobody has made", seen.unmade_name),
            is_alias(seen.unmade, seen.unmade_name)
                ? fmt::format("an alias of {}", base::printable(seen.unmade->canonical_name))
                : quoted(seen.unmade->texts),
            fmt::format("a wildcard record answers for {} too, until a record is set there: give "
                        "the name a record of its own.",
                        seen.name)));
    return findings;
}

}  // namespace cairn::client::doctor
