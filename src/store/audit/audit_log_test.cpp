#include "store/audit/audit_log.h"

#include <algorithm>
#include <csignal>
#include <fstream>
#include <iterator>

#include <sys/resource.h>
#include <sys/stat.h>

#include <gtest/gtest.h>

#include "ca/ports/repository.h"
#include "ca/rules/audit_check.h"
#include "store/audit/audit_files.h"
#include "store/testing/await.h"
#include "store/testing/temporary_folder.h"

namespace cairn::store::audit_log_test {
namespace {

using testing::await;
using namespace std::chrono_literals;
namespace fs = std::filesystem;

class AuditFolder : public ::testing::Test {
  protected:
    void open(std::optional<ca::AuditHead> head = std::nullopt) {
        log_.reset();
        auto chosen = options;
        chosen.folder = folder();
        log_ = std::make_unique<AuditLog>(chosen, std::move(head), clock, *silent_);
    }
    void close() { log_.reset(); }
    AuditLog& log() {
        if (!log_) open();
        return *log_;
    }
    std::uint64_t record(const std::string& order = "O") {
        ca::AuditEntry entry(ca::AuditEvent::order_create);
        entry.add("order", std::string_view(order));
        return await(log().record(std::move(entry)));
    }
    [[nodiscard]] fs::path folder() const { return fs::path(folder_.file("x")).parent_path(); }
    [[nodiscard]] std::vector<std::string> names() const {
        std::vector<std::string> found;
        for (const auto& file : audit_files(folder())) found.push_back(file.path.filename());
        return found;
    }
    /// All lines of all files.
    [[nodiscard]] std::vector<std::string> lines() const {
        std::vector<std::string> found;
        for (const auto& file : audit_files(folder()))
            read_audit_file(
                file.path, [&](std::string_view line) { found.emplace_back(line); },
                [](std::string_view) {});
        return found;
    }
    [[nodiscard]] ca::AuditCheck::Report check(std::vector<ca::AuditHead> heads = {}) const {
        ca::AuditCheck checking(std::move(heads));
        for (const auto& file : audit_files(folder())) {
            checking.begin_file(file.path.filename());
            read_audit_file(
                file.path, [&](std::string_view line) { checking.take(line); },
                [&](std::string_view rest) { checking.take_rest(rest); });
        }
        return checking.end();
    }
    [[nodiscard]] std::size_t findings() const { return check().findings.size(); }
    static ca::AuditHead head_of(ca::AuditPosition position) {
        static const auto key = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
        return ca::AuditHead::signed_by(key, position, base::Time{});
    }
    void append(const std::string& name, const std::string& text) const {
        std::ofstream(folder() / name, std::ios::app) << text;
    }

    AuditLogOptions options;
    base::ManualClock clock{base::Time{1'800'000'000s}};

  private:
    testing::TemporaryFolder folder_;
    std::unique_ptr<base::Log> silent_ = base::silent_log();
    std::unique_ptr<AuditLog> log_;
};

const std::string first_name = "audit-000000000001.jsonl";

TEST_F(AuditFolder, HasWhatWasRecorded) {
    EXPECT_EQ(record("A"), 1U);
    EXPECT_EQ(record("B"), 2U);
    const auto present = lines();
    ASSERT_EQ(present.size(), 2U);
    EXPECT_NE(present[1].find("\"order\":\"B\""), std::string::npos);
    EXPECT_EQ(log().position(), (ca::AuditPosition{2, crypto::sha256(base::bytes_of(present[1]))}));
    EXPECT_EQ(findings(), 0U);
    struct stat status{};
    ASSERT_EQ(::stat((folder() / first_name).c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(AuditFolder, HasWhatManyRecordAtOnce) {
    std::vector<base::Task<std::uint64_t>> tasks;
    for (int i = 0; i < 200; ++i) {
        log().note(ca::AuditEntry(ca::AuditEvent::signature));
        tasks.push_back(log().record(ca::AuditEntry(ca::AuditEvent::order_create)));
    }
    auto numbers = testing::await_all(std::move(tasks));
    std::ranges::sort(numbers);
    EXPECT_EQ(std::ranges::adjacent_find(numbers), numbers.end()) << "each has its own line";
    EXPECT_EQ(lines().size(), 400U);
    EXPECT_EQ(findings(), 0U);
}

TEST_F(AuditFolder, WritesWhatNobodyWaitsFor) {
    log().note(ca::AuditEntry(ca::AuditEvent::signature));
    const auto deadline = std::chrono::steady_clock::now() + 20s;
    while (log().position().sequence == 0 && std::chrono::steady_clock::now() < deadline)
        std::this_thread::sleep_for(10ms);
    EXPECT_EQ(lines().size(), 1U);
    log().note(ca::AuditEntry(ca::AuditEvent::undone));
    close();
    EXPECT_EQ(lines().size(), 2U) << "the end waits for it";
}

TEST_F(AuditFolder, GoesOnAfterAStart) {
    record();
    open();
    EXPECT_EQ(record(), 2U);
    EXPECT_EQ(names(), (std::vector{first_name}));
    EXPECT_EQ(findings(), 0U);
}

TEST_F(AuditFolder, IsOfOneProcess) {
    record();
    auto chosen = options;
    chosen.folder = folder();
    const auto silent = base::silent_log();
    try {
        const AuditLog second(chosen, std::nullopt, clock, *silent);
        ADD_FAILURE() << "two write to one log";
    } catch (const std::runtime_error& error) {
        EXPECT_NE(std::string(error.what()).find("is in use by process"), std::string::npos);
    }
}

TEST_F(AuditFolder, IsDividedBySizeAndAge) {
    options.rotate_size = 1000;
    options.rotate_after = 24h;
    for (int i = 0; i < 20; ++i) record();
    EXPECT_GT(names().size(), 2U);
    for (const auto& name : names()) EXPECT_LT(fs::file_size(folder() / name), 1500U);
    const auto before = names().size();
    options.rotate_size = 1'000'000;
    open();
    record();
    EXPECT_EQ(names().size(), before);
    clock.advance(24h);
    record();
    EXPECT_EQ(names().size(), before + 1);
    EXPECT_EQ(findings(), 0U);
    // A start does not make a file younger.
    clock.advance(23h);
    open();
    record();
    EXPECT_EQ(names().size(), before + 1);
    clock.advance(1h);
    record();
    EXPECT_EQ(names().size(), before + 2);
    EXPECT_EQ(findings(), 0U);
}

TEST_F(AuditFolder, IsNotKeptForEver) {
    options.rotate_after = 24h;
    options.keep = 72h;
    clock.set(base::SystemClock().now());  // files have times of the system
    record();
    clock.advance(24h);
    record();
    EXPECT_EQ(names().size(), 2U);
    clock.advance(73h);
    record();
    ASSERT_EQ(names().size(), 1U);
    const auto report = check();
    EXPECT_TRUE(report.findings.empty());
    EXPECT_EQ(report.remarks.size(), 1U);
    EXPECT_EQ(report.first, 3U);
}

TEST_F(AuditFolder, LeavesWhatACrashTore) {
    record();
    record();
    close();
    append(first_name, "{\"seq\":3,\"time\":\"2026");
    EXPECT_TRUE(check().findings.empty());
    EXPECT_EQ(check().remarks.size(), 1U);
    open();
    EXPECT_EQ(record(), 4U) << "line 3 tells of it";
    EXPECT_EQ(names().size(), 2U);
    EXPECT_NE(lines().at(2).find("\"event\":\"log.torn\""), std::string::npos);
    const auto report = check();
    EXPECT_TRUE(report.findings.empty()) << report.findings.front().text;
    EXPECT_EQ(report.remarks.size(), 1U);
    open();
    EXPECT_EQ(record(), 5U);
    EXPECT_EQ(names().size(), 2U);
}

TEST_F(AuditFolder, LeavesAFileThatACrashToreAtItsBegin) {
    record();
    close();
    const std::string second_name = "audit-000000000002.jsonl";
    append(second_name, "{\"seq\":2,\"ti");
    EXPECT_TRUE(check().findings.empty());
    open();
    EXPECT_EQ(record(), 3U);
    EXPECT_EQ(names(),
              (std::vector<std::string>{first_name, second_name, "audit-000000000002-1.jsonl"}));
    auto report = check();
    EXPECT_TRUE(report.findings.empty()) << report.findings.front().text;
    EXPECT_EQ(report.remarks.size(), 1U);
    open();
    EXPECT_EQ(record(), 4U);
    EXPECT_EQ(findings(), 0U);
}

TEST_F(AuditFolder, GoesOnBehindASignedHead) {
    for (int i = 0; i < 3; ++i) record();
    const auto head = head_of(log().position());
    close();
    const auto whole = lines();
    std::ofstream(folder() / first_name, std::ios::trunc) << whole[0] << "\n";
    open(head);
    EXPECT_EQ(record(), 5U) << "line 4 tells of the gap";
    const auto report = check({head});
    ASSERT_EQ(report.findings.size(), 1U);
    EXPECT_EQ(report.findings[0].text, "lines 2 to 3 are missing before this one");
    EXPECT_EQ(report.findings[0].line, 1U);
    // The last line was changed where no other shows it.
    const auto later = head_of(log().position());
    close();
    const auto last = names().back();
    const auto present = lines();
    auto changed = present.back();
    changed.replace(changed.find("\"O\""), 3, "\"P\"");
    std::ofstream(folder() / last, std::ios::trunc) << present[1] << "\n" << changed << "\n";
    open(later);
    record();
    // The gap, that line by the next one, and by its head.
    EXPECT_EQ(check({head, later}).findings.size(), 3U);
}

TEST_F(AuditFolder, FollowsAFileThatIsMovedOrGone) {
    record();
    fs::rename(folder() / first_name, folder() / (first_name + ".1"));
    record();
    EXPECT_EQ(names(), (std::vector<std::string>{first_name + ".1", "audit-000000000002.jsonl"}));
    EXPECT_EQ(findings(), 0U);
    fs::rename(folder() / "audit-000000000002.jsonl",
               folder() / "audit-000000000002.jsonl-20261130");
    open();
    EXPECT_EQ(record(), 3U);
    EXPECT_EQ(findings(), 0U);
    fs::remove(folder() / "audit-000000000003.jsonl");
    EXPECT_EQ(record(), 4U);
    EXPECT_EQ(findings(), 1U);
}

TEST_F(AuditFolder, SaysThatOthersChangedItsFile) {
    record();
    append(first_name, "a word of somebody else\n");
    record();
    const auto report = check();
    EXPECT_EQ(names().size(), 2U);
    ASSERT_EQ(report.findings.size(), 2U);
    EXPECT_EQ(report.findings[0].line, 2U);
    EXPECT_EQ(report.findings[1].text,
              "the log says itself that it was damaged: others changed " + first_name);
    EXPECT_NE(lines().at(2).find("\"event\":\"log.damaged\""), std::string::npos);
}

/// Files of this process may not be longer than this; with SIGXFSZ ignored that is an error.
class ShortFiles {
  public:
    explicit ShortFiles(std::uint64_t limit) : former_(std::signal(SIGXFSZ, SIG_IGN)) {
        ::getrlimit(RLIMIT_FSIZE, &limit_);
        const rlimit lower{.rlim_cur = limit, .rlim_max = limit_.rlim_max};
        ::setrlimit(RLIMIT_FSIZE, &lower);
    }
    ~ShortFiles() {
        ::setrlimit(RLIMIT_FSIZE, &limit_);
        (void)std::signal(SIGXFSZ, former_);
    }
    ShortFiles(const ShortFiles&) = delete;
    ShortFiles& operator=(const ShortFiles&) = delete;

  private:
    void (*former_)(int);
    rlimit limit_{};
};

TEST_F(AuditFolder, RefusesWhatHasNoRoom) {
    record();
    const auto before = lines();
    {
        // Half of the line finds room.
        const ShortFiles short_files(fs::file_size(folder() / first_name) + 40);
        for (int i = 0; i < 2; ++i) {
            try {
                record("refused");
                ADD_FAILURE() << "what is not written is no record";
            } catch (const ca::StoreUnavailable& error) {
                EXPECT_EQ(std::string(error.what()),
                          "the audit log cannot be written: File too large");
            }
        }
        log().note(ca::AuditEntry(ca::AuditEvent::signature));
        EXPECT_THROW(await(log().probe()), ca::StoreUnavailable);
        EXPECT_EQ(lines(), before);
        EXPECT_EQ(fs::file_size(folder() / first_name), before[0].size() + 1);
    }
    await(log().probe());
    EXPECT_EQ(record("late"), 4U);
    const auto after = lines();
    ASSERT_EQ(after.size(), 4U);
    EXPECT_NE(after[1].find("\"event\":\"log.lost\",\"refused\":2,\"lost\":0"), std::string::npos)
        << after[1];
    EXPECT_NE(after[2].find("\"event\":\"signature\""), std::string::npos) << "a note stays";
    EXPECT_EQ(findings(), 0U);
}

}  // namespace
}  // namespace cairn::store::audit_log_test
