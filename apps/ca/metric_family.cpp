#include "apps/ca/metric_family.h"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <utility>

namespace cairn::apps {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

namespace {

constexpr std::uint64_t billion = 1'000'000'000;

}  // namespace

FamilyShape::FamilyShape(FamilyText text, std::vector<Label> labels)
    : text_(std::move(text)), labels_(std::move(labels)) {
    for (const auto& label : labels_) size_ *= label.values.size();
}

MetricFamily FamilyShape::family(MetricType type) const {
    MetricFamily family;
    family.name = text_.name;
    family.help = text_.help;
    family.type = type;
    return family;
}

std::vector<ClientMetric::Label> FamilyShape::labels_of(std::size_t series) const {
    std::vector<ClientMetric::Label> result = text_.common_labels;
    const auto common = result.size();
    result.resize(common + labels_.size());
    for (std::size_t i = labels_.size(); i-- > 0;) {
        const auto& label = labels_[i];
        result[common + i].name = label.name;
        result[common + i].value = label.values[series % label.values.size()];
        series /= label.values.size();
    }
    return result;
}

CounterSeries::CounterSeries(FamilyShape shape, Shown shown)
    : shape_(std::move(shape)), shown_(shown), cells_(shape_.size()) {}

std::vector<MetricFamily> CounterSeries::Collect() const {
    auto family = shape_.family(MetricType::Counter);
    for (std::size_t i = 0; i < cells_.size(); ++i) {
        const auto value = cells_[i].load(std::memory_order_relaxed);
        if (value == 0 && shown_ == Shown::used) continue;
        auto& metric = family.metric.emplace_back();
        metric.label = shape_.labels_of(i);
        metric.counter.value = static_cast<double>(value);
    }
    return {std::move(family)};
}

GaugeSeries::GaugeSeries(FamilyShape shape) : shape_(std::move(shape)), cells_(shape_.size()) {}

std::vector<MetricFamily> GaugeSeries::Collect() const {
    auto family = shape_.family(MetricType::Gauge);
    for (std::size_t i = 0; i < cells_.size(); ++i) {
        auto& metric = family.metric.emplace_back();
        metric.label = shape_.labels_of(i);
        metric.gauge.value = static_cast<double>(cells_[i].load(std::memory_order_relaxed));
    }
    return {std::move(family)};
}

HistogramSeries::HistogramSeries(FamilyShape shape, std::vector<double> bounds, Shown shown)
    : shape_(std::move(shape)),
      shown_(shown),
      bounds_(std::move(bounds)),
      cells_(shape_.size() * (bounds_.size() + 2)),
      stride_(bounds_.size() + 2) {}

void HistogramSeries::observe_in(std::size_t series, std::chrono::steady_clock::duration duration) {
    const auto nanoseconds = std::max<std::int64_t>(
        0, std::chrono::duration_cast<std::chrono::nanoseconds>(duration).count());
    count(series, static_cast<double>(nanoseconds) / static_cast<double>(billion),
          static_cast<std::uint64_t>(nanoseconds));
}

void HistogramSeries::observe_in(std::size_t series, std::size_t number) {
    count(series, static_cast<double>(number), number * billion);
}

void HistogramSeries::count(std::size_t series, double value, std::uint64_t billionths) {
    const auto bucket =
        static_cast<std::size_t>(std::ranges::lower_bound(bounds_, value) - bounds_.begin());
    auto* cells = &cells_.at(series * stride_);
    cells[bucket].fetch_add(1, std::memory_order_relaxed);
    cells[stride_ - 1].fetch_add(billionths, std::memory_order_relaxed);
}

std::vector<MetricFamily> HistogramSeries::Collect() const {
    auto family = shape_.family(MetricType::Histogram);
    for (std::size_t series = 0; series < shape_.size(); ++series) {
        const auto* cells = &cells_[series * stride_];
        ClientMetric metric;
        std::uint64_t total = 0;
        for (std::size_t i = 0; i + 1 < stride_; ++i) {
            total += cells[i].load(std::memory_order_relaxed);
            ClientMetric::Bucket bucket;
            bucket.cumulative_count = total;
            bucket.upper_bound =
                i < bounds_.size() ? bounds_[i] : std::numeric_limits<double>::infinity();
            metric.histogram.bucket.push_back(bucket);
        }
        if (total == 0 && shown_ == Shown::used) continue;
        metric.label = shape_.labels_of(series);
        metric.histogram.sample_count = total;
        metric.histogram.sample_sum =
            static_cast<double>(cells[stride_ - 1].load(std::memory_order_relaxed)) /
            static_cast<double>(billion);
        family.metric.push_back(std::move(metric));
    }
    return {std::move(family)};
}

std::vector<double> HistogramSeries::latency_bounds() {
    return {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
            0.05,   0.1,     0.25,   0.5,   1,      2.5,   5,    10};
}

}  // namespace cairn::apps
