#include "apps/ca/metric_family.h"

#include <cmath>
#include <stdexcept>
#include <thread>

#include <gtest/gtest.h>

namespace cairn::apps {
namespace {

using namespace std::chrono_literals;

const std::vector<Label> two_labels{{"color", {"red", "green"}}, {"size", {"s", "m", "l"}}};

std::string labels_of(const prometheus::ClientMetric& metric) {
    std::string text;
    for (const auto& label : metric.label) text += label.name + "=" + label.value + " ";
    return text;
}

TEST(MetricFamilyTest, EachSeriesHasItsLabels) {
    CounterFamily counters("things_total", "Things.", two_labels);
    counters.add({1, 2}, 7);
    counters.add({0, 0});
    const auto family = counters.Collect().at(0);
    EXPECT_EQ(family.name, "things_total");
    EXPECT_EQ(family.type, prometheus::MetricType::Counter);
    ASSERT_EQ(family.metric.size(), 6U);
    EXPECT_EQ(labels_of(family.metric[0]), "color=red size=s ");
    EXPECT_EQ(family.metric[0].counter.value, 1);
    EXPECT_EQ(labels_of(family.metric[5]), "color=green size=l ");
    EXPECT_EQ(family.metric[5].counter.value, 7);
    EXPECT_EQ(family.metric[4].counter.value, 0);
}

TEST(MetricFamilyTest, ShowsOnlyWhatCountedIfAskedTo) {
    CounterFamily counters("things_total", "Things.", two_labels, Shown::used);
    EXPECT_TRUE(counters.Collect().at(0).metric.empty());
    counters.add({1, 0});
    ASSERT_EQ(counters.Collect().at(0).metric.size(), 1U);
    EXPECT_EQ(labels_of(counters.Collect().at(0).metric[0]), "color=green size=s ");
}

TEST(MetricFamilyTest, RefusesValuesThatNoLabelHas) {
    CounterFamily counters("things_total", "Things.", two_labels);
    EXPECT_THROW(counters.add({2, 0}), std::out_of_range);
    EXPECT_THROW(counters.add({0, 3}), std::out_of_range);
    EXPECT_THROW(counters.add({0}), std::out_of_range);
    EXPECT_THROW(counters.add(), std::out_of_range);
}

TEST(MetricFamilyTest, AGaugeRisesAndFalls) {
    GaugeFamily gauge("things", "Things.");
    gauge.add({}, 5);
    gauge.add({}, -7);
    EXPECT_EQ(gauge.Collect().at(0).metric.at(0).gauge.value, -2);
}

TEST(MetricFamilyTest, AHistogramAddsUpItsBuckets) {
    HistogramFamily histogram("wait_seconds", "Waits.", {0.001, 0.01, 0.1});
    EXPECT_TRUE(histogram.Collect().at(0).metric.empty());
    // A bucket holds what is not above its bound.
    for (const auto duration : {500us, 1000us, 1001us, 50000us, 3000000us, 0us})
        histogram.observe({}, duration);
    const auto metric = histogram.Collect().at(0).metric.at(0).histogram;
    EXPECT_EQ(metric.sample_count, 6U);
    EXPECT_NEAR(metric.sample_sum, 3.052501, 1e-9);
    ASSERT_EQ(metric.bucket.size(), 4U);
    EXPECT_EQ(metric.bucket[0].cumulative_count, 3U);
    EXPECT_EQ(metric.bucket[1].cumulative_count, 4U);
    EXPECT_EQ(metric.bucket[2].cumulative_count, 5U);
    EXPECT_EQ(metric.bucket[3].cumulative_count, 6U);
    EXPECT_TRUE(std::isinf(metric.bucket[3].upper_bound));
}

TEST(MetricFamilyTest, AHistogramCountsNumbersToo) {
    HistogramFamily histogram("group", "Groups.", {1, 2, 4}, {{"kind", {"a", "b"}}}, Shown::all);
    histogram.observe({1}, std::size_t{3});
    const auto family = histogram.Collect().at(0);
    ASSERT_EQ(family.metric.size(), 2U);
    EXPECT_EQ(family.metric[0].histogram.sample_count, 0U);
    EXPECT_EQ(family.metric[1].histogram.sample_sum, 3);
    EXPECT_EQ(family.metric[1].histogram.bucket[1].cumulative_count, 0U);
    EXPECT_EQ(family.metric[1].histogram.bucket[2].cumulative_count, 1U);
}

TEST(MetricFamilyTest, LosesNothingUnderThreads) {
    CounterFamily counter("things_total", "Things.");
    HistogramFamily histogram("wait_seconds", "Waits.", {1});
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            for (int n = 0; n < 10000; ++n) {
                counter.add();
                histogram.observe({}, 1ms);
            }
        });
    }
    threads.clear();
    EXPECT_EQ(counter.Collect().at(0).metric.at(0).counter.value, 40000);
    EXPECT_EQ(histogram.Collect().at(0).metric.at(0).histogram.sample_count, 40000U);
    EXPECT_NEAR(histogram.Collect().at(0).metric.at(0).histogram.sample_sum, 40, 1e-6);
}

}  // namespace
}  // namespace cairn::apps
