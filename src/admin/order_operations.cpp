#include "admin/order_operations.h"

#include <algorithm>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "admin/findings.h"
#include "admin/named_objects.h"
#include "admin/page.h"
#include "base/bytes.h"
#include "ca/facts/name_pattern.h"

namespace cairn::admin {
namespace json = boost::json;

namespace {

using Kind = Refused::Kind;
using ca::OrderFilter;
using protocol::OrderStatus;

/// How many orders one step looks at, and one answer in vain.
constexpr std::size_t orders_looked_at_once = 1000, most_orders_looked_at = 100'000;

json::value json_of(const protocol::Problem& problem) {
    return json::parse(problem.to_json());
}

json::array names_of(const ca::Order& order) {
    json::array names;
    for (const auto& identifier : order.identifiers) names.emplace_back(identifier.value());
    return names;
}

// Those that are still there: what does not matter to an order any more may be forgotten.
base::Task<std::vector<ca::Authorization>> proofs_of(const Context& context, ca::Order order) {
    std::vector<ca::Authorization> proofs;
    for (const auto& id : order.authorizations) {
        auto found = co_await context.repository.find_authorization(id);
        if (found) proofs.push_back(*std::move(found));
    }
    co_return proofs;
}

base::Task<OrderStatus> order_status(const Context& context, ca::Order order) {
    const auto now = context.clock.now();
    std::vector<ca::Authorization> proofs;
    const bool depends_on_proofs =
        OrderFilter::stage_of(order) == OrderFilter::Stage::open && now < order.expires;
    if (depends_on_proofs) proofs = co_await proofs_of(context, order);
    co_return order.status(proofs, now);
}

json::object order_facts(const ca::Order& order, OrderStatus status) {
    json::object facts{{"id", order.id.to_string()},
                       {"status", protocol::to_string(status)},
                       {"names", names_of(order)},
                       {"profile", order.profile},
                       {"account", order.account.to_string()},
                       {"created", base::to_rfc3339(order.created)},
                       {"expires", base::to_rfc3339(order.expires)}};
    if (order.not_before) facts["notBefore"] = base::to_rfc3339(*order.not_before);
    if (order.not_after) facts["notAfter"] = base::to_rfc3339(*order.not_after);
    if (order.replaces) facts["replaces"] = order.replaces->serial.to_hex();
    if (order.intent) {
        facts["finalized"] = base::to_rfc3339(order.intent->begun);
        if (!order.intent->request.empty()) facts["finalizeRequest"] = order.intent->request;
    }
    if (order.completed) {
        facts["completed"] = base::to_rfc3339(*order.completed);
        facts["serial"] = order.intent->serial.to_hex();
    }
    return facts;
}

// What one perspective found; the steps stand in the log, under the id of the request.
json::object attempt_facts(const ca::ValidationAttempt& attempt) {
    json::object facts{{"method", protocol::to_string(attempt.method)},
                       {"started", base::to_rfc3339(attempt.started)}};
    if (attempt.finished) facts["finished"] = base::to_rfc3339(*attempt.finished);
    if (!attempt.request.empty()) facts["request"] = attempt.request;
    json::object seen{{"perspective", "local"}};
    if (!attempt.finished)
        seen["outcome"] = "under way";
    else
        seen["outcome"] = attempt.problem ? "failed" : "proved";
    if (attempt.problem) seen["problem"] = json_of(*attempt.problem);
    facts["perspectives"] = json::array{std::move(seen)};
    return facts;
}

json::object proof_facts(const ca::Authorization& proof, base::Time now) {
    json::object facts{{"id", proof.id.to_string()},
                       {"identifier", proof.identifier.value()},
                       {"status", protocol::to_string(proof.status(now))},
                       {"created", base::to_rfc3339(proof.created)},
                       {"expires", base::to_rfc3339(proof.expires)}};
    json::array offered;
    for (const auto type : proof.offered) offered.emplace_back(protocol::to_string(type));
    facts["offered"] = std::move(offered);
    if (proof.for_subdomains) facts["forSubdomains"] = true;
    if (!proof.vouched_by.empty()) facts["vouchedBy"] = proof.vouched_by;
    if (proof.deactivated) facts["deactivated"] = base::to_rfc3339(*proof.deactivated);
    if (proof.attempt) facts["attempt"] = attempt_facts(*proof.attempt);
    return facts;
}

base::Task<json::object> show_order(const Context& context, const Arguments& arguments) {
    const auto id = order_of(arguments.word("order"));
    const auto order = co_await context.repository.find_order(id);
    if (!order)
        throw Refused(Kind::not_found, "there is no order " + id.to_string() +
                                           "; `order list` shows those there are");
    const auto now = context.clock.now();
    const auto proofs = co_await proofs_of(context, *order);
    const auto status = co_await order_status(context, *order);
    auto facts = order_facts(*order, status);
    if (status == OrderStatus::invalid) {
        const auto error = order->error(proofs, now);
        if (error) facts["error"] = json_of(*error);
    }
    json::array rows;
    for (const auto& proof : proofs) rows.push_back(proof_facts(proof, now));
    facts["authorizations"] = std::move(rows);
    co_return facts;
}

// The stages of the orders that can have this status.
std::optional<OrderFilter::Stage> stage_of(const std::optional<OrderStatus>& status) {
    if (!status) return std::nullopt;
    switch (*status) {
        case OrderStatus::pending:
        case OrderStatus::ready:
            return OrderFilter::Stage::open;
        case OrderStatus::processing:
            return OrderFilter::Stage::issuing;
        case OrderStatus::valid:
            return OrderFilter::Stage::completed;
        case OrderStatus::invalid:
            return std::nullopt;  // failed, or open and expired
    }
    return std::nullopt;
}

void choose_order_name(OrderFilter& filter, const std::string& text) {
    if (text.empty()) return;
    const auto pattern = ca::NamePattern::from_text(text);
    const auto canonical = pattern ? pattern->to_string() : "";
    if (canonical.starts_with('.')) {
        filter.ending = canonical;
        return;
    }
    auto identifier = protocol::Identifier::ip(text);
    if (!identifier) identifier = protocol::Identifier::dns(text);
    if (!identifier)
        throw Refused(Kind::usage, "name \"" + base::printable(text, 80) +
                                       "\" is no name or address: " + identifier.error().message);
    filter.identifier = *std::move(identifier);
}

struct Choice {
    OrderFilter filter{};
    std::optional<OrderStatus> status{};
};

// What cannot be read stands in `findings`.
base::Task<Choice> read_order_choice(const Context& context, const Arguments& arguments,
                                     Findings& findings) {
    Choice choice;
    const auto status = arguments.word("status");
    if (!status.empty()) {
        choice.status = protocol::order_status_from(status);
        if (!choice.status)
            findings.add("status must be pending, ready, processing, valid or invalid, not \"" +
                         base::printable(status, 80) + "\"");
    }
    auto& filter = choice.filter;
    filter.stage = stage_of(choice.status);
    findings.run([&] { choose_order_name(filter, arguments.word("name")); });
    if (const auto profile = arguments.word("profile"); !profile.empty()) filter.profile = profile;
    findings.run([&] { filter.created_after = time_of(arguments, "created_after"); });
    findings.run([&] { filter.created_before = time_of(arguments, "created_before"); });
    if (filter.created_after && filter.created_before &&
        *filter.created_after > *filter.created_before)
        findings.add("created_after is later than created_before");
    const auto name = arguments.word("account");
    if (name.empty()) co_return choice;
    try {
        const auto account = co_await find_account(context, name);
        filter.account = account.id;
    } catch (const Refused& refused) {
        findings.add(refused);
    }
    co_return choice;
}

base::Task<json::object> list_orders(const Context& context, const Arguments& arguments) {
    Findings findings;
    const auto page = Page::from(arguments, findings);
    std::optional<ca::OrderId> before;
    if (!page.after.empty()) findings.run([&] { before = order_of(page.after); });
    auto reading = read_order_choice(context, arguments, findings);
    const auto choice = co_await std::move(reading);
    findings.throw_if_any();
    json::array rows;
    std::optional<ca::OrderId> next, last;
    std::size_t looked_at = 0;
    while (!next) {
        const auto at_once = looked_at == 0 ? page.limit + 1 : orders_looked_at_once;
        const auto step =
            co_await context.repository.look_for_orders(choice.filter, before, at_once);
        for (const auto& order : step.found) {
            const auto status = co_await order_status(context, order);
            if (choice.status && status != *choice.status) continue;
            if (rows.size() == page.limit) {
                next = last;
                break;
            }
            rows.push_back(order_facts(order, status));
            last = order.id;
        }
        if (!step.next) break;
        before = step.next;
        looked_at += at_once;
        if (looked_at >= most_orders_looked_at && !next) next = before;
        co_await base::sleep_for(base::Milliseconds(1));  // others have a turn
    }
    json::object result{{"orders", std::move(rows)}};
    if (next) result["next"] = next->to_string();
    co_return result;
}

}  // namespace

Operation order_list() {
    using enum Parameter::Kind;
    std::vector<Parameter> parameters{
        {"account", word, "Those of this account: id, URL, or thumbprint of its key"},
        {"name", word, "Those for this name or address; .example.com: for a name below it"},
        {"status", word, "Those that are pending, ready, processing, valid or invalid"},
        {"profile", word, "Those of this profile"},
        {"created_after", word, "Those created at this time or later"},
        {"created_before", word, "Those created at this time or earlier"}};
    for (const auto& parameter : Page::parameters()) parameters.push_back(parameter);
    return {.noun = "order",
            .verb = "list",
            .summary = "List orders, the newest first: all that is said of them must fit",
            .example =
                "cairn-ca order list /var/lib/cairn-ca --name www.example.com --status "
                "invalid",
            .parameters = std::move(parameters),
            .rows = "orders",
            .columns = {"id", "status", "names", "profile", "created", "account"},
            .run = list_orders};
}

Operation order_show() {
    return {.noun = "order",
            .verb = "show",
            .summary = "Show one order: its authorizations, their attempts, and what was seen",
            .example = "cairn-ca order show /var/lib/cairn-ca AZrQfJvQq3nV5m8kq1b2cw",
            .parameters = {{"order", Parameter::Kind::word,
                            "Id or URL (behind -- if it begins with a hyphen)",
                            Parameter::Place::argument}},
            .run = show_order};
}

}  // namespace cairn::admin
