#pragma once
// Private to the .cpp files of store: tasks that wait for a thread of the store go on.

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

#include <boost/asio/post.hpp>

namespace cairn::store {

/// Lets calls of one executor go on, one after the other. A `Call` has an `executor` and `go_on()`,
/// which is called there, once.
template <class Call>
class Resumption {
  public:
    explicit Resumption(std::vector<Call> calls) : calls_(std::move(calls)) {}
    Resumption(Resumption&&) noexcept = default;
    Resumption(const Resumption&) = delete;
    Resumption& operator=(const Resumption&) = delete;
    // What is left when one of them throws goes on by itself.
    ~Resumption() {
        if (!is_running_ || next_ == calls_.size()) return;
        calls_.erase(calls_.begin(), calls_.begin() + static_cast<std::ptrdiff_t>(next_));
        const auto executor = calls_.front().executor;
        boost::asio::post(executor, Resumption(std::move(calls_)));
    }

    [[nodiscard]] const auto& executor() const { return calls_.front().executor; }
    void add(Call call) { calls_.push_back(std::move(call)); }
    void operator()() {
        is_running_ = true;
        while (next_ < calls_.size()) {
            auto call = std::move(calls_[next_++]);
            call.go_on();
        }
    }

  private:
    std::vector<Call> calls_;
    std::size_t next_ = 0;
    bool is_running_ = false;
};

/// Lets calls go on, each on its executor. Waking a thread costs more than resuming a task, so each
/// executor is told once.
template <class Call>
void resume_all(std::vector<Call> batch) {
    /// Executors among which that of a call is looked for; there are as many as event loops.
    constexpr std::ptrdiff_t most_compared = 64;
    std::vector<Resumption<Call>> resumptions;
    for (auto& call : batch) {
        const auto first = std::ssize(resumptions) > most_compared
                               ? resumptions.end() - most_compared
                               : resumptions.begin();
        const auto same = std::find_if(first, resumptions.end(), [&](const auto& resumption) {
            return resumption.executor() == call.executor;
        });
        if (same != resumptions.end()) {
            same->add(std::move(call));
        } else {
            std::vector<Call> calls;
            calls.push_back(std::move(call));
            resumptions.emplace_back(std::move(calls));
        }
    }
    for (auto& resumption : resumptions) {
        const auto executor = resumption.executor();
        boost::asio::post(executor, std::move(resumption));
    }
}

}  // namespace cairn::store
