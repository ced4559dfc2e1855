#include "client/presentations.h"

#include <algorithm>
#include <utility>

#include "client/answer_place.h"
#include "client/side_by_side.h"

namespace cairn::client {

Presentations::Presentations(const ChallengeJournal& journal, Progress& progress,
                             std::vector<PresentedChallenge> all)
    : journal_(journal), progress_(progress), all_(std::move(all)), is_begun_(all_.size()) {
    for (std::size_t i = 0; i < all_.size(); ++i) {
        const auto* solver = all_[i].solver;
        // A person is asked for one thing after the other.
        const bool is_attended = solver->attendance() != Attendance::none;
        const auto turn = std::ranges::find_if(turns_, [&](const auto& numbers) {
            return is_attended && all_[numbers.front()].solver == solver;
        });
        if (turn == turns_.end())
            turns_.push_back({i});
        else
            turn->push_back(i);
    }
}

Presentations::~Presentations() {
    try {
        for_each([this](std::size_t i) { take_down(i); });
    } catch (const std::exception&) {
        // There is no thread to be had. What is down already is not minded.
        for (std::size_t i = 0; i < all_.size(); ++i) take_down(i);
    }
}

void Presentations::put_up() {
    for_each([this](std::size_t i) {
        const auto& each = all_[i];
        {
            const std::scoped_lock lock(journal_mutex_);
            journal_.record(each.challenge, *each.solver);
        }
        // Before it presents: what it has half done is taken down too.
        is_begun_[i] = true;
        each.solver->present(each.challenge);
    });
    for_each([this](std::size_t i) {
        const auto& challenge = all_[i].challenge;
        all_[i].solver->wait(challenge);
        auto answer = answer_place_of(challenge);
        progress_.tell({.kind = ProgressKind::answer_is_up,
                        .identifiers = {challenge.identifier},
                        .challenge = challenge.type,
                        .place = std::move(answer.place),
                        .text = std::move(answer.expected)});
    });
}

void Presentations::for_each(const std::function<void(std::size_t)>& work) {
    side_by_side(turns_.size(), max_names_at_a_time, [&](std::size_t turn) {
        for (const auto i : turns_[turn]) {
            try {
                work(i);
            } catch (const Failure& failure) {
                throw failure.in(Phase::challenge).about(all_[i].challenge.identifier);
            }
        }
    });
}

void Presentations::take_down(std::size_t number) noexcept {
    if (!is_begun_[number]) return;
    const auto& presented = all_[number];
    const auto tell = [&](const Failure& failure) {
        progress_.tell({.kind = ProgressKind::answer_left_up,
                        .identifiers = {presented.challenge.identifier},
                        .failure = failure});
    };
    try {
        presented.solver->clean_up(presented.challenge);
        const std::scoped_lock lock(journal_mutex_);
        journal_.erase(presented.challenge);
    } catch (const Failure& failure) {
        // The record stays, so a later run tries again.
        tell(failure);
    } catch (const std::exception& fault) {
        tell({"take it down", fault.what()});
    }
}

}  // namespace cairn::client
