#include "bench/report.h"

#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bench/child.h"
#include "bench/machine.h"
#include "bench/plot.h"

namespace cairn::bench {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

Measurement measurement_of(const Scenario& scenario) {
    Measurement measurement;
    measurement.scenario = scenario;
    measurement.floor = {.p256_verify = 100, .p256_sign = 50, .x25519 = 50};
    measurement.seconds = 1;
    measurement.cpu_seconds = 0.01;
    measurement.latencies.assign(10, 5.0);
    measurement.memory = {{.orders = 0, .mebibytes = 20}, {.orders = 10, .mebibytes = 21}};
    return measurement;
}

Report example() {
    Report report;
    report.machine = {{"processors", "2 x something"}};
    report.findings.measurements = {measurement_of({.clients = 1}), measurement_of({.clients = 32}),
                                    measurement_of({.server = ServerKind::pebble, .clients = 32})};
    return report;
}

TEST(Report, ComparesWithGoalsAndPebble) {
    const auto text = to_markdown(example(), "r-");
    EXPECT_THAT(text, HasSubstr("| processors | 2 x something |"));
    EXPECT_THAT(text,
                HasSubstr("| embedded store, 32 clients, kept connections | 10.0 V | 15.0 V | "
                          "10.0 V | reached |"));
    EXPECT_THAT(text, HasSubstr("| PostgreSQL, the CA's process, kept connections | 12.0 V | "
                                "18.0 V | - | not measured |"));
    EXPECT_THAT(text, HasSubstr("![CPU time per certificate](r-cpu.svg)"));
    EXPECT_THAT(text, HasSubstr("![Certificates per second](r-rate.svg)"));
    EXPECT_THAT(text, Not(HasSubstr("What went wrong")));
}

TEST(Report, SaysWhatWentWrong) {
    auto report = example();
    report.findings.failures = {"pebble: not installed"};
    report.findings.measurements[1].remark = "stuck after 7 certificates";
    report.findings.measurements[1].complete = false;
    const auto text = to_markdown(report, "r-");
    EXPECT_THAT(text, HasSubstr("- pebble: not installed\n"));
    EXPECT_THAT(text, HasSubstr("stuck after 7 certificates **(not complete"));
    EXPECT_THAT(text, HasSubstr("(!)"));
}

TEST(Report, IsWrittenWithEveryPictureItShows) {
    if (!has_gnuplot()) GTEST_SKIP() << "gnuplot is not installed";
    const TemporaryFolder folder(std::filesystem::temp_directory_path());
    const auto file = folder.path() / "sub/figures.md";
    write_report(example(), file);
    std::ifstream stream(file);
    const std::string text(std::istreambuf_iterator<char>(stream), {});
    for (const auto& picture : pictures_of(example().findings)) {
        const auto name = "figures-" + picture.name + ".svg";
        EXPECT_THAT(text, HasSubstr(name));
        EXPECT_TRUE(std::filesystem::exists(file.parent_path() / name)) << name;
    }
}

TEST(Report, OfNothingHasNoPictures) {
    EXPECT_TRUE(pictures_of(Findings{}).empty());
    EXPECT_THAT(to_markdown(Report{}, "r-"), HasSubstr("not measured"));
}

TEST(Machine, TheFileSystemIsThatOfTheNearestMount) {
    const std::string mounts =
        "/dev/vda / ext4 rw 0 0\n"
        "tmpfs /tmp tmpfs rw 0 0\n"
        "tmpfs /tmpx xfs rw 0 0\n";
    EXPECT_EQ(file_system_of("/tmp", mounts), "tmpfs");
    EXPECT_EQ(file_system_of("/usr", mounts), "ext4");
    EXPECT_EQ(file_system_of("/", ""), "unknown");
}

}  // namespace
}  // namespace cairn::bench
