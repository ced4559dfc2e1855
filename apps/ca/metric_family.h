#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <prometheus/collectable.h>
#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/metric_family.h>

#include "base/enum_table.h"

namespace cairn::apps {

/// A label of a family and all the values that it can have: a closed set.
struct Label {
    std::string name;
    std::vector<std::string> values;
};

/// The words of a label's values, one for each enumerator.
template <class Enum>
using LabelWords = base::EnumTable<Enum, std::string_view>;

/// A label that a value of the type `Value` chooses: an enumeration, with a word for each
/// enumerator.
template <class Value>
class LabelOf {
  public:
    LabelOf(std::string name, const LabelWords<Value>& words) : label_{std::move(name), {}} {
        for (const std::string_view word : words.values()) label_.values.emplace_back(word);
    }
    /// The words are those of `to_string`.
    explicit LabelOf(std::string name)
        requires requires(Value value) {
            { to_string(value) } -> std::convertible_to<std::string_view>;
        }
        : label_{std::move(name), {}} {
        for (const Value value : base::enumerators<Value>)
            label_.values.emplace_back(to_string(value));
    }

    /// How many values there are.
    static constexpr std::size_t count = base::enumerators<Value>.size();
    /// The place of a value among them.
    [[nodiscard]] static constexpr std::size_t place(Value value) {
        return base::position_of(value);
    }
    [[nodiscard]] const Label& label() const { return label_; }

  private:
    Label label_;
};

/// A label that says what there is, or with a word of its own that there is nothing.
template <class Value>
class LabelOf<std::optional<Value>> {
  public:
    LabelOf(std::string name, std::string nothing)
        : label_(LabelOf<Value>(std::move(name)).label()) {
        label_.values.insert(label_.values.begin(), std::move(nothing));
    }
    static constexpr std::size_t count = 1 + LabelOf<Value>::count;
    [[nodiscard]] static constexpr std::size_t place(std::optional<Value> value) {
        return value ? 1 + LabelOf<Value>::place(*value) : 0;
    }
    [[nodiscard]] const Label& label() const { return label_; }

  private:
    Label label_;
};

/// A number of which some values are known; the others are counted together.
template <int... known>
struct KnownNumber {
    int number;
};

/// A label whose words are the known numbers and "other".
template <int... known>
class LabelOf<KnownNumber<known...>> {
  public:
    explicit LabelOf(std::string name)
        : label_{std::move(name), {std::to_string(known)..., "other"}} {}
    static constexpr std::size_t count = sizeof...(known) + 1;
    [[nodiscard]] static constexpr std::size_t place(KnownNumber<known...> value) {
        constexpr std::array numbers{known...};
        return static_cast<std::size_t>(std::ranges::find(numbers, value.number) - numbers.begin());
    }
    [[nodiscard]] const Label& label() const { return label_; }

  private:
    Label label_;
};

/// Which series of a family are shown: all, zeros too, or those that ever counted something. All
/// is better for alerts (a rise from nothing is seen), but large tables are mostly empty.
enum class Shown { all, used };

/// What Prometheus shows of a family besides its series.
struct FamilyText {
    std::string name;
    std::string help;
    /// Labels that all its series have in common.
    std::vector<prometheus::ClientMetric::Label> common_labels = {};
};

/// Text and labels of a family. There is a series for each combination of the labels' values.
class FamilyShape {
  public:
    FamilyShape(FamilyText text, std::vector<Label> labels);

    /// How many series there are.
    [[nodiscard]] std::size_t size() const { return size_; }
    /// The family without its series.
    [[nodiscard]] prometheus::MetricFamily family(prometheus::MetricType type) const;
    /// The labels of one series, the common ones first.
    [[nodiscard]] std::vector<prometheus::ClientMetric::Label> labels_of(std::size_t series) const;

  private:
    FamilyText text_;
    std::vector<Label> labels_;
    std::size_t size_ = 1;
};

/// The number of the series that these labels' values choose.
template <class... Values>
[[nodiscard]] constexpr std::size_t series_of(const Values&... values) {
    std::size_t series = 0;
    ((series = series * LabelOf<Values>::count + LabelOf<Values>::place(values)), ...);
    return series;
}

// A family has all its series from the beginning, so that nothing is looked up by words when
// something is counted. It is a type of its labels' values, so that a value of another label, or
// none, does not compile. Thread-safe.

/// The series of a family of counters.
class CounterSeries : public prometheus::Collectable {
  public:
    [[nodiscard]] std::vector<prometheus::MetricFamily> Collect() const override;

  protected:
    CounterSeries(FamilyShape shape, Shown shown);
    /// Throws std::out_of_range if there is no such series.
    void add_to(std::size_t series) { series_.at(series).Increment(); }

  private:
    FamilyShape shape_;
    Shown shown_;
    std::deque<prometheus::Counter> series_;
};

/// Counters that only grow.
template <class... Values>
class CounterFamily final : public CounterSeries {
  public:
    explicit CounterFamily(FamilyText text, const LabelOf<Values>&... labels)
        : CounterFamily(std::move(text), Shown::all, labels...) {}
    CounterFamily(FamilyText text, Shown shown, const LabelOf<Values>&... labels)
        : CounterSeries(FamilyShape(std::move(text), {labels.label()...}), shown) {}
    /// Counts one more.
    void add(Values... values) { add_to(series_of(values...)); }
};

/// The series of a family of gauges.
class GaugeSeries : public prometheus::Collectable {
  public:
    [[nodiscard]] std::vector<prometheus::MetricFamily> Collect() const override;

  protected:
    explicit GaugeSeries(FamilyShape shape);
    /// Throws std::out_of_range if there is no such series.
    void add_to(std::size_t series, std::int64_t change) {
        series_.at(series).Increment(static_cast<double>(change));
    }

  private:
    FamilyShape shape_;
    std::deque<prometheus::Gauge> series_;
};

/// Whole numbers that rise and fall.
template <class... Values>
class GaugeFamily final : public GaugeSeries {
  public:
    explicit GaugeFamily(FamilyText text, const LabelOf<Values>&... labels)
        : GaugeSeries(FamilyShape(std::move(text), {labels.label()...})) {}
    /// `change` may be negative.
    void add(std::int64_t change, Values... values) { add_to(series_of(values...), change); }
};

/// The series of a family of histograms.
class HistogramSeries : public prometheus::Collectable {
  public:
    [[nodiscard]] std::vector<prometheus::MetricFamily> Collect() const override;

    /// From 0.1 milliseconds to 10 seconds.
    [[nodiscard]] static std::vector<double> latency_bounds();

  protected:
    HistogramSeries(FamilyShape shape, const std::vector<double>& bounds, Shown shown);
    /// Throws std::out_of_range if there is no such series.
    void observe_in(std::size_t series, double value) { series_.at(series).Observe(value); }

  private:
    FamilyShape shape_;
    Shown shown_;
    std::deque<prometheus::Histogram> series_;
};

/// Histograms with the same bounds.
template <class... Values>
class HistogramFamily final : public HistogramSeries {
  public:
    /// `bounds`: the upper ends of the buckets, rising, the last one without an end left out.
    HistogramFamily(FamilyText text, const std::vector<double>& bounds, Shown shown,
                    const LabelOf<Values>&... labels)
        : HistogramSeries(FamilyShape(std::move(text), {labels.label()...}), bounds, shown) {}
    /// Observes a duration, in seconds; a negative one counts as none.
    void observe(std::chrono::steady_clock::duration duration, Values... values) {
        const std::chrono::duration<double> seconds = duration;
        observe_in(series_of(values...), std::max(0.0, seconds.count()));
    }
    /// Observes a whole number.
    void observe(std::size_t number, Values... values) {
        observe_in(series_of(values...), static_cast<double>(number));
    }
};

}  // namespace cairn::apps
