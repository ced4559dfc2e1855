#include "apps/ca/metric_family.h"

#include <utility>

namespace cairn::apps {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

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

namespace {

/// What the family shows of its series. `is_used` tells whether one ever counted something.
template <class Series, class IsUsed>
std::vector<MetricFamily> collected(MetricFamily family, const FamilyShape& shape,
                                    const std::deque<Series>& series, Shown shown, IsUsed is_used) {
    for (std::size_t i = 0; i < series.size(); ++i) {
        auto metric = series[i].Collect();
        if (shown == Shown::used && !is_used(metric)) continue;
        metric.label = shape.labels_of(i);
        family.metric.push_back(std::move(metric));
    }
    return {std::move(family)};
}

}  // namespace

CounterSeries::CounterSeries(FamilyShape shape, Shown shown)
    : shape_(std::move(shape)), shown_(shown), series_(shape_.size()) {}

std::vector<MetricFamily> CounterSeries::Collect() const {
    return collected(shape_.family(MetricType::Counter), shape_, series_, shown_,
                     [](const ClientMetric& metric) { return metric.counter.value != 0; });
}

GaugeSeries::GaugeSeries(FamilyShape shape) : shape_(std::move(shape)), series_(shape_.size()) {}

std::vector<MetricFamily> GaugeSeries::Collect() const {
    return collected(shape_.family(MetricType::Gauge), shape_, series_, Shown::all,
                     [](const ClientMetric&) { return true; });
}

HistogramSeries::HistogramSeries(FamilyShape shape, const std::vector<double>& bounds, Shown shown)
    : shape_(std::move(shape)), shown_(shown) {
    for (std::size_t i = 0; i < shape_.size(); ++i) series_.emplace_back(bounds);
}

std::vector<MetricFamily> HistogramSeries::Collect() const {
    return collected(shape_.family(MetricType::Histogram), shape_, series_, shown_,
                     [](const ClientMetric& metric) { return metric.histogram.sample_count != 0; });
}

std::vector<double> HistogramSeries::latency_bounds() {
    return {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
            0.05,   0.1,     0.25,   0.5,   1,      2.5,   5,    10};
}

}  // namespace cairn::apps
