#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>

namespace cairn::apps {

/// A label of a family and all the values that it can have: a closed set.
struct Label {
    std::string name;
    std::vector<std::string> values;
};

/// Which series of a family are shown: all, zeros too, or those that ever counted something. All
/// is better for alerts (a rise from nothing is seen), but large tables are mostly empty.
enum class Shown { all, used };

/// Name, help and labels of a family; a series is found by the indices of its labels' values.
class FamilyShape {
  public:
    FamilyShape(std::string name, std::string help, std::vector<Label> labels);

    [[nodiscard]] std::size_t size() const { return size_; }
    /// Throws std::out_of_range if a value is none of its label's.
    [[nodiscard]] std::size_t index(std::initializer_list<std::size_t> values) const;
    /// The family without its series.
    [[nodiscard]] prometheus::MetricFamily family(prometheus::MetricType type) const;
    [[nodiscard]] std::vector<prometheus::ClientMetric::Label> labels_of(std::size_t index) const;

  private:
    std::string name_, help_;
    std::vector<Label> labels_;
    std::size_t size_ = 1;
};

// The families of prometheus-cpp look a series up under a lock, and their histograms lock again for
// each observation. These have all their series from the beginning and count with one or two
// relaxed atomic additions. Thread-safe.

/// Counters that only grow.
class CounterFamily final : public prometheus::Collectable {
  public:
    CounterFamily(std::string name, std::string help, std::vector<Label> labels = {},
                  Shown shown = Shown::all);
    void add(std::initializer_list<std::size_t> values = {}, std::uint64_t count = 1) {
        cells_[shape_.index(values)].fetch_add(count, std::memory_order_relaxed);
    }
    [[nodiscard]] std::vector<prometheus::MetricFamily> Collect() const override;

  private:
    FamilyShape shape_;
    Shown shown_;
    std::vector<std::atomic<std::uint64_t>> cells_;
};

/// Whole numbers that rise and fall.
class GaugeFamily final : public prometheus::Collectable {
  public:
    GaugeFamily(std::string name, std::string help, std::vector<Label> labels = {});
    void add(std::initializer_list<std::size_t> values, std::int64_t change) {
        cells_[shape_.index(values)].fetch_add(change, std::memory_order_relaxed);
    }
    [[nodiscard]] std::vector<prometheus::MetricFamily> Collect() const override;

  private:
    FamilyShape shape_;
    std::vector<std::atomic<std::int64_t>> cells_;
};

/// Histograms with the same bounds.
class HistogramFamily final : public prometheus::Collectable {
  public:
    /// `bounds`: the upper ends of the buckets, rising, the last one without an end left out.
    HistogramFamily(std::string name, std::string help, std::vector<double> bounds,
                    std::vector<Label> labels = {}, Shown shown = Shown::used);
    /// Observes a duration, in seconds.
    void observe(std::initializer_list<std::size_t> values,
                 std::chrono::steady_clock::duration duration);
    /// Observes a whole number.
    void observe(std::initializer_list<std::size_t> values, std::size_t number);
    [[nodiscard]] std::vector<prometheus::MetricFamily> Collect() const override;

    /// From 0.1 milliseconds to 10 seconds.
    [[nodiscard]] static std::vector<double> latency_bounds();

  private:
    void count(std::size_t series, double value, std::uint64_t billionths);

    FamilyShape shape_;
    Shown shown_;
    std::vector<double> bounds_;
    /// For each series: the buckets, the one without an end, and the sum in billionths.
    std::vector<std::atomic<std::uint64_t>> cells_;
    std::size_t stride_;
};

}  // namespace cairn::apps
