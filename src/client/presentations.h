#pragma once

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

#include "client/challenge_journal.h"
#include "client/progress.h"
#include "client/solver.h"

namespace cairn::client {

/// How many names of an order are worked on at a time.
inline constexpr std::size_t max_names_at_a_time = 8;

/// The challenge of an authorization that was chosen, and its answer.
struct PresentedChallenge {
    std::string authorization_url;
    std::string challenge_url;
    Challenge challenge;
    Solver* solver = nullptr;
    /// The CA has been told already.
    bool is_answered = false;
};

/// The answers to the challenges of one order, from before they are put up until they are taken
/// down again, which is when this goes. Works on several side by side.
class Presentations {
  public:
    Presentations(const ChallengeJournal& journal, Progress& progress,
                  std::vector<PresentedChallenge> all);
    /// Takes down what is up. What cannot be taken down is told, and stays in the journal.
    ~Presentations();
    Presentations(const Presentations&) = delete;
    Presentations& operator=(const Presentations&) = delete;

    /// Returns when the CA can see all answers. Throws Failure.
    void put_up();
    [[nodiscard]] const std::vector<PresentedChallenge>& all() const { return all_; }

  private:
    void for_each(const std::function<void(std::size_t)>& work);
    void take_down(std::size_t number) noexcept;

    const ChallengeJournal& journal_;
    Progress& progress_;
    /// Two challenges with one token share a record.
    std::mutex journal_mutex_;
    const std::vector<PresentedChallenge> all_;
    /// Of which something may be up; each is set by the thread that works on it.
    std::vector<std::atomic<bool>> is_begun_;
    /// Numbers in `all_`; those of one turn are worked on one after the other.
    std::vector<std::vector<std::size_t>> turns_;
};

}  // namespace cairn::client
