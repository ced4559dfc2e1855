#include "admin/limit_operations.h"

#include <algorithm>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "admin/findings.h"
#include "admin/page.h"
#include "base/duration.h"
#include "base/enum_table.h"
#include "base/result.h"

namespace cairn::admin {
namespace json = boost::json;

using ca::LimitName;
using ca::LimitSubject;

namespace {

constexpr std::size_t most_names = 100;

[[noreturn]] void refuse(const std::string& detail) {
    throw Refused(Refused::Kind::usage, detail);
}

json::object row_of(const std::string& name, std::string_view summary,
                    const std::optional<ca::Limit>& limit, const std::optional<ca::Limit>& usual) {
    json::object row{{"limit", name}, {"on", limit.has_value()}};
    if (limit) {
        row["count"] = limit->rate.count;
        row["period"] = base::duration_text(limit->rate.period);
        if (limit->burst != 0) row["burst"] = limit->burst;
    }
    row["source"] = limit == usual ? "default" : "configuration";
    row["counts"] = summary;
    return row;
}

json::object row_of(const ca::LimitOverride& found) {
    const auto blank = found.key.find(' ');
    return {{"limit", found.key.substr(0, blank)},
            {"on", true},
            {"for", found.key.substr(blank + 1)},
            {"count", found.rate.count},
            {"period", base::duration_text(found.rate.period)},
            {"source", "override"}};
}

base::Task<json::object> list_limits(const Context& context, const Arguments& arguments) {
    const auto page = Page::from(arguments);
    json::array rows;
    for (const auto name : base::enumerators<LimitName>)
        if (page.after.empty() && name != LimitName::requests_per_ip)
            rows.push_back(row_of(std::string(to_string(name)), summary_of(name),
                                  context.limits[name], context.usual_limits[name]));
    for (const auto group : base::enumerators<ca::RequestGroup>)
        if (page.after.empty())
            rows.push_back(row_of(std::string(to_string(LimitName::requests_per_ip)) + "." +
                                      std::string(to_string(group)),
                                  summary_of(LimitName::requests_per_ip),
                                  context.request_limits[group],
                                  context.usual_request_limits[group]));
    const auto overrides = co_await context.repository.list_limit_overrides(page.after, page.limit);
    for (const auto& found : overrides) rows.push_back(row_of(found));
    json::object result{{"limits", std::move(rows)}};
    if (overrides.size() == page.limit) result["next"] = overrides.back().key;
    co_return result;
}

/// An account that there is, by its id or URL.
base::Task<ca::AccountId> require_account(const Context& context, std::string text) {
    const auto id = ca::AccountId::from_text(text.substr(text.rfind('/') + 1));
    if (!id) refuse("\"" + base::printable(text) + "\" is no account's id or URL");
    const auto account = co_await context.repository.find_account(*id);
    if (!account)
        throw Refused(Refused::Kind::not_found, "there is no account " + base::printable(text) +
                                                    "; `account list` shows those there are");
    co_return *id;
}

protocol::Identifier require_name(const std::string& text) {
    if (auto address = protocol::Identifier::ip(text)) return *address;
    auto name = protocol::Identifier::dns(text);
    if (!name)
        refuse("\"" + base::printable(text) +
               "\" is no domain name and no address: " + name.error().message);
    return *name;
}

LimitName require_limit(const std::string& text) {
    const auto name = ca::limit_from(text);
    if (!name || name == LimitName::requests_per_ip)
        refuse("there is no limit \"" + base::printable(text) +
               "\" that the store counts; `limit list` shows those there are");
    return *name;
}

/// What the options name, as far as it is there; what is not stands in `findings`.
base::Task<ca::BucketSubject> subject_of(const Context& context, const Arguments& arguments,
                                         Findings& findings) {
    ca::BucketSubject subject;
    const auto account = arguments.word("account");
    const auto address = arguments.word("address");
    const auto names = arguments.words("name");
    if (names.size() > most_names) findings.add("at most 100 names can be given");
    for (const auto& name : names)
        findings.run([&] { subject.names.push_back(require_name(name)); });
    if (!address.empty()) {
        const auto parsed = base::IpAddress::from_lenient_text(address);
        if (parsed)
            subject.address = *parsed;
        else
            findings.add("\"" + base::printable(address) + "\" is no address");
    }
    if (account.empty()) co_return subject;
    try {
        const auto id = co_await require_account(context, account);
        subject.account = id;
    } catch (const Refused& refused) {
        findings.add(refused);
    }
    co_return subject;
}

/// The buckets that the options name, of one limit if they say so. Each only looks.
base::Task<ca::Charges> buckets_of(const Context& context, const Arguments& arguments) {
    Findings findings;
    const auto subject = co_await subject_of(context, arguments, findings);
    const auto limit = arguments.word("limit");
    std::optional<LimitName> name;
    if (!limit.empty()) findings.run([&] { name = require_limit(limit); });
    findings.throw_if_any();
    auto charges = ca::buckets_of(context.limits, subject);
    if (name) {
        std::erase_if(charges, [&](const ca::Charge& charge) { return limit_of(charge) != *name; });
    }
    if (charges.empty())
        throw Refused(Refused::Kind::not_found,
                      "no limit that is on counts for what the options name; `limit list` shows "
                      "which are on and what they count");
    co_return charges;
}

base::Task<json::object> show_buckets(const Context& context, const Arguments& arguments) {
    const auto charges = co_await buckets_of(context, arguments);
    const auto decision = co_await context.repository.look(charges, context.clock.now());
    json::array rows;
    for (std::size_t i = 0; i < charges.size(); ++i) {
        const auto& charge = charges[i];
        json::object row{{"limit", to_string(limit_of(charge))}, {"bucket", charge.bucket}};
        if (charge.effect == ca::Charge::Effect::bar) {
            row["paused"] = decision.remaining.at(i) == 0;
        } else {
            row["remaining"] = decision.remaining.at(i);
            row["count"] = decision.rates.at(i).count;
            row["period"] = base::duration_text(decision.rates.at(i).period);
        }
        rows.push_back(std::move(row));
    }
    co_return json::object{{"buckets", std::move(rows)}};
}

base::Task<json::object> reset(const Context& context, const Arguments& arguments) {
    const auto charges = co_await buckets_of(context, arguments);
    json::array rows;
    for (const auto& charge : charges) {
        auto resetting = context.repository.reset_bucket(charge.bucket);
        const bool was_used = co_await std::move(resetting);
        rows.push_back(json::object{
            {"limit", to_string(limit_of(charge))}, {"bucket", charge.bucket}, {"used", was_used}});
    }
    co_return json::object{{"buckets", std::move(rows)}};
}

/// The registered domain, or the address, for which limits count what `text` names.
std::string require_domain(const std::string& text) {
    const auto name = require_name(text);
    auto counted = ca::counted_domain(name);
    if (name.type() == protocol::IdentifierType::dns && counted != name.value())
        refuse("limits count for whole registered domains: say " + counted);
    return counted;
}

std::string require_network(const std::string& text) {
    const auto parsed = base::IpNetwork::from_text(text);
    if (!parsed)
        refuse("\"" + base::printable(text) + "\" is no network: " + parsed.error().message);
    return parsed->to_string();
}

/// Whom an override is for, of the options of one kind each; empty where `findings` say why not.
struct OverrideSubject {
    LimitSubject kind = LimitSubject::account;
    std::string value;
};
base::Task<OverrideSubject> override_subject_of(const Context& context, const Arguments& arguments,
                                                Findings& findings) {
    const auto account = arguments.word("account");
    const auto domain = arguments.word("domain");
    const auto network = arguments.word("network");
    OverrideSubject subject;
    if (!domain.empty())
        findings.run([&] { subject = {LimitSubject::domain, require_domain(domain)}; });
    if (!network.empty())
        findings.run([&] { subject = {LimitSubject::network, require_network(network)}; });
    if (!account.empty()) {
        try {
            const auto id = co_await require_account(context, account);
            subject = {LimitSubject::account, id.to_string()};
        } catch (const Refused& refused) {
            findings.add(refused);
        }
    }
    if (!account.empty() + !domain.empty() + !network.empty() != 1)
        findings.add("one of --account, --domain and --network says for whom it is");
    co_return subject;
}

/// The key of the override that the options name; empty where `findings` say why not.
base::Task<std::string> override_key_of(const Context& context, const Arguments& arguments,
                                        Findings& findings) {
    std::optional<LimitName> limit;
    findings.run([&] { limit = require_limit(arguments.word("limit")); });
    auto reading = override_subject_of(context, arguments, findings);
    const auto subject = co_await std::move(reading);
    if (!limit || subject.value.empty()) co_return std::string();
    if (!is_for(*limit, subject.kind))
        findings.add("limit " + std::string(to_string(*limit)) + " cannot be set for one " +
                     std::string(to_string(subject.kind)) + ": it counts " +
                     std::string(summary_of(*limit)));
    co_return ca::override_key(*limit, subject.kind, subject.value);
}

/// Fills the bucket of whom an override is for, where there is one.
base::Task<void> give_back(const Context& context, const Arguments& arguments, LimitName limit) {
    ca::BucketSubject subject;
    const auto account = arguments.word("account");
    const auto domain = arguments.word("domain");
    if (!account.empty()) subject.account = co_await require_account(context, account);
    if (!domain.empty()) subject.names.push_back(require_name(domain));
    if (account.empty() && domain.empty()) co_return;
    for (const auto& charge : ca::buckets_of(context.limits, subject)) {
        if (limit_of(charge) != limit) continue;
        auto resetting = context.repository.reset_bucket(charge.bucket);
        co_await std::move(resetting);
    }
}

/// The rate that an override has; none: it is wrong, as `findings` say.
std::optional<ca::Rate> rate_of(const Arguments& arguments, Findings& findings) {
    const auto count = arguments.count("count");
    const bool has_count = count && *count >= 1 && *count <= 1'000'000'000;
    if (!has_count) findings.add("--count must say how many, from 1 to 1000000000");
    const auto period = base::duration_from(arguments.word("period"));
    if (!period)
        findings.add("--period " + period.error().message);
    else if (*period > std::chrono::days(3650))
        findings.add("--period must be at most 3650d");
    if (!has_count || !period) return std::nullopt;
    return ca::Rate{*count, *period};
}

base::Task<json::object> set_override(const Context& context, const Arguments& arguments) {
    Findings findings;
    auto naming = override_key_of(context, arguments, findings);
    const auto key = co_await std::move(naming);
    const bool is_removal = arguments.flag("remove");
    std::optional<ca::Rate> rate;
    if (!is_removal)
        rate = rate_of(arguments, findings);
    else if (arguments.count("count") || !arguments.word("period").empty())
        findings.add("--remove wants no --count and no --period");
    findings.throw_if_any();
    if (is_removal) {
        auto removing = context.repository.remove_limit_override(key);
        const bool was_there = co_await std::move(removing);
        if (!was_there)
            throw Refused(Refused::Kind::not_found,
                          "there is no such override; `limit list` shows those there are");
        co_return json::object{{"override", key}, {"removed", true}};
    }
    const ca::LimitOverride wanted{.key = key, .rate = *rate};
    co_await context.repository.set_limit_override(wanted);
    auto result = row_of(wanted);
    const auto limit = *ca::limit_from(arguments.word("limit"));
    // What was used is time in which less came back: at the new rate it would be worth more.
    auto giving_back = give_back(context, arguments, limit);
    co_await std::move(giving_back);
    if (!context.limits[limit])
        result["note"] = "the limit itself is off, so nothing is counted; it holds once it is on";
    co_return result;
}

std::vector<Parameter> bucket_parameters() {
    return {{"account", Parameter::Kind::word, "Id or URL of an account"},
            {"name", Parameter::Kind::words,
             "A domain name or address; several are one set of names (may be repeated)"},
            {"address", Parameter::Kind::word, "The address of a client"},
            {"limit", Parameter::Kind::word, "This limit alone"}};
}

}  // namespace

Operation limit_list() {
    return {.noun = "limit",
            .verb = "list",
            .summary = "List the limits, their values, and the overrides",
            .example = "cairn-ca limit list /var/lib/cairn-ca",
            .parameters = Page::parameters(),
            .rows = "limits",
            .columns = {"limit", "for", "on", "count", "period", "burst", "source"},
            .run = list_limits};
}

Operation limit_show() {
    return {.noun = "limit",
            .verb = "show",
            .summary = "Show how much is left for an account, names or an address",
            .example =
                "cairn-ca limit show /var/lib/cairn-ca --account AZrQfJvQq3nV5m8kq1b2cw "
                "--name www.example.com",
            .parameters = bucket_parameters(),
            .rows = "buckets",
            .columns = {"limit", "bucket", "remaining", "count", "period", "paused"},
            .run = show_buckets};
}

Operation limit_override() {
    return {.noun = "limit",
            .verb = "override",
            .summary = "Set a limit for one account, domain or network",
            .example =
                "cairn-ca limit override /var/lib/cairn-ca new_orders_per_account --account "
                "AZrQfJvQq3nV5m8kq1b2cw --count 5000 --period 3h",
            .parameters = {{"limit", Parameter::Kind::word, "Name of the limit",
                            Parameter::Place::argument},
                           {"account", Parameter::Kind::word, "Id or URL of an account"},
                           {"domain", Parameter::Kind::word,
                            "A registered domain, an IPv4 address or the /64 of an IPv6 one"},
                           {"network", Parameter::Kind::word,
                            "An address range, 10.0.0.0/8; of several the smallest counts"},
                           {"count", Parameter::Kind::count, "So many ..."},
                           {"period", Parameter::Kind::word, "... within this time, as 3h or 7d"},
                           {"remove", Parameter::Kind::flag, "Remove the override"}},
            .effect = Operation::Effect::acts,
            .run = set_override};
}

Operation limit_reset() {
    return {.noun = "limit",
            .verb = "reset",
            .summary = "Give back what was used, and unpause an account for a name",
            .example =
                "cairn-ca limit reset /var/lib/cairn-ca --account AZrQfJvQq3nV5m8kq1b2cw "
                "--name www.example.com",
            .parameters = bucket_parameters(),
            .rows = "buckets",
            .columns = {"limit", "bucket", "used"},
            .effect = Operation::Effect::acts,
            .run = reset};
}

}  // namespace cairn::admin
