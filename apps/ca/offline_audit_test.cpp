#include "apps/ca/offline_audit.h"

#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "apps/ca/init.h"
#include "apps/command_line/files.h"
#include "store/audit/audit_files.h"

namespace cairn::apps::offline_audit_test {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> events_in(const fs::path& folder) {
    std::vector<std::string> events;
    for (const auto& file : store::audit_files(folder))
        store::read_audit_file(
            file.path,
            [&](std::string_view text) {
                const auto line = ca::AuditLine::from_text(text);
                events.emplace_back(line ? line->event : "none");
            },
            [](std::string_view) {});
    return events;
}

class OfflineAuditTest : public ::testing::Test {
  protected:
    OfflineAuditTest() {
        std::string pattern = fs::temp_directory_path() / "cairn-audit-XXXXXX";
        folder_ = ::mkdtemp(pattern.data());
        log_ = folder_ / "audit";
    }
    ~OfflineAuditTest() override { fs::remove_all(folder_); }

    void record(const std::string& operation) {
        record_offline(log_, {offline_begin(operation, "{}"), offline_end(operation)}, clock_);
    }
    [[nodiscard]] ca::AuditCheck::Report report() const {
        const auto head = offline_head(log_);
        if (!head || !*head) throw std::runtime_error("no head");
        return check_audit(log_, {**head});
    }

    fs::path folder_;
    fs::path log_;
    base::SystemClock clock_;
};

TEST_F(OfflineAuditTest, SignsWhatItRecorded) {
    record("init");
    EXPECT_EQ(report().last_head, 2U);
    record("issuer");
    EXPECT_EQ(events_in(log_), (std::vector<std::string>{"operation.begin", "operation.end",
                                                         "operation.begin", "operation.end"}));
    EXPECT_TRUE(report().findings.empty());
    EXPECT_EQ(report().last_head, 4U);
    EXPECT_FALSE(was_served(log_));
}

TEST_F(OfflineAuditTest, FindsWhatWasChangedMeanwhile) {
    record("init");
    const auto file = store::audit_files(log_).front().path;
    const auto text = read_file(file);
    write_file(file, text.substr(0, text.find('\n') + 1), 0600);  // the last line is cut off
    EXPECT_FALSE(report().findings.empty());
    // The log goes on behind the head, so that the gap stays.
    record("issuer");
    EXPECT_FALSE(report().findings.empty());
    EXPECT_EQ(events_in(log_)[1], "log.gap");
}

TEST_F(OfflineAuditTest, RefusesAHeadThatWasChanged) {
    record("init");
    auto text = read_file(log_ / "head.json");
    text.replace(text.find("\"line\":2"), 8, "\"line\":1");
    write_file(log_ / "head.json", text, 0600);
    const auto head = offline_head(log_);
    ASSERT_FALSE(head);
    EXPECT_NE(head.error().message.find("it is not what its key has signed"), std::string::npos);
    remove_offline_head(log_);
    EXPECT_FALSE(has_offline_head(log_));
}

TEST_F(OfflineAuditTest, HasEachKeyAndSignatureOfInit) {
    crypto::SystemRandom random;
    const auto ca = folder_ / "ca";
    (void)init({.folder = ca}, clock_, random);
    EXPECT_EQ(events_in(ca / "audit"),
              (std::vector<std::string>{"operation.begin", "key.create", "signature", "key.create",
                                        "signature", "operation.end"}));
    const auto requested = folder_ / "requested";
    (void)init({.folder = requested, .start = InitOptions::Start::request_only}, clock_, random);
    EXPECT_EQ(
        events_in(requested / "audit"),
        (std::vector<std::string>{"operation.begin", "key.create", "signature", "operation.end"}));
}

}  // namespace
}  // namespace cairn::apps::offline_audit_test
