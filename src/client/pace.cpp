#include "client/pace.h"

#include <algorithm>

#include <fmt/format.h>

namespace cairn::client {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr milliseconds first_pause = 100ms;
constexpr milliseconds longest_pause = 3s;
constexpr milliseconds wait_without_a_word = 5s;

}  // namespace

Pace::Pace(Timer& timer, const Session& session, const Aim& aim, milliseconds patience)
    : timer_(timer),
      session_(session),
      began_(timer.now()),
      deadline_(began_ + patience),
      aim_(aim),
      next_("run the command again later; what the CA has validated it remembers.") {}

Timer::TimePoint Pace::next_question(const std::optional<base::Seconds>& asked_for) {
    const auto pause = asked_for ? std::max<milliseconds>(*asked_for, own_) : own_;
    own_ = std::clamp(own_ * 3 / 2, first_pause, longest_pause);
    if (timer_.now() + pause > deadline_)
        throw Failure(aim_, reason(asked_for), next_)
            .retrying_at(asked_for ? std::optional(session_.now() + *asked_for) : std::nullopt);
    return timer_.now() + pause;
}

void Pace::wait(const std::optional<base::Seconds>& asked_for) {
    const auto next = next_question(asked_for);
    if (const auto now = timer_.now(); next > now)
        timer_.wait(std::chrono::ceil<milliseconds>(next - now));
}

bool Pace::is_worth_a_word() const {
    return timer_.now() - began_ >= wait_without_a_word;
}

void Pace::end_by(const std::optional<base::Time>& expires) {
    if (!expires || *expires <= session_.now()) return;
    const auto end = timer_.now() + (*expires - session_.now());
    if (end >= deadline_) return;
    deadline_ = end;
    expires_ = expires;
}

std::string Pace::reason(const std::optional<base::Seconds>& asked_for) const {
    auto text = fmt::format("the CA has not finished within {} s", whole().count());
    if (expires_) text += fmt::format(", when it expires ({})", base::to_rfc3339(*expires_));
    if (asked_for) text += fmt::format(" and wants to be asked again in {} s", asked_for->count());
    if (!note_.empty()) text += "; " + note_;
    return text;
}

}  // namespace cairn::client
