#include "ca/rules/limits.h"

#include <algorithm>
#include <chrono>
#include <set>

#include <libpsl.h>

#include "base/bytes.h"
#include "crypto/digest.h"

namespace cairn::ca {

using protocol::Identifier;
using protocol::IdentifierType;
using enum LimitName;

namespace {

/// Marks: that an account is paused for a name, and that there is a certificate for a set.
constexpr std::string_view paused = "paused", known_set = "known_set";

/// A bucket is not marked for longer.
constexpr base::Seconds longest_mark = std::chrono::days(3650);
/// A name longer than this is hashed in the name of its bucket, which has bounds.
constexpr std::size_t longest_in_bucket = 120;

std::string in_bucket(const std::string& text) {
    if (text.size() <= longest_in_bucket) return text;
    return "sha256-" + base::to_hex(crypto::sha256(base::bytes_of(text)));
}

std::string bucket_of(std::string_view limit, const std::string& subject) {
    return std::string(limit) + ":" + in_bucket(subject);
}

std::string bucket_of(std::string_view limit, const AccountId& account, const Identifier& name) {
    return std::string(limit) + ":" + account.to_string() + ":" + in_bucket(name.base_value());
}

Charge charge_of(const Limit& limit, std::string bucket, Charge::Effect effect,
                 std::vector<std::string> overrides = {}) {
    return {.bucket = std::move(bucket),
            .capacity = limit.rate.count,
            .period = limit.rate.period,
            .cost = 1,
            .effect = effect,
            .burst = limit.burst,
            .overrides = std::move(overrides)};
}

/// The network of `address` with this many bits.
base::IpAddress masked(const base::IpAddress& address, std::size_t bits) {
    base::Bytes octets(address.octets().begin(), address.octets().end());
    for (std::size_t i = 0; i < octets.size(); ++i) {
        const auto kept = std::clamp<std::size_t>(bits - std::min(bits, i * 8), 0, 8);
        octets[i] &= static_cast<std::uint8_t>(0xff00U >> kept);
    }
    return *base::IpAddress::from_octets(octets);
}

std::string network_text(const base::IpAddress& address, std::size_t bits) {
    return masked(address, bits).to_string() + "/" + std::to_string(bits);
}

bool is_v4(const base::IpAddress& address) {
    return address.family() == base::IpAddress::Family::v4;
}

/// An IPv4 address that came in IPv6's form (RFC 4291 section 2.5.5.2) is one.
base::IpAddress plain(const base::IpAddress& address) {
    static constexpr std::array<std::uint8_t, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    if (is_v4(address) || !std::ranges::equal(address.octets().first(mapped.size()), mapped))
        return address;
    return *base::IpAddress::from_octets(address.octets().subspan(mapped.size()));
}

/// The keys of the overrides for every network that `address` is in, the smallest first.
std::vector<std::string> network_overrides(LimitName name, const base::IpAddress& address) {
    std::vector<std::string> keys;
    for (std::size_t bits = address.octets().size() * 8 + 1; bits-- > 0;)
        keys.push_back(override_key(name, LimitSubject::network, network_text(address, bits)));
    return keys;
}

std::set<std::string> counted_domains(const std::vector<Identifier>& names) {
    std::set<std::string> domains;
    for (const auto& name : names) domains.insert(counted_domain(name));
    return domains;
}

/// The same for the same names, in whatever order they came.
std::string set_text(const std::vector<Identifier>& names) {
    const std::set<Identifier> sorted(names.begin(), names.end());
    std::string text;
    for (const auto& name : sorted)
        text += std::string(protocol::to_string(name.type())) + ":" + name.value() + "\n";
    return base::to_hex(crypto::sha256(base::bytes_of(text)));
}

void add_certificates(Charges& charges, const Limits& limits, const AccountId& account,
                      const std::vector<Identifier>& names, const LimitExemption& exemption,
                      Charge::Effect effect) {
    const auto& per_set = limits[certificates_per_exact_set];
    const auto& per_domain = limits[certificates_per_domain];
    const auto of_account = [&](LimitName name) {
        return override_key(name, LimitSubject::account, account.to_string());
    };
    if (per_set)
        charges.push_back(
            charge_of(*per_set, bucket_of(to_string(certificates_per_exact_set), set_text(names)),
                      effect, {of_account(certificates_per_exact_set)}));
    if (!per_domain || (exemption.is_same_set && per_set)) return;
    for (const auto& domain : counted_domains(names))
        charges.push_back(
            charge_of(*per_domain, bucket_of(to_string(certificates_per_domain), domain), effect,
                      {override_key(certificates_per_domain, LimitSubject::domain, domain),
                       of_account(certificates_per_domain)}));
}

/// The charges of both limits of failures.
void add_failures(Charges& charges, const Limits& limits, const AccountId& account,
                  const Identifier& name, Charge::Effect effect) {
    for (const auto limit :
         {failed_validations_per_account_and_name, consecutive_failures_per_account_and_name}) {
        if (!limits[limit]) continue;
        charges.push_back(
            charge_of(*limits[limit], bucket_of(to_string(limit), account, name), effect,
                      {override_key(limit, LimitSubject::account, account.to_string()),
                       override_key(limit, LimitSubject::domain, counted_domain(name))}));
    }
}

}  // namespace

Charges new_account_charges(const Limits& limits, const RequestContext& context) {
    Charges charges;
    if (context.client) {
        const auto address = plain(*context.client);
        const auto name = is_v4(address) ? new_accounts_per_ip : new_accounts_per_ipv6_range;
        const auto subject = is_v4(address) ? address.to_string() : network_text(address, 48);
        if (limits[name])
            charges.push_back(charge_of(*limits[name], bucket_of(to_string(name), subject),
                                        Charge::Effect::take, network_overrides(name, address)));
    }
    if (limits[new_accounts])
        charges.push_back(charge_of(*limits[new_accounts],
                                    bucket_of(to_string(new_accounts), "all"),
                                    Charge::Effect::take));
    return charges;
}

Charges new_order_charges(const Limits& limits, const AccountId& account,
                          const std::vector<Identifier>& names, const LimitExemption& exemption) {
    Charges charges;
    if (exemption.is_advised_renewal) return charges;
    const bool is_held_as_set = exemption.is_same_set && limits[certificates_per_exact_set];
    const auto& per_account = limits[new_orders_per_account];
    if (per_account && !is_held_as_set)
        charges.push_back(charge_of(
            *per_account, bucket_of(to_string(new_orders_per_account), account.to_string()),
            Charge::Effect::take,
            {override_key(new_orders_per_account, LimitSubject::account, account.to_string())}));
    add_certificates(charges, limits, account, names, exemption, Charge::Effect::check);
    std::set<std::string> seen;
    for (const auto& name : names) {
        if (!seen.insert(name.base_value()).second) continue;
        std::ranges::move(validation_checks(limits, account, name), std::back_inserter(charges));
    }
    return charges;
}

Charges issuance_charges(const Limits& limits, const AccountId& account,
                         const std::vector<Identifier>& names, const LimitExemption& exemption,
                         base::Time not_after, base::Time now) {
    Charges charges;
    if (!exemption.is_advised_renewal)
        add_certificates(charges, limits, account, names, exemption, Charge::Effect::take);
    if (limits[certificates_per_exact_set] && not_after > now)
        charges.push_back({.bucket = bucket_of(known_set, set_text(names)),
                           .capacity = 1,
                           .period = std::min(not_after - now, longest_mark),
                           .effect = Charge::Effect::mark});
    return charges;
}

Charges same_set_question(const Limits& limits, const std::vector<Identifier>& names) {
    if (!limits[certificates_per_exact_set]) return {};
    return {{.bucket = bucket_of(known_set, set_text(names)),
             .capacity = 1,
             .period = base::Seconds(1),
             .effect = Charge::Effect::bar}};
}

Charges validation_checks(const Limits& limits, const AccountId& account, const Identifier& name) {
    Charges charges;
    add_failures(charges, limits, account, name, Charge::Effect::check);
    std::erase_if(charges, [](const Charge& charge) {
        return limit_of(charge) == consecutive_failures_per_account_and_name;
    });
    if (limits[consecutive_failures_per_account_and_name])
        charges.push_back({.bucket = bucket_of(paused, account, name),
                           .capacity = 1,
                           .period = base::Seconds(1),
                           .effect = Charge::Effect::bar});
    return charges;
}

Charges failure_charges(const Limits& limits, const AccountId& account, const Identifier& name) {
    Charges charges;
    add_failures(charges, limits, account, name, Charge::Effect::take);
    return charges;
}

Charges success_charges(const Limits& limits, const AccountId& account, const Identifier& name) {
    if (!limits[consecutive_failures_per_account_and_name]) return {};
    return {
        {.bucket = bucket_of(to_string(consecutive_failures_per_account_and_name), account, name),
         .capacity = 1,
         .period = base::Seconds(1),
         .effect = Charge::Effect::clear}};
}

Charges pause_charges(const Limits& limits, const AccountId& account, const Identifier& name) {
    const auto& limit = limits[consecutive_failures_per_account_and_name];
    if (!limit) return {};
    return {{.bucket = bucket_of(paused, account, name),
             .capacity = 1,
             .period = limit->rate.period,
             .effect = Charge::Effect::mark}};
}

bool tells_of_failures(const Charges& charges, const ChargeDecision& decision) {
    for (std::size_t i = 0; i < charges.size() && i < decision.remaining.size(); ++i)
        if (limit_of(charges[i]) == consecutive_failures_per_account_and_name &&
            charges[i].effect != Charge::Effect::bar)
            return decision.remaining[i] < decision.rates[i].count;
    return false;
}

bool is_last_failure(const Charges& charges, const ChargeDecision& decision) {
    for (std::size_t i = 0; i < charges.size() && i < decision.remaining.size(); ++i)
        if (limit_of(charges[i]) == consecutive_failures_per_account_and_name)
            return decision.remaining[i] == 0;
    return false;
}

LimitName limit_of(const Charge& charge) {
    const auto name = std::string_view(charge.bucket).substr(0, charge.bucket.find(':'));
    if (name == known_set) return certificates_per_exact_set;
    return limit_from(name).value_or(consecutive_failures_per_account_and_name);
}

Charges buckets_of(const Limits& limits, const BucketSubject& subject) {
    Charges charges;
    const auto add = [&](Charges more) { std::ranges::move(more, std::back_inserter(charges)); };
    const bool is_overall = !subject.account && subject.names.empty() && !subject.address;
    if (subject.address || is_overall) {
        RequestContext context;
        context.client = subject.address;
        add(new_account_charges(limits, context));
        std::erase_if(charges, [&](const Charge& charge) {
            return (limit_of(charge) == new_accounts) != is_overall;
        });
    }
    if (subject.account) {
        LimitExemption exemption;
        add(new_order_charges(limits, *subject.account, {}, exemption));
        std::erase_if(charges, [](const Charge& charge) {
            return limit_of(charge) == certificates_per_exact_set;
        });
    }
    if (!subject.names.empty()) {
        const auto nobody = *AccountId::from_octets(base::Bytes(AccountId::size));
        add_certificates(charges, limits, subject.account.value_or(nobody), subject.names, {},
                         Charge::Effect::check);
    }
    for (const auto& name : subject.names) {
        if (!subject.account) break;
        add(failure_charges(limits, *subject.account, name));
        add(validation_checks(limits, *subject.account, name));
    }
    std::set<std::string> seen;
    std::erase_if(charges,
                  [&](const Charge& charge) { return !seen.insert(charge.bucket).second; });
    for (auto& charge : charges)
        if (charge.effect == Charge::Effect::take) charge.effect = Charge::Effect::check;
    return charges;
}

std::string counted_domain(const Identifier& name) {
    if (name.type() == IdentifierType::dns) return registered_domain(name.base_value());
    const auto address = name.ip_address();
    return is_v4(address) ? address.to_string() : network_text(address, 64);
}

std::string registered_domain(const std::string& name) {
    static psl_ctx_t* const list = psl_latest(nullptr);
    const char* domain = psl_registrable_domain(list, name.c_str());
    return domain == nullptr ? name : domain;
}

}  // namespace cairn::ca
