#include "client/renewal_rounds.h"

#include <algorithm>

namespace cairn::client {
namespace {

using namespace std::chrono_literals;

constexpr base::Seconds first_pause = 5min;
constexpr base::Seconds longest_backoff = 6h;
/// A CA that asks to wait for longer is asked again after so long.
constexpr base::Seconds longest_wait = std::chrono::days{1};
constexpr base::Seconds pause_after_renewal = 10min;
/// After this time a lineage is looked at again of which the calendar knows nothing: it was changed
/// only just now, or works on it were under way.
constexpr base::Seconds pause_of_unknown = 1min;
constexpr unsigned max_doublings = 10;

}  // namespace

bool RenewalRounds::is_over(const Pause& pause, base::Time now) const {
    // One that lies further ahead was begun before the clock went back.
    return pause.until <= now || pause.until > now + longest_wait * 2;
}

base::Seconds RenewalRounds::jittered(base::Seconds pause) {
    return pause + pause / 4 * random_.octets(1).front() / 255;
}

std::vector<LineageName> RenewalRounds::to_look_at(const std::vector<LineageName>& all,
                                                   base::Time now) {
    std::erase_if(pauses_, [&](const auto& waiting) {
        return !std::ranges::binary_search(all, waiting.first);
    });
    std::vector<LineageName> chosen;
    for (const auto& lineage : all) {
        const auto waiting = pauses_.find(lineage);
        if (waiting == pauses_.end() || is_over(waiting->second, now)) chosen.push_back(lineage);
    }
    return chosen;
}

void RenewalRounds::note(const std::vector<RenewalOutcome>& outcomes, base::Time now) {
    using Kind = RenewalOutcome::Kind;
    for (std::size_t i = 0; i < outcomes.size();) {
        const auto& lineage = outcomes[i].lineage;
        bool is_renewed = false;
        const RenewalOutcome* failed = nullptr;
        for (; i < outcomes.size() && outcomes[i].lineage == lineage; ++i) {
            is_renewed = is_renewed || outcomes[i].kind == Kind::renewed;
            if (outcomes[i].kind == Kind::failed) failed = &outcomes[i];
        }
        if (failed == nullptr) {
            pauses_.erase(lineage);
            if (is_renewed) pauses_[lineage] = {.failures = 0, .until = now + pause_after_renewal};
            continue;
        }
        auto& pause = pauses_[lineage];
        const auto doublings = std::min(pause.failures++, max_doublings);
        pause.until = now + jittered(std::min(first_pause * (1 << doublings), longest_backoff));
        if (const auto asked = failed->failure->retry_at())
            pause.until = std::max(pause.until, std::min(*asked, now + longest_wait));
    }
}

base::Time RenewalRounds::next_round(const std::vector<LineageName>& all,
                                     const RenewalCalendar& calendar, base::Time now) const {
    auto next = now + longest_pause;
    for (const auto& lineage : all) {
        const auto waiting = pauses_.find(lineage);
        if (waiting != pauses_.end() && !is_over(waiting->second, now))
            next = std::min(next, waiting->second.until);
        else
            next = std::min(next, calendar.next_action(lineage).value_or(now + pause_of_unknown));
    }
    return std::max(next, now + 1s);
}

void RenewalRounds::forget_failures() {
    std::erase_if(pauses_, [](const auto& waiting) { return waiting.second.failures > 0; });
}

void RenewalRounds::forget_failures(const LineageName& lineage) {
    if (const auto waiting = pauses_.find(lineage);
        waiting != pauses_.end() && waiting->second.failures > 0)
        pauses_.erase(waiting);
}

std::size_t RenewalRounds::failures() const {
    return static_cast<std::size_t>(std::ranges::count_if(
        pauses_, [](const auto& waiting) { return waiting.second.failures > 0; }));
}

}  // namespace cairn::client
