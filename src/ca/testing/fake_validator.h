#pragma once
// Private to the tests of ca and api: a validator that finds what the test says.

#include <exception>
#include <functional>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "ca/ports/validator.h"
#include "ca/testing/gate.h"

namespace cairn::ca::testing {

/// Finds every proof until it is told otherwise. Thread-safe.
class FakeValidator final : public Validator {
  public:
    /// Each validation waits in it while it is closed.
    [[nodiscard]] Gate& gate() { return gate_; }
    /// What the validations from now on end with.
    void succeed() { set(found); }
    /// Success that may be relied on for so long.
    void be_reliable_for(base::Seconds time) {
        set([time] {
            Answer answer = found();
            answer.reliable_for = time;
            return answer;
        });
    }
    void fail(protocol::Problem problem, Failure::Outlook outlook = Failure::Outlook::final) {
        set([failure = Failure{std::move(problem), outlook}] {
            Answer answer = found();
            answer.evidence.front().problem = failure.problem;
            answer.failure = failure;
            return answer;
        });
    }
    template <class Error>
    void throw_each_time(Error error) {
        set([error]() -> Answer { throw error; });
    }
    /// What was asked so far.
    [[nodiscard]] std::vector<Question> questions() const {
        const std::scoped_lock lock(mutex_);
        return questions_;
    }

    base::Task<Answer> validate(Question question) override {
        auto find = note(std::move(question));
        co_await gate_.pass();
        co_return find();
    }

  private:
    using Find = std::function<Answer()>;

    static Answer found() {
        Evidence evidence{.perspective = "local", .begun = {}, .ended = {}};
        evidence.steps.emplace_back("found it");
        Answer answer;
        answer.evidence.push_back(std::move(evidence));
        return answer;
    }

    void set(Find find) {
        const std::scoped_lock lock(mutex_);
        find_ = std::move(find);
    }
    Find note(Question question) {
        const std::scoped_lock lock(mutex_);
        questions_.push_back(std::move(question));
        return find_;
    }

    Gate gate_;
    mutable std::mutex mutex_;
    std::vector<Question> questions_;
    Find find_ = found;
};

}  // namespace cairn::ca::testing
