#include "apps/ca/metric_family.h"

#include <cmath>
#include <thread>

#include <gtest/gtest.h>

namespace cairn::apps::metric_family_test {
namespace {

using namespace std::chrono_literals;

enum class Color { red, green };
enum class Size { small, middle, large };

const LabelOf<Color> color_label("color",
                                 LabelWords<Color>({{Color::green, "green"}, {Color::red, "red"}}));

std::string_view to_string(Size size) {
    return size == Size::small ? "s" : size == Size::middle ? "m" : "l";
}
const LabelOf<Size> size_label("size");

std::string labels_of(const prometheus::ClientMetric& metric) {
    std::string text;
    for (const auto& label : metric.label) text += label.name + "=" + label.value + " ";
    return text;
}

TEST(MetricFamilyTest, EachSeriesHasItsLabels) {
    CounterFamily<Color, Size> counters({"things_total", "Things."}, color_label, size_label);
    counters.add(Color::green, Size::large);
    counters.add(Color::green, Size::large);
    counters.add(Color::red, Size::small);
    const auto family = counters.Collect().at(0);
    EXPECT_EQ(family.name, "things_total");
    EXPECT_EQ(family.help, "Things.");
    EXPECT_EQ(family.type, prometheus::MetricType::Counter);
    ASSERT_EQ(family.metric.size(), 6U);
    EXPECT_EQ(labels_of(family.metric[0]), "color=red size=s ");
    EXPECT_EQ(family.metric[0].counter.value, 1);
    EXPECT_EQ(labels_of(family.metric[5]), "color=green size=l ");
    EXPECT_EQ(family.metric[5].counter.value, 2);
    EXPECT_EQ(family.metric[4].counter.value, 0);
}

TEST(MetricFamilyTest, AllSeriesShareTheCommonLabels) {
    GaugeFamily<Color> gauge({"things", "Things.", {{"place", "attic"}}}, color_label);
    gauge.add(1, Color::green);
    const auto family = gauge.Collect().at(0);
    ASSERT_EQ(family.metric.size(), 2U);
    EXPECT_EQ(labels_of(family.metric[0]), "place=attic color=red ");
    EXPECT_EQ(labels_of(family.metric[1]), "place=attic color=green ");
    EXPECT_EQ(family.metric[1].gauge.value, 1);
}

TEST(MetricFamilyTest, ALabelMayHaveAWordForNothing) {
    const LabelOf<std::optional<Size>> label("size", "none");
    CounterFamily<std::optional<Size>> counters({"things_total", "Things."}, Shown::used, label);
    counters.add(std::nullopt);
    counters.add(Size::large);
    const auto family = counters.Collect().at(0);
    ASSERT_EQ(family.metric.size(), 2U);
    EXPECT_EQ(labels_of(family.metric[0]), "size=none ");
    EXPECT_EQ(labels_of(family.metric[1]), "size=l ");
}

TEST(MetricFamilyTest, UnknownNumbersAreCountedTogether) {
    using Status = KnownNumber<400, 503>;
    CounterFamily<Status> counters({"refused_total", "Refused."}, LabelOf<Status>("status"));
    for (const int status : {503, 418, 599, 400}) counters.add(Status{status});
    const auto family = counters.Collect().at(0);
    ASSERT_EQ(family.metric.size(), 3U);
    EXPECT_EQ(labels_of(family.metric[0]), "status=400 ");
    EXPECT_EQ(family.metric[0].counter.value, 1);
    EXPECT_EQ(labels_of(family.metric[1]), "status=503 ");
    EXPECT_EQ(family.metric[1].counter.value, 1);
    EXPECT_EQ(labels_of(family.metric[2]), "status=other ");
    EXPECT_EQ(family.metric[2].counter.value, 2);
}

TEST(MetricFamilyTest, ShowsOnlyWhatCountedIfAskedTo) {
    CounterFamily<Color, Size> counters({"things_total", "Things."}, Shown::used, color_label,
                                        size_label);
    EXPECT_TRUE(counters.Collect().at(0).metric.empty());
    counters.add(Color::green, Size::small);
    ASSERT_EQ(counters.Collect().at(0).metric.size(), 1U);
    EXPECT_EQ(labels_of(counters.Collect().at(0).metric[0]), "color=green size=s ");
}

TEST(MetricFamilyTest, AGaugeRisesAndFalls) {
    GaugeFamily<> gauge({"things", "Things."});
    gauge.add(5);
    gauge.add(-7);
    EXPECT_EQ(gauge.Collect().at(0).metric.at(0).gauge.value, -2);
}

TEST(MetricFamilyTest, AHistogramAddsUpItsBuckets) {
    HistogramFamily<> histogram({"wait_seconds", "Waits."}, {0.001, 0.01, 0.1}, Shown::used);
    EXPECT_TRUE(histogram.Collect().at(0).metric.empty());
    // A bucket holds what is not above its bound.
    for (const auto duration : {500us, 1000us, 1001us, 50000us, 3000000us, 0us})
        histogram.observe(duration);
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
    HistogramFamily<Color> histogram({"group", "Groups."}, {1, 2, 4}, Shown::all, color_label);
    histogram.observe(std::size_t{3}, Color::green);
    const auto family = histogram.Collect().at(0);
    ASSERT_EQ(family.metric.size(), 2U);
    EXPECT_EQ(family.metric[0].histogram.sample_count, 0U);
    EXPECT_EQ(family.metric[1].histogram.sample_sum, 3);
    EXPECT_EQ(family.metric[1].histogram.bucket[1].cumulative_count, 0U);
    EXPECT_EQ(family.metric[1].histogram.bucket[2].cumulative_count, 1U);
}

TEST(MetricFamilyTest, LosesNothingUnderThreads) {
    CounterFamily<> counter({"things_total", "Things."});
    HistogramFamily<> histogram({"wait_seconds", "Waits."}, {1}, Shown::used);
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&] {
            for (int n = 0; n < 10000; ++n) {
                counter.add();
                histogram.observe(1ms);
            }
        });
    }
    threads.clear();
    EXPECT_EQ(counter.Collect().at(0).metric.at(0).counter.value, 40000);
    EXPECT_EQ(histogram.Collect().at(0).metric.at(0).histogram.sample_count, 40000U);
    EXPECT_NEAR(histogram.Collect().at(0).metric.at(0).histogram.sample_sum, 40, 1e-6);
}

}  // namespace
}  // namespace cairn::apps::metric_family_test
