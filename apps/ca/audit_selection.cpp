#include "apps/ca/audit_selection.h"

#include <algorithm>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

namespace cairn::apps {

namespace json = boost::json;

namespace {

std::string_view word(const json::object& line, std::string_view name) {
    const auto* value = line.if_contains(name);
    const auto* text = value == nullptr ? nullptr : value->if_string();
    return text == nullptr ? std::string_view() : std::string_view(*text);
}

std::uint64_t number(const json::object& line, std::string_view name) {
    const auto* value = line.if_contains(name);
    if (value == nullptr) return 0;
    if (value->is_uint64()) return value->as_uint64();
    return value->is_int64() && value->as_int64() > 0
               ? static_cast<std::uint64_t>(value->as_int64())
               : 0;
}

void start_with(std::set<std::string, std::less<>>& set, const std::string& text) {
    if (!text.empty()) set.insert(text);
}

}  // namespace

AuditSelection::AuditSelection(Wanted wanted) : wanted_(std::move(wanted)) {
    std::ranges::transform(wanted_.serial, wanted_.serial.begin(), [](char character) {
        return character >= 'A' && character <= 'F' ? static_cast<char>(character - 'A' + 'a')
                                                    : character;
    });
    std::erase(wanted_.serial, ':');
    start_with(requests_, wanted_.request);
    start_with(accounts_, wanted_.account);
    start_with(orders_, wanted_.order);
    start_with(authorizations_, wanted_.authorization);
    start_with(serials_, wanted_.serial);
}

int AuditSelection::passes() const {
    // From a serial number to its order, and from that to what belongs to it.
    if (!wanted_.serial.empty()) return 2;
    return wanted_.account.empty() && wanted_.order.empty() ? 0 : 1;
}

void AuditSelection::look_at(const json::object& line) {
    const auto event = word(line, "event");
    const auto order = word(line, "order");
    if (order.empty()) return;
    const auto serial = word(line, "serial");
    if (!wanted_.serial.empty() && serials_.contains(serial)) orders_.emplace(order);
    const auto account = word(line, "account");
    if (!wanted_.account.empty() && accounts_.contains(account)) orders_.emplace(order);
    if (!orders_.contains(order)) return;
    if (!serial.empty()) serials_.emplace(serial);
    if (event != "order.create" && event != "order.reuse") return;
    const auto* list = line.if_contains("authorizations");
    if (list == nullptr || !list->is_array()) return;
    for (const auto& id : list->as_array())
        if (id.is_string()) authorizations_.emplace(std::string_view(id.as_string()));
}

bool AuditSelection::is_any() const {
    return requests_.empty() && accounts_.empty() && orders_.empty() && authorizations_.empty() &&
           serials_.empty();
}

bool AuditSelection::names_wanted(const json::object& line) const {
    return is_any() || requests_.contains(word(line, "request")) ||
           accounts_.contains(word(line, "account")) || orders_.contains(word(line, "order")) ||
           authorizations_.contains(word(line, "authorization")) ||
           serials_.contains(word(line, "serial")) || shown_.contains(number(line, "act"));
}

bool AuditSelection::has(const json::object& line) {
    const auto time = base::from_rfc3339(word(line, "time"));
    if (wanted_.since && (!time || *time < *wanted_.since)) return false;
    if (wanted_.until && (!time || *time > *wanted_.until)) return false;
    const auto event = word(line, "event");
    const bool is_event =
        wanted_.event.empty() || event == wanted_.event || event.starts_with(wanted_.event + ".");
    if (!names_wanted(line)) return false;
    // What became of it is of no interest where the act itself is not shown.
    if (event == "undone" && !wanted_.event.empty() && !shown_.contains(number(line, "act")))
        return false;
    if (!is_event && event != "undone") return false;
    if (!is_any() || !wanted_.event.empty()) shown_.insert(number(line, "seq"));
    return true;
}

}  // namespace cairn::apps
