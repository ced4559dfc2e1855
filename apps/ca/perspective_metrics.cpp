#include "apps/ca/perspective_metrics.h"

#include <algorithm>
#include <iterator>

namespace cairn::apps {

PerspectiveMetrics::Perspective::Perspective(std::string perspective_name)
    : name(std::move(perspective_name)),
      seconds({"cairn_perspective_seconds",
               "Time until a remote perspective had answered, or had not.",
               {{"perspective", name}}},
              HistogramSeries::latency_bounds(), Shown::all, {"vote", vote_words}) {}

void PerspectiveMetrics::observe(std::string_view perspective, ca::Observer::Vote vote,
                                 std::chrono::steady_clock::duration duration) {
    auto* known = find(perspective);
    if (known == nullptr) known = &add(perspective);
    known->seconds.observe(duration, vote);
}

PerspectiveMetrics::Perspective* PerspectiveMetrics::find(std::string_view name) const {
    const auto count = count_.load(std::memory_order_acquire);
    for (std::size_t i = 0; i < count; ++i)
        if (perspectives_.at(i)->name == name) return perspectives_.at(i).get();
    return nullptr;
}

PerspectiveMetrics::Perspective& PerspectiveMetrics::add(std::string_view name) {
    const std::scoped_lock lock(adding_);
    if (auto* known = find(name)) return *known;
    const auto count = count_.load(std::memory_order_relaxed);
    if (count > most_perspectives) return *perspectives_.back();
    const bool is_full = count == most_perspectives;
    perspectives_.at(count) = std::make_unique<Perspective>(is_full ? "other" : std::string(name));
    count_.store(count + 1, std::memory_order_release);
    return *perspectives_.at(count);
}

std::vector<prometheus::MetricFamily> PerspectiveMetrics::Collect() const {
    const auto count = count_.load(std::memory_order_acquire);
    std::vector<prometheus::MetricFamily> families;
    for (std::size_t i = 0; i < count; ++i) {
        auto one = perspectives_.at(i)->seconds.Collect();
        if (families.empty())
            families = std::move(one);
        else
            std::ranges::move(one.front().metric, std::back_inserter(families.front().metric));
    }
    return families;
}

}  // namespace cairn::apps
