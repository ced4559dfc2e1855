#include "admin/renewal_operations.h"

#include <algorithm>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "admin/certificate_search.h"
#include "admin/findings.h"
#include "admin/named_objects.h"
#include "base/enum_table.h"
#include "base/result.h"
#include "ca/work/renewal_advice.h"
#include "net/url.h"

namespace cairn::admin {
namespace json = boost::json;

namespace {

using ca::PullForward;
using ca::RenewalWindow;
using Kind = Refused::Kind;

constexpr base::Seconds longest_spread = std::chrono::days(366);
/// How many certificates one step of counting looks at.
constexpr std::size_t counted_at_once = 2000;

constexpr base::EnumTable<RenewalWindow::Cause, std::string_view> causes({
    {RenewalWindow::Cause::usual, "usual"},
    {RenewalWindow::Cause::revoked, "revoked"},
    {RenewalWindow::Cause::pulled_forward, "pulledForward"},
});

[[noreturn]] void refuse_rule(const std::string& detail) {
    throw Refused(Kind::usage, detail);
}

json::object rule_facts(const PullForward& rule) {
    json::object facts{{"id", rule.id.to_string()}, {"created", base::to_rfc3339(rule.created)}};
    json::array serials;
    for (const auto& serial : rule.serials) serials.emplace_back(serial.to_hex());
    if (!serials.empty()) facts["certificates"] = std::move(serials);
    if (!rule.profile.empty()) facts["profile"] = rule.profile;
    if (rule.issuer) facts["issuer"] = base::to_hex(*rule.issuer);
    if (rule.issued_after) facts["issuedAfter"] = base::to_rfc3339(*rule.issued_after);
    facts["issuedBefore"] = base::to_rfc3339(rule.issued_before);
    if (rule.deadline) facts["by"] = base::to_rfc3339(*rule.deadline);
    if (!rule.explanation_url.empty()) facts["explanation"] = rule.explanation_url;
    return facts;
}

void read_deadline(const Arguments& arguments, PullForward& rule) {
    rule.deadline = time_of(arguments, "by");
    if (!rule.deadline) return;
    if (*rule.deadline <= rule.created) refuse_rule("by is not in the future");
    if (*rule.deadline - rule.created > longest_spread) refuse_rule("by is more than a year away");
}

void read_explanation(const Arguments& arguments, PullForward& rule) {
    const auto text = arguments.word("explanation");
    if (text.empty()) return;
    const auto url = net::Url::from_text(text);
    if (!url) refuse_rule("explanation must be an http or https URL: " + url.error().message);
    rule.explanation_url = url->to_string();
}

// A slip of the pen would help nobody in an incident. A former profile's certificates are meant.
base::Task<void> require_known_profile(const Context& context, const std::string& profile,
                                       Findings& findings) {
    if (profile.empty() || context.profiles.contains(profile)) co_return;
    CertificateChoice choice;
    choice.filter.profile = profile;
    auto looking = look_for(context, std::move(choice), std::nullopt, 1);
    const auto known = co_await std::move(looking);
    if (known.certificates.empty() && !known.next)
        findings.add(Refused(Kind::not_found, "this CA has no profile " +
                                                  base::printable(profile, 80) +
                                                  ", and issued nothing under it"));
}

// What finds nothing stands in `findings`.
base::Task<void> read_objects(const Context& context, const Arguments& arguments, PullForward& rule,
                              Findings& findings) {
    const auto names = arguments.words("certificate");
    if (names.size() > PullForward::most_serials) {
        findings.add(
            "one rule names at most " + std::to_string(PullForward::most_serials) +
            " certificates; choose them by time, profile or issuer, or make several rules");
        co_return;
    }
    for (const auto& name : names) {
        try {
            auto found = co_await find_certificate(context, name);
            rule.serials.push_back(std::move(found.serial));
        } catch (const Refused& refused) {
            findings.add(refused);
        }
    }
    const auto issuer = arguments.word("issuer");
    if (issuer.empty()) co_return;
    try {
        const auto id = co_await issuer_of(context, issuer);
        rule.issuer = id;
    } catch (const Refused& refused) {
        findings.add(refused);
    }
}

base::Task<PullForward> read_rule(const Context& context, const Arguments& arguments) {
    const auto now = context.clock.now();
    PullForward rule{
        .id = ca::PullForwardId::fresh(now, context.random), .created = now, .issued_before = now};
    Findings findings;
    findings.run([&] { rule.issued_before = time_of(arguments, "issued_before").value_or(now); });
    findings.run([&] { rule.issued_after = time_of(arguments, "issued_after"); });
    rule.profile = arguments.word("profile");
    rule.issued_before = std::min(rule.issued_before, now);
    if (rule.issued_after && *rule.issued_after > rule.issued_before)
        findings.add("issued_after is later than issued_before");
    findings.run([&] { read_deadline(arguments, rule); });
    findings.run([&] { read_explanation(arguments, rule); });
    auto reading = read_objects(context, arguments, rule, findings);
    co_await std::move(reading);
    auto looking = require_known_profile(context, rule.profile, findings);
    co_await std::move(looking);
    const auto is_said = [&](std::string_view name) { return !arguments.word(name).empty(); };
    if (arguments.words("certificate").empty() && !is_said("profile") && !is_said("issuer") &&
        !is_said("issued_after") && !is_said("issued_before"))
        findings.add(
            "say which certificates are meant: --certificate, --profile, --issuer, "
            "--issued-after, --issued-before");
    findings.throw_if_any();
    co_return rule;
}

base::Task<std::size_t> count_meant(const Context& context, const PullForward& rule) {
    std::size_t meant = 0;
    std::optional<pki::SerialNumber> after;
    do {
        const auto step = co_await context.repository.count_pulled_forward(rule, rule.created,
                                                                           after, counted_at_once);
        meant += step.meant;
        after = step.next;
    } while (after);
    co_return meant;
}

base::Task<json::object> pull_forward(const Context& context, const Arguments& arguments) {
    const auto rule = co_await read_rule(context, arguments);
    const bool is_rehearsal = arguments.flag("dry_run");
    const auto meant = co_await count_meant(context, rule);
    if (!is_rehearsal) {
        const bool is_added = co_await context.repository.add_pull_forward(rule);
        if (!is_added)
            throw Refused(Kind::conflict,
                          "there are " + std::to_string(ca::RenewalStore::most_pull_forwards) +
                              " rules already; `renewal cancel` those whose work is done");
    }
    auto facts = rule_facts(rule);
    if (is_rehearsal) facts.erase("id");
    facts["count"] = meant;
    facts["dryRun"] = is_rehearsal;
    co_return facts;
}

base::Task<json::object> list_rules(const Context& context, const Arguments&) {
    const auto rules = co_await context.repository.pull_forwards();
    json::array rows;
    for (const auto& rule : rules) rows.push_back(rule_facts(rule));
    co_return json::object{{"rules", std::move(rows)}};
}

base::Task<json::object> show_rule(const Context& context, const Arguments& arguments) {
    auto certificate = co_await find_certificate(context, arguments.word("certificate"));
    const auto serial = certificate.serial;
    ca::RenewalAdvice advice(context.repository);
    const auto window = co_await advice.window_of(std::move(certificate));
    json::object facts{{"serial", serial.to_hex()},
                       {"start", base::to_rfc3339(window.start)},
                       {"end", base::to_rfc3339(window.end)},
                       {"cause", causes[window.cause]}};
    if (window.rule) facts["rule"] = window.rule->to_string();
    if (!window.explanation_url.empty()) facts["explanation"] = window.explanation_url;
    const auto replacement = co_await context.repository.find_replacement(serial);
    if (replacement) {
        facts["replacedBy"] = replacement->order.to_string();
        facts["isReplacementIssued"] = replacement->is_issued;
    }
    co_return facts;
}

base::Task<json::object> cancel(const Context& context, const Arguments& arguments) {
    const auto text = arguments.word("rule");
    const auto id = ca::PullForwardId::from_text(text);
    if (!id) refuse_rule("rule must be the id of a rule: `renewal list` shows them");
    const bool is_removed = co_await context.repository.remove_pull_forward(*id);
    if (!is_removed)
        throw Refused(Kind::not_found, "there is no rule " + base::printable(text) +
                                           "; `renewal list` shows those there are");
    co_return json::object{{"id", text}};
}

}  // namespace

Operation renewal_pull_forward() {
    using enum Parameter::Kind;
    return {
        .noun = "renewal",
        .verb = "pull-forward",
        .summary = "Have certificates renewed early: all that is said of them must fit",
        .example =
            "cairn-ca renewal pull-forward /var/lib/cairn-ca --issued-after 2026-11-01 "
            "--issued-before 2026-11-03 --by 2026-11-22T12:00:00Z "
            "--explanation https://ca.example/incident-7",
        .parameters =
            {{"certificate", words,
              "One certificate: serial number, URL, or name in renewal information (may be "
              "repeated)"},
             {"profile", word, "Those of this profile"},
             {"issuer", word,
              "Those of this issuer: its name in the configuration, or SHA-256 of its certificate"},
             {"issued_after", word, "Those issued at this time or later"},
             {"issued_before", word, "Those issued at this time or earlier; now unless said"},
             {"by", word,
              "Spread the renewals evenly from now to this time; unless said, all at once"},
             {"explanation", word, "A URL that tells people why"},
             {"dry_run", flag, "Count them, and change nothing"}},
        .effect = Operation::Effect::acts,
        .run = pull_forward};
}

Operation renewal_list() {
    return {.noun = "renewal",
            .verb = "list",
            .summary = "List the rules by which certificates are renewed early",
            .example = "cairn-ca renewal list /var/lib/cairn-ca",
            .parameters = {},
            .rows = "rules",
            .columns = {"id", "created", "by", "certificates", "profile", "issuer", "issuedAfter",
                        "issuedBefore", "explanation"},
            .run = list_rules};
}

Operation renewal_show() {
    return {.noun = "renewal",
            .verb = "show",
            .summary = "Show when a certificate is to be renewed, and why then",
            .example = "cairn-ca renewal show /var/lib/cairn-ca 6a3b41f00c2d5e6f708192a3b4c5d6e7",
            .parameters = {{"certificate", Parameter::Kind::word,
                            "Serial number, URL, or name in renewal information",
                            Parameter::Place::argument}},
            .run = show_rule};
}

Operation renewal_cancel() {
    return {.noun = "renewal",
            .verb = "cancel",
            .summary = "Take a rule back: its certificates have their usual windows again",
            .example = "cairn-ca renewal cancel /var/lib/cairn-ca AZrQfJvQq3nV5m8kq1b2cw",
            .parameters = {{"rule", Parameter::Kind::word,
                            "Id of the rule (behind -- if it begins with a hyphen)",
                            Parameter::Place::argument}},
            .effect = Operation::Effect::acts,
            .run = cancel};
}

}  // namespace cairn::admin
