#include "client/limit_ledger.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/json_quoted.h"
#include "client/durable_file.h"
#include "crypto/digest.h"
#include "protocol/json.h"
#include "protocol/order.h"

namespace cairn::client {
namespace {

namespace fs = std::filesystem;

using namespace std::chrono_literals;

constexpr std::int64_t ledger_version = 1;
constexpr std::size_t max_ledger_file = std::size_t{256} << 10;
constexpr std::size_t max_refusal_words = 500;
constexpr std::size_t max_set_names_told = 3;
constexpr std::size_t digest_length = 32;
constexpr std::size_t sets_that_tell_an_account = 3;
constexpr int status_too_many_requests = 429;
constexpr int status_service_unavailable = 503;
constexpr base::Seconds first_refusal_pause = 10min;
constexpr base::Seconds first_pause_of_proofs = 1h;
constexpr unsigned proofs_at_will = 3;
constexpr base::Seconds longest_refusal_pause = std::chrono::days{1};
/// A CA that is busy altogether is believed for so long.
constexpr base::Seconds longest_outage = 6h;
/// A limit that is only taken for one of the account is tried again after so long.
constexpr base::Seconds longest_guess = 1h;
/// What is over for so long does not make the next pause longer any more.
constexpr base::Seconds memory = std::chrono::days{7};

base::Seconds growing(base::Seconds first, unsigned times) {
    constexpr unsigned max_doublings = 10;
    return std::min(first * (1 << std::min(times, max_doublings)), longest_refusal_pause);
}

std::string subject_digest(const OrderSubject& subject) {
    std::string text = subject.directory_url + '\n' + subject.account + '\n';
    for (const auto& name : subject.names) text += name + '\n';
    return base::to_hex(crypto::sha256(base::bytes_of(text))).substr(0, digest_length);
}

std::string names_told(const std::vector<std::string>& names) {
    if (names.empty()) return "any names";
    std::string text;
    for (std::size_t i = 0; i < names.size() && i < max_set_names_told; ++i)
        text += (i == 0 ? "" : ", ") + names[i];
    if (names.size() > max_set_names_told)
        text += fmt::format(" and {} more", names.size() - max_set_names_told);
    return text;
}

bool is_limit(const Failure& failure) {
    return failure.status() == status_too_many_requests ||
           failure.problem() == protocol::ProblemType::rate_limited;
}

/// Whether the CA wants to be left alone by everybody.
bool is_outage(const Failure& failure) {
    return failure.status() == status_service_unavailable && failure.retry_at();
}

bool is_failed_proof(const Failure& failure) {
    return failure.phase() == Phase::challenge && !failure.findings().empty();
}

/// Whether the limit is not one for these names. Let's Encrypt and those that follow it name the
/// limit in the address of its description, and "this account" in the text.
bool is_of_account(const Failure& failure) {
    if (failure.phase() == Phase::account || failure.phase() == Phase::binding) return true;
    constexpr std::array<std::string_view, 3> marks = {"new-orders-per-account",
                                                       "from this account", "for this account"};
    const auto& text = failure.came_back();
    return std::ranges::any_of(marks, [&](std::string_view mark) { return text.contains(mark); });
}

std::string excerpt(const Failure& failure) {
    return base::printable(failure.came_back(), max_refusal_words);
}

void add_time(std::string& json, std::string_view name, const std::optional<base::Time>& time) {
    if (time) json += fmt::format(",\n\"{}\": \"{}\"", name, base::to_rfc3339(*time));
}

std::string json_list(const std::vector<std::string>& texts) {
    std::string json;
    for (const auto& text : texts) json += (json.empty() ? "" : ", ") + base::json_quoted(text);
    return "[" + json + "]";
}

/// When nothing of it counts any more.
base::Time end_of(const KnownLimit& limit) {
    return std::max(limit.until.value_or(base::Time{}), limit.proofs_until.value_or(base::Time{})) +
           memory;
}

}  // namespace

OrderSubject OrderSubject::of(const Authority& authority, const CertificatePlan& plan) {
    return {authority.directory_url, plan.account, sorted_values(plan.identifiers())};
}

std::string KnownLimit::to_json() const {
    auto json = fmt::format("{{\n\"version\": {},\n\"ca\": {}", ledger_version,
                            base::json_quoted(subject.directory_url));
    if (!subject.account.empty())
        json += fmt::format(",\n\"account\": {}", base::json_quoted(subject.account));
    if (!subject.names.empty()) json += ",\n\"names\": " + json_list(subject.names);
    add_time(json, "until", until);
    add_time(json, "proofs_until", proofs_until);
    json += fmt::format(",\n\"refusals\": {},\n\"failed_proofs\": {},\n\"came_back\": {}", refusals,
                        failed_proofs, base::json_quoted(came_back));
    if (!limited_names.empty()) json += ",\n\"limited_names\": " + json_list(limited_names);
    return json + "\n}\n";
}

base::Result<KnownLimit> KnownLimit::from_json(base::BytesView json) {
    const auto object = protocol::parse_json_object(json);
    if (!object) return std::unexpected(object.error());
    protocol::MemberReader reader(*object);
    if (reader.integer("version") != ledger_version) return base::fail("version: not known");
    const auto count = [&](std::string_view name) {
        constexpr std::int64_t most = 1000;
        return static_cast<unsigned>(
            std::clamp(reader.integer(name).value_or(0), std::int64_t{0}, most));
    };
    KnownLimit limit{
        .subject = {std::string(reader.required_text("ca")), reader.text_or_empty("account"),
                    reader.texts("names", protocol::NewOrderRequest::max_identifiers)},
        .until = reader.time("until"),
        .refusals = count("refusals"),
        .failed_proofs = count("failed_proofs"),
        .proofs_until = reader.time("proofs_until"),
        .came_back = reader.text_or_empty("came_back"),
        .limited_names = reader.texts("limited_names", sets_that_tell_an_account)};
    if (reader.error()) return std::unexpected(*reader.error());
    for (const auto& digest : limit.limited_names)
        if (digest.size() != digest_length || !base::from_hex(digest))
            return base::fail("limited_names: not a list of digests");
    return limit;
}

fs::path LimitLedger::file_of(const OrderSubject& subject) const {
    return state_.limits() / (subject_digest(subject) + ".json");
}

std::optional<KnownLimit> LimitLedger::find(const OrderSubject& subject) const {
    const auto text = read_file(file_of(subject), max_ledger_file);
    if (!text) return std::nullopt;
    auto limit = KnownLimit::from_json(base::bytes_of(*text));
    // What cannot be read says nothing; the CA will say it again.
    if (!limit || limit->subject != subject || end_of(*limit) < clock_.now()) return std::nullopt;
    return std::move(*limit);
}

void LimitLedger::require_admission(const OrderSubject& subject, LimitCaution caution) const {
    if (caution == LimitCaution::none) return;
    const auto now = clock_.now();
    const auto is_ahead = [&](const std::optional<base::Time>& time) {
        // Nothing is kept for longer: the clock has gone back since.
        return time && *time > now && *time <= now + longest_limit;
    };
    const auto refuse = [&](std::string_view why, const KnownLimit& limit, base::Time until) {
        const auto time = base::to_rfc3339(until);
        throw Failure(
            {fmt::format("order a certificate for {}", names_told(subject.names)), Phase::order},
            fmt::format("the CA at {} is not asked before {}, because {}: {}",
                        base::printable(subject.directory_url), time, why, limit.came_back),
            fmt::format("wait until {}; with --force it is asked nevertheless.", time))
            .retrying_at(until);
    };
    for (const auto& each : {subject.for_any_names(), subject}) {
        const auto limit = find(each);
        if (!limit) continue;
        if (is_ahead(limit->until))
            refuse(fmt::format("it has limited orders for {}", names_told(each.names)), *limit,
                   *limit->until);
        if (caution == LimitCaution::limits_and_proofs && is_ahead(limit->proofs_until))
            refuse(fmt::format("it was not convinced {} times in a row", limit->failed_proofs),
                   *limit, *limit->proofs_until);
    }
}

void LimitLedger::note(const OrderSubject& subject, const Failure& failure) const noexcept try {
    const bool is_limited = is_limit(failure) || is_outage(failure);
    if (!is_limited && !is_failed_proof(failure)) return;
    const auto lock = state_.lock_limits();
    if (is_limited)
        note_limit(subject, failure);
    else
        note_failed_proof(subject, failure);
} catch (const std::exception&) {
    // What matters more is the failure itself; the CA will say it again.
}

void LimitLedger::note_limit(const OrderSubject& subject, const Failure& failure) const {
    const auto now = clock_.now();
    const auto until_of = [&](const KnownLimit& limit) {
        if (is_outage(failure)) return std::min(*failure.retry_at(), now + longest_outage);
        if (failure.retry_at()) return std::min(*failure.retry_at(), now + longest_limit);
        return now + growing(first_refusal_pause, limit.refusals);
    };
    const auto limit_to = [&](const OrderSubject& limited) {
        auto limit = find(limited).value_or(KnownLimit{.subject = limited});
        limit.until = until_of(limit);
        ++limit.refusals;
        limit.came_back = excerpt(failure);
        return limit;
    };
    const auto any_names = subject.for_any_names();
    if (is_outage(failure) || is_of_account(failure)) {
        keep(limit_to(any_names));
        return;
    }
    const auto limit = limit_to(subject);
    keep(limit);
    auto account = find(any_names).value_or(KnownLimit{.subject = any_names});
    auto& sets = account.limited_names;
    // Only what is limited at the same time tells of one limit.
    std::erase_if(sets, [&](const std::string& digest) { return !is_in_force(digest); });
    if (std::ranges::find(sets, subject_digest(subject)) == sets.end())
        sets.push_back(subject_digest(subject));
    account.came_back = limit.came_back;
    account.until = account.until.value_or(now);
    if (sets.size() >= sets_that_tell_an_account) {
        account.until = std::min(*limit.until, now + longest_guess);
        sets.clear();
    }
    keep(account);
}

bool LimitLedger::is_in_force(const std::string& digest) const {
    const auto text = read_file(state_.limits() / (digest + ".json"), max_ledger_file);
    if (!text) return false;
    const auto limit = KnownLimit::from_json(base::bytes_of(*text));
    return limit && limit->until > clock_.now();
}

void LimitLedger::note_failed_proof(const OrderSubject& subject, const Failure& failure) const {
    auto limit = find(subject).value_or(KnownLimit{.subject = subject});
    ++limit.failed_proofs;
    limit.came_back = excerpt(failure);
    limit.proofs_until = clock_.now();
    if (limit.failed_proofs > proofs_at_will)
        *limit.proofs_until +=
            growing(first_pause_of_proofs, limit.failed_proofs - proofs_at_will - 1);
    keep(limit);
}

void LimitLedger::note_success(const OrderSubject& subject) const noexcept try {
    for (const auto& each : {subject, subject.for_any_names()}) {
        std::error_code not_there;
        // Mostly there is none, and then nothing need be locked.
        if (!fs::exists(file_of(each), not_there)) continue;
        const auto lock = state_.lock_limits();
        fs::remove(file_of(each), not_there);
    }
} catch (const std::exception&) {
    // It is over by itself in time.
}

void LimitLedger::keep(const KnownLimit& limit) const {
    make_private_directory(state_.limits());
    make_room();
    write_durably(file_of(limit.subject), limit.to_json(), FileAccess::owner);
}

/// Removes the files that were not changed for the longest time.
void LimitLedger::make_room() const {
    const auto names = file_names_in(state_.limits());
    if (names.size() < max_subjects) return;
    std::vector<std::pair<fs::file_time_type, fs::path>> files;
    for (const auto& name : names) {
        std::error_code gone;
        const auto file = state_.limits() / name;
        files.emplace_back(fs::last_write_time(file, gone), file);
    }
    std::ranges::sort(files);
    for (std::size_t i = 0; i < files.size() - max_subjects * 9 / 10; ++i) {
        std::error_code gone;
        fs::remove(files[i].second, gone);
    }
}

std::vector<KnownLimit> LimitLedger::known() const {
    std::vector<KnownLimit> limits;
    const auto now = clock_.now();
    for (const auto& name : file_names_in(state_.limits())) {
        const auto text = read_file(state_.limits() / name, max_ledger_file);
        if (!text) continue;
        auto limit = KnownLimit::from_json(base::bytes_of(*text));
        if (limit && (limit->until > now || limit->proofs_until > now))
            limits.push_back(std::move(*limit));
    }
    return limits;
}

}  // namespace cairn::client
