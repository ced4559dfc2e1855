#include "ca/work/fair_queue.h"

#include <utility>

namespace cairn::ca {

namespace {

/// An owner's share of what is left.
constexpr std::size_t share = 8;

std::size_t difference(std::size_t from, std::size_t less) {
    return from > less ? from - less : 0;
}

}  // namespace

bool FairQueue::may_run(const Owner& owner, const QueuedJob& job) const {
    const auto free = difference(places_, running_);
    const auto at_target = running_at_.find(job.target);
    const auto left = at_target == running_at_.end() ? free : difference(free, at_target->second);
    return owner.running * share < left;
}

template <class Change>
void FairQueue::change(Owners::iterator owner, Change make_change) {
    const auto turn = [&] { return Turn{owner->second.running, owner->second.turn, owner}; };
    if (!owner->second.line.empty()) turns_.erase(turn());
    make_change(owner->second);
    if (!owner->second.line.empty()) turns_.insert(turn());
}

void FairQueue::count_run(Owners::iterator owner, const QueuedJob& job) {
    ++running_;
    if (!job.target.empty()) ++running_at_[job.target];
    change(owner, [&](Owner& changed) {
        ++changed.running;
        changed.turn = ++turns_given_;
    });
}

void FairQueue::drop_if_idle(Owners::iterator owner) {
    if (owner->second.running == 0 && owner->second.waiting == 0) owners_.erase(owner);
}

FairQueue::Entry FairQueue::enter(QueuedJob& job) {
    const auto owner = owners_.try_emplace(job.owner, Owner{.turn = ++turns_given_}).first;
    if (owner->second.line.empty() && may_run(owner->second, job)) {
        count_run(owner, job);
        return Entry::runs;
    }
    const auto left = room();
    if (owner->second.waiting * share >= left) {
        const bool is_owners = owner->second.waiting > 0 && left > 0;
        drop_if_idle(owner);
        return is_owners ? Entry::owner_full : Entry::full;
    }
    ++waiting_;
    change(owner, [&](Owner& changed) {
        ++changed.waiting;
        changed.line.push_back(std::move(job));
    });
    return Entry::waits;
}

std::optional<QueuedJob> FairQueue::next() {
    const auto free = difference(places_, running_);
    for (const auto& turn : turns_) {
        const auto owner = turn.owner;
        // Owners behind this one have at least as many running.
        if (turn.running * share >= free) break;
        if (!may_run(owner->second, owner->second.line.front())) continue;
        std::optional<QueuedJob> job;
        change(owner, [&](Owner& changed) {
            job = std::move(changed.line.front());
            changed.line.pop_front();
            --changed.waiting;
        });
        --waiting_;
        count_run(owner, *job);
        return job;
    }
    return std::nullopt;
}

void FairQueue::end(const QueuedJob& job) {
    const auto owner = owners_.find(job.owner);
    --running_;
    if (const auto at_target = running_at_.find(job.target);
        at_target != running_at_.end() && --at_target->second == 0)
        running_at_.erase(at_target);
    change(owner, [](Owner& changed) { --changed.running; });
    drop_if_idle(owner);
}

void FairQueue::rest(const QueuedJob& job) {
    ++waiting_;
    ++owners_.find(job.owner)->second.waiting;
    end(job);
}

void FairQueue::resume(QueuedJob job) {
    const auto owner = owners_.find(job.owner);
    if (owner == owners_.end()) return;  // dropped meanwhile
    change(owner, [&](Owner& changed) { changed.line.push_back(std::move(job)); });
}

void FairQueue::clear() {
    waiting_ = 0;
    turns_.clear();
    for (auto owner = owners_.begin(); owner != owners_.end();) {
        owner->second.line.clear();
        owner->second.waiting = 0;
        owner = owner->second.running == 0 ? owners_.erase(owner) : std::next(owner);
    }
}

}  // namespace cairn::ca
