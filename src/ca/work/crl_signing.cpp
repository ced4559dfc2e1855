#include "ca/work/crl_signing.h"

#include <algorithm>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include "ca/ports/repository.h"
#include "ca/rules/crl_reason.h"
#include "pki/crl_lint.h"

namespace cairn::ca {

namespace {

constexpr std::size_t page = 1000;
/// So many revocations lead to new lists at once at most; the others follow.
constexpr std::size_t most_unlisted = 100 * page;
constexpr std::size_t keys_at_once = 100;
constexpr std::chrono::seconds pause_after_failure{60};
/// A list that begins further ahead was signed by a wrong clock.
constexpr base::Seconds tolerated_skew{60};
/// Numbers rise with time, so that a store that was put back to an earlier day goes on above
/// what it has forgotten.
constexpr std::uint64_t numbers_per_second = 1000;

// A task that is cancelled before it has begun ends the program.
auto uncancelled() {
    return boost::asio::bind_cancellation_slot(boost::asio::cancellation_slot(),
                                               boost::asio::use_awaitable);
}

// Fields and entries live in the caller, which waits.
base::Task<std::optional<Draft>> draw_up(const Issuer& issuer, const pki::CrlFields& fields) {
    co_return issuer.draft(fields);
}

}  // namespace

CrlSigning::CrlSigning(CrlTimes times, const Issuers& issuers, CrlStore& store,
                       const base::Clock& clock, base::Executor slow,
                       base::Announcements& announcements, base::Log& log, Observer& observer)
    : times_(times),
      issuers_(issuers),
      store_(store),
      clock_(clock),
      slow_(std::move(slow)),
      announcements_(announcements),
      log_(log),
      observer_(observer) {}

base::Task<void> CrlSigning::sign_due(GoesOn goes_on) {
    const bool is_unfolded = co_await unfold_keys(goes_on);
    if (!is_unfolded) co_return;
    const auto states = co_await store_.crl_states();
    for (const auto& issuer : issuers_.all()) {
        if (!issuer.is_valid(clock_.now()) || !issuer.certificate().subject_key_id() ||
            !pki::may_sign_crls(issuer.certificate()))
            continue;
        if (SteadyClock::now() < next_looks_[issuer.id()]) continue;
        const bool is_ours = co_await sign_due_of(issuer, states, goes_on);
        if (!is_ours) co_return;
    }
}

base::Task<bool> CrlSigning::unfold_keys(const GoesOn& goes_on) {
    std::optional<crypto::Sha256Digest> position;
    for (;;) {
        const auto step = co_await store_.unfold_compromised_keys(position, keys_at_once, page);
        if (!step.next) co_return true;
        position = step.next;
        const bool is_ours = co_await goes_on();
        if (!is_ours) co_return false;
    }
}

base::Task<CrlSigning::Unlisted> CrlSigning::unlisted_of(const Issuer& issuer) {
    Unlisted all;
    for (;;) {
        std::optional<pki::SerialNumber> after;
        if (!all.empty()) after = all.back().serial;
        auto found = co_await store_.unlisted_revocations(issuer.id(), after, page);
        const bool is_last = found.size() < page;
        std::ranges::move(found, std::back_inserter(all));
        if (is_last || all.size() >= most_unlisted) co_return all;
    }
}

base::Task<bool> CrlSigning::sign_due_of(const Issuer& issuer, const std::vector<CrlState>& states,
                                         const GoesOn& goes_on) {
    const auto begun = SteadyClock::now();
    auto unlisted = co_await unlisted_of(issuer);
    bool has_signed = false, has_failed = false;
    for (const auto& state : states) {
        if (state.list.issuer != issuer.id() || !is_due(state, unlisted)) continue;
        const bool is_ours = co_await goes_on();
        if (!is_ours) co_return false;
        const auto failure = co_await try_to_sign(issuer, state);
        observer_.crl_signed(failure ? Observer::Signature::failed : Observer::Signature::done);
        has_signed = true;
        if (!failure) continue;
        log_.error("a revocation list could not be signed",
                   {{"issuer", issuer.name()}, {"url", state.list.url}, {"reason", *failure}});
        has_failed = true;
        break;
    }
    auto& next_look = next_looks_[issuer.id()];
    if (has_failed) {
        next_look = SteadyClock::now() + pause_after_failure;
        co_return true;
    }
    co_await mark_listed(std::move(unlisted));
    if (has_signed)
        next_look = SteadyClock::now() + times_.share_of_rest * (SteadyClock::now() - begun);
    co_return true;
}

bool CrlSigning::is_due(const CrlState& state, const Unlisted& unlisted) const {
    if (!state.present) return true;
    const auto& present = *state.present;
    const auto now = clock_.now();
    if (state.wishes > present.wishes || now >= present.this_update + times_.reissue ||
        present.this_update > now + tolerated_skew)
        return true;
    if (state.list.is_complete()) return !unlisted.empty();
    return std::ranges::any_of(
        unlisted, [&](const UnlistedRevocation& each) { return each.shard == state.list.id; });
}

base::Task<std::optional<std::string>> CrlSigning::try_to_sign(const Issuer& issuer,
                                                               CrlState state) {
    try {
        co_await sign(issuer, std::move(state));
    } catch (const StoreFailure&) {
        throw;
    } catch (const boost::system::system_error&) {
        throw;  // the work is to end
    } catch (const std::exception& error) {
        // The signer is away or broken, or the lint refuses: the other issuers' lists do not wait.
        co_return error.what();
    }
    co_return std::nullopt;
}

base::Task<void> CrlSigning::sign(const Issuer& issuer, CrlState state) {
    const auto now = clock_.now();
    const auto& list = state.list;
    // What has ended is told once more, in a list that was not signed before its time (RFC 5280
    // section 3.3).
    auto ended_after = now - times_.lifetime;
    if (state.present) ended_after = std::min(ended_after, state.present->this_update);
    const auto entries = co_await entries_of(list, ended_after, now);

    pki::CrlFields fields{.number = 0,
                          .this_update = now,
                          .next_update = now + times_.lifetime,
                          .revoked = entries,
                          .distribution_point = list.url};
    const auto of_time =
        static_cast<std::uint64_t>(std::max<std::int64_t>(now.time_since_epoch().count(), 0)) *
        numbers_per_second;
    fields.number = std::max(of_time, state.present ? state.present->number + 1 : 1);
    auto draft = co_await boost::asio::co_spawn(boost::asio::make_strand(slow_),
                                                draw_up(issuer, fields), uncancelled());
    SignedCrl crl{.head = {.list = list.id,
                           .number = fields.number,
                           .this_update = fields.this_update,
                           .next_update = fields.next_update,
                           .entries = entries.size(),
                           .size = 0,
                           .wishes = state.wishes},
                  .der = {}};
    crl.der = co_await issuer.sign(*std::move(draft), observer_);
    crl.head.size = crl.der.size();
    const auto size = crl.der.size();
    const bool is_saved = co_await store_.save_crl(std::move(crl));
    if (!is_saved) co_return;  // another node has signed a later one
    announcements_.announce(crl_announcement);
    log_.info("revocation list signed", {{"issuer", issuer.name()},
                                         {"url", list.url},
                                         {"number", std::to_string(fields.number)},
                                         {"entries", std::to_string(entries.size())},
                                         {"octets", std::to_string(size)},
                                         {"next_update", base::to_rfc3339(fields.next_update)}});
}

base::Task<std::vector<pki::RevokedCertificate>> CrlSigning::entries_of(CrlList list,
                                                                        base::Time ended_after,
                                                                        base::Time this_update) {
    std::vector<pki::RevokedCertificate> entries;
    for (;;) {
        std::optional<pki::SerialNumber> after;
        if (!entries.empty()) after = entries.back().serial;
        auto found = co_await store_.revocations_of(list, ended_after, after, page);
        for (auto& [serial, revocation] : found)
            // The clock of the node that revoked it may be ahead.
            entries.push_back({.serial = std::move(serial),
                               .at = std::min(revocation.at, this_update),
                               .reason = crl_reason_of(revocation.reason)});
        if (found.size() < page) co_return entries;
    }
}

base::Task<void> CrlSigning::mark_listed(Unlisted unlisted) {
    while (!unlisted.empty()) {
        const auto count = std::min(page, unlisted.size());
        const auto begin = unlisted.end() - static_cast<std::ptrdiff_t>(count);
        Unlisted step(std::make_move_iterator(begin), std::make_move_iterator(unlisted.end()));
        unlisted.erase(begin, unlisted.end());
        co_await store_.mark_listed(std::move(step));
    }
}

}  // namespace cairn::ca
