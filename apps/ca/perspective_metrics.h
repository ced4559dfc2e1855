#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "apps/ca/metric_family.h"
#include "ca/ports/observer.h"

namespace cairn::apps {

/// What remote perspectives say.
inline constexpr LabelWords<ca::Observer::Vote> vote_words({
    {ca::Observer::Vote::agreed, "agreed"},
    {ca::Observer::Vote::differed, "differed"},
    {ca::Observer::Vote::silent, "silent"},
});

/// Counts what remote perspectives say. They are those of the configuration, which can change, so
/// their series are made when they are first heard. Thread-safe; after that without a lock.
class PerspectiveMetrics final : public prometheus::Collectable {
  public:
    void observe(std::string_view perspective, ca::Observer::Vote vote,
                 std::chrono::steady_clock::duration duration);
    [[nodiscard]] std::vector<prometheus::MetricFamily> Collect() const override;

    /// Perspectives beyond so many, in the life of a process, are counted together as "other".
    static constexpr std::size_t most_perspectives = 64;

  private:
    struct Perspective {
        explicit Perspective(std::string perspective_name);
        std::string name;
        HistogramFamily<ca::Observer::Vote> seconds;
    };
    [[nodiscard]] Perspective* find(std::string_view name) const;
    [[nodiscard]] Perspective& add(std::string_view name);

    /// The first `count_` do not change any more.
    std::array<std::unique_ptr<Perspective>, most_perspectives + 1> perspectives_;
    std::atomic<std::size_t> count_ = 0;
    std::mutex adding_;
};

}  // namespace cairn::apps
