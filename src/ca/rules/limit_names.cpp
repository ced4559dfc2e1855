// The names of limits, what they count, and their usual values.
#include <chrono>

#include "ca/rules/limits.h"

namespace cairn::ca {

using enum LimitName;

namespace {

struct Facts {
    std::string_view name, summary;
    bool by_account = false, by_domain = false, by_network = false;
};

constexpr base::EnumTable<LimitName, Facts> facts({
    {new_accounts_per_ip,
     {.name = "new_accounts_per_ip",
      .summary = "new accounts from one IPv4 address",
      .by_network = true}},
    {new_accounts_per_ipv6_range,
     {.name = "new_accounts_per_ipv6_range",
      .summary = "new accounts from one /48 of IPv6",
      .by_network = true}},
    {new_accounts, {.name = "new_accounts", .summary = "new accounts in all"}},
    {new_orders_per_account,
     {.name = "new_orders_per_account",
      .summary = "new orders from one account",
      .by_account = true}},
    {certificates_per_domain,
     {.name = "certificates_per_domain",
      .summary = "certificates for one registered domain, IPv4 address or /64 of IPv6",
      .by_account = true,
      .by_domain = true}},
    {certificates_per_exact_set,
     {.name = "certificates_per_exact_set",
      .summary = "certificates for one exact set of names",
      .by_account = true}},
    {failed_validations_per_account_and_name,
     {.name = "failed_validations_per_account_and_name",
      .summary = "failed validations of one name by one account",
      .by_account = true,
      .by_domain = true}},
    {consecutive_failures_per_account_and_name,
     {.name = "consecutive_failures_per_account_and_name",
      .summary = "failed validations in a row of one name by one account, which then is paused",
      .by_account = true,
      .by_domain = true}},
    {requests_per_ip,
     {.name = "requests_per_ip",
      .summary = "requests from one IPv4 address or /64 of IPv6, at one node"}},
});

constexpr base::EnumTable<LimitSubject, std::string_view> subject_words({
    {LimitSubject::account, "account"},
    {LimitSubject::domain, "domain"},
    {LimitSubject::network, "network"},
});

}  // namespace

std::string_view to_string(LimitName name) {
    return facts[name].name;
}
std::optional<LimitName> limit_from(std::string_view text) {
    return facts.find(text, &Facts::name);
}
std::string_view summary_of(LimitName name) {
    return facts[name].summary;
}
Limits default_limits(PolicyKind kind) {
    using namespace std::chrono_literals;
    Limits limits;
    const auto set = [&limits](LimitName name, std::int64_t count, base::Seconds period) {
        limits[name] = Limit{.rate = {.count = count, .period = period}};
    };
    set(new_accounts_per_ipv6_range, 500, 3h);
    set(consecutive_failures_per_account_and_name, 1152, 1152h);
    if (kind == PolicyKind::private_ca) {
        // A company behind one address, with one account and one domain, is not stopped; a client
        // that repeats itself is.
        set(new_accounts_per_ip, 300, 3h);
        set(new_accounts, 5000, 3h);
        set(new_orders_per_account, 1000, 3h);
        set(failed_validations_per_account_and_name, 30, 1h);
        return limits;
    }
    set(new_accounts_per_ip, 10, 3h);
    set(new_accounts, 20'000, 3h);
    set(new_orders_per_account, 300, 3h);
    set(certificates_per_domain, 50, std::chrono::days(7));
    set(certificates_per_exact_set, 5, std::chrono::days(7));
    set(failed_validations_per_account_and_name, 5, 1h);
    return limits;
}

std::string_view to_string(LimitSubject subject) {
    return subject_words[subject];
}

bool is_for(LimitName name, LimitSubject subject) {
    switch (subject) {
        case LimitSubject::account:
            return facts[name].by_account;
        case LimitSubject::domain:
            return facts[name].by_domain;
        case LimitSubject::network:
            return facts[name].by_network;
    }
    return false;
}

std::string override_key(LimitName name, LimitSubject kind, std::string_view subject) {
    std::string key(to_string(name));
    key += " ";
    key += to_string(kind);
    key += ":";
    return key.append(subject);
}

}  // namespace cairn::ca
