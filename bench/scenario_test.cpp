#include "bench/scenario.h"

#include <gtest/gtest.h>

namespace cairn::bench {
namespace {

TEST(Percentile, IsTheNearestRank) {
    const std::vector<double> values{1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
    EXPECT_EQ(percentile(values, 0.5), 5);
    EXPECT_EQ(percentile(values, 0.95), 10);
    EXPECT_EQ(percentile(values, 0.9), 9);
    EXPECT_EQ(percentile(values, 0), 1);
    EXPECT_EQ(percentile(values, 1), 10);
    EXPECT_EQ(percentile({7}, 0.99), 7);
    EXPECT_EQ(percentile({}, 0.5), 0);
}

TEST(Percentile, TheMedianNeedsNoOrder) {
    EXPECT_EQ(median({9, 1, 5}), 5);
    EXPECT_EQ(median({}), 0);
}

Measurement hundred_certificates() {
    Measurement measurement;
    measurement.floor = {.p256_verify = 50, .p256_sign = 20, .x25519 = 30};
    measurement.verification_meanwhile = 80;
    measurement.seconds = 2;
    measurement.cpu_seconds = 0.1;
    measurement.written_octets = 100 * 2048;
    measurement.latencies.assign(100, 4.0);
    measurement.requests = 600;
    return measurement;
}

TEST(Measurement, DividesByCertificates) {
    const auto measurement = hundred_certificates();
    EXPECT_DOUBLE_EQ(measurement.per_second(), 50);
    EXPECT_DOUBLE_EQ(measurement.cpu_milliseconds(), 1);
    EXPECT_DOUBLE_EQ(measurement.units(), 20);  // 1 ms / 50 us
    EXPECT_DOUBLE_EQ(measurement.units_meanwhile(), 12.5);
    EXPECT_DOUBLE_EQ(measurement.kibibytes_each(), 2);
    EXPECT_DOUBLE_EQ(measurement.requests_each(), 6);
    EXPECT_EQ(measurement.latency(0.99), 4);
    EXPECT_FALSE(measurement.database_units());
    EXPECT_FALSE(measurement.syncs_each());
}

TEST(Measurement, CountsTheDatabaseApart) {
    auto measurement = hundred_certificates();
    measurement.database_cpu_seconds = 0.05;
    EXPECT_DOUBLE_EQ(measurement.database_units().value(), 10);
    EXPECT_DOUBLE_EQ(measurement.units(), 20);
}

TEST(VerificationsMeanwhile, TakeAboutWhatTheyTakeByThemselves) {
    VerificationsMeanwhile verifications;
    EXPECT_EQ(verifications.mean(), 0);
    for (int i = 0; i < 20; ++i) verifications.observe();
    const auto floor = measure_crypto_floor();
    EXPECT_GT(verifications.mean(), floor.p256_verify / 3);
    EXPECT_LT(verifications.mean(), floor.p256_verify * 30);
}

TEST(CryptoFloor, IsTheMeanOfSeveral) {
    const auto floor = mean({{.p256_verify = 100, .p256_sign = 20, .x25519 = 40},
                             {.p256_verify = 130, .p256_sign = 30, .x25519 = 60}});
    EXPECT_DOUBLE_EQ(floor.p256_verify, 115);
    EXPECT_DOUBLE_EQ(floor.p256_sign, 25);
    EXPECT_DOUBLE_EQ(floor.x25519, 50);
    EXPECT_EQ(mean({}).p256_verify, 0);
}

TEST(Measurement, OfNothingIsZeroAndNotInfinite) {
    const Measurement nothing;
    EXPECT_EQ(nothing.per_second(), 0);
    EXPECT_EQ(nothing.units(), 0);
    EXPECT_EQ(nothing.units_meanwhile(), 0);
    EXPECT_EQ(nothing.floor_units(), 0);
    EXPECT_EQ(nothing.latency(0.5), 0);
}

TEST(Floor, IsEightVerificationsAndASignatureForOneName) {
    const CryptoFloor floor{.p256_verify = 50, .p256_sign = 20, .x25519 = 30};
    EXPECT_DOUBLE_EQ(floor_microseconds(floor, Connections::kept, 1), 8 * 50 + 20);
    EXPECT_DOUBLE_EQ(floor_microseconds(floor, Connections::fresh, 1), 8 * 50 + 20 + 20 + 2 * 30);
    EXPECT_DOUBLE_EQ(floor_microseconds(floor, Connections::kept, 100), 305 * 50 + 20);
}

TEST(Scenario, SaysWhatItIs) {
    EXPECT_EQ(to_string(Scenario{}), "cairn-embedded, kept, http-01, 32 clients, 1 name");
    EXPECT_EQ(to_string(Scenario{.server = ServerKind::pebble,
                                 .connections = Connections::fresh,
                                 .challenge = protocol::ChallengeType::dns_01,
                                 .clients = 1,
                                 .names = 100,
                                 .certificates = 5}),
              "pebble, fresh, dns-01, 1 client, 100 names");
}

}  // namespace
}  // namespace cairn::bench
