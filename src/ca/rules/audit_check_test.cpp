#include "ca/rules/audit_check.h"

#include <gtest/gtest.h>

namespace cairn::ca::audit_check_test {
namespace {

const crypto::PrivateKey& key() {
    static const auto made = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    return made;
}

struct File {
    std::string name;
    std::vector<std::string> lines;
    std::string rest{};
};

/// A log of ten lines in two files, with a head on the fifth and on the last.
class AuditChain : public ::testing::Test {
  protected:
    AuditChain() {
        for (int number = 1; number <= 10; ++number) write(AuditEvent::order_create, number <= 6);
    }
    void write(AuditEvent event, bool is_in_first = false) {
        AuditEntry entry(event);
        entry.add("order", std::string_view(std::to_string(position_.sequence + 1)));
        write(entry, is_in_first);
    }
    void write(const AuditEntry& entry, bool is_in_first = false) {
        std::string text;
        AuditLine::write(text, position_, "2026-11-30T12:00:00Z", entry);
        text.pop_back();
        (is_in_first ? first : second).lines.push_back(text);
        if (position_.sequence == 5 || position_.sequence == 10) sign();
    }
    void sign() { heads.push_back(AuditHead::signed_by(key(), position_, base::Time{})); }
    /// Computes the chain anew from this line on, as somebody would who wants to hide a change.
    void compute_anew(std::uint64_t from) {
        AuditPosition position{from - 1, hash_of(from - 1)};
        for (auto number = from; number <= 10; ++number) {
            auto& line = at(number);
            const auto tail = line.find(",\"previous\":\"");
            line = line.substr(0, tail) + ",\"previous\":\"" + base::to_hex(position.hash) + "\"}";
            position = {number, crypto::sha256(base::bytes_of(line))};
        }
    }
    crypto::Sha256Digest hash_of(std::uint64_t number) {
        return crypto::sha256(base::bytes_of(at(number)));
    }
    std::string& at(std::uint64_t number) {
        return number <= 6 ? first.lines[number - 1] : second.lines[number - 7];
    }
    void change(std::uint64_t number) {
        auto& line = at(number);
        line.replace(line.find("\"order\""), 7, "\"ORDER\"");
    }
    AuditCheck::Report check(const std::vector<File>& files) const {
        AuditCheck checking(heads);
        for (const auto& file : files) {
            checking.begin_file(file.name);
            for (const auto& line : file.lines) checking.take(line);
            if (!file.rest.empty()) checking.take_rest(file.rest);
        }
        return checking.end();
    }
    AuditCheck::Report check() const { return check({first, second}); }
    /// All findings: "file:line: text", one a line.
    static std::string told(const std::vector<AuditCheck::Finding>& findings) {
        std::string text;
        for (const auto& finding : findings)
            text += finding.file + ":" + std::to_string(finding.line) + ": " + finding.text + "\n";
        return text;
    }

    File first{.name = "first", .lines = {}}, second{.name = "second", .lines = {}};
    std::vector<AuditHead> heads;

  private:
    AuditPosition position_;
};

TEST_F(AuditChain, IsWhole) {
    const auto report = check();
    EXPECT_EQ(told(report.findings), "");
    EXPECT_EQ(told(report.remarks), "");
    EXPECT_EQ(report.lines, 10U);
    EXPECT_EQ(report.first, 1U);
    EXPECT_EQ(report.last, 10U);
    EXPECT_EQ(report.heads, 2U);
    EXPECT_EQ(report.last_head, 10U);
}

TEST_F(AuditChain, ShowsAChangedLine) {
    change(7);
    EXPECT_EQ(told(check().findings),
              "second:1: line 7 of the log is not what the next line says of it: one of both was "
              "changed\n");
}

TEST_F(AuditChain, ShowsAChangedLastLine) {
    change(10);
    EXPECT_EQ(told(check().findings),
              "second:4: line 10 of the log is not the one that was signed on "
              "1970-01-01T00:00:00Z: lines behind line 5, up to this one, were changed and the "
              "chain was computed anew\n");
}

TEST_F(AuditChain, ShowsAMissingLine) {
    first.lines.erase(first.lines.begin() + 2, first.lines.begin() + 4);
    EXPECT_EQ(told(check().findings), "first:3: lines 3 to 4 are missing before this one\n");
}

TEST_F(AuditChain, ShowsAMissingFile) {
    EXPECT_EQ(told(check({second}).findings),
              "second:1: lines 1 to 6 are missing before this one\n");
}

TEST_F(AuditChain, ShowsAMovedLine) {
    std::swap(first.lines[2], first.lines[3]);
    EXPECT_EQ(told(check().findings),
              "first:3: line 3 is missing before this one\n"
              "first:4: line 3 of the log stands behind line 4: lines were moved, or stand there "
              "twice\n");
}

TEST_F(AuditChain, ShowsARepeatedLine) {
    second.lines.push_back(second.lines.back());
    EXPECT_EQ(told(check().findings),
              "second:5: line 10 of the log stands behind line 10: lines were moved, or stand "
              "there twice\n");
}

TEST_F(AuditChain, ShowsAnInsertedLine) {
    second.lines.insert(second.lines.begin() + 1, "a word in between");
    EXPECT_EQ(told(check().findings),
              "second:2: what stands there is no line of the log: it does not begin with a "
              "number\n");
}

TEST_F(AuditChain, ShowsACutEnd) {
    second.lines.resize(2);
    EXPECT_EQ(told(check().findings),
              "second:2: the log was cut: it ends with line 8, and line 10 was signed on "
              "1970-01-01T00:00:00Z\n");
    // Also where what is left of the next one looks like the work of a crash.
    second.rest = "{\"seq\":9,\"time\":";
    const auto report = check();
    EXPECT_EQ(report.findings.size(), 1U);
    EXPECT_EQ(report.remarks.size(), 1U);
}

TEST_F(AuditChain, ShowsAnEmptyLog) {
    EXPECT_EQ(told(check(std::vector<File>{}).findings),
              ":0: the log was cut: it ends with line 0, and line 10 was signed on "
              "1970-01-01T00:00:00Z\n");
}

TEST_F(AuditChain, ShowsBetweenWhichHeadsItWasComputedAnew) {
    change(7);
    compute_anew(8);
    EXPECT_EQ(told(check().findings),
              "second:4: line 10 of the log is not the one that was signed on "
              "1970-01-01T00:00:00Z: lines behind line 5, up to this one, were changed and the "
              "chain was computed anew\n");
    change(2);
    compute_anew(3);
    EXPECT_EQ(check().findings.size(), 2U);
    EXPECT_EQ(check().findings.front().line, 5U);
}

TEST_F(AuditChain, DoesNotBlameACrash) {
    // The last thing there is: who knows what it was to be.
    second.rest = "{\"seq\":11,";
    auto report = check();
    EXPECT_EQ(told(report.findings), "");
    EXPECT_EQ(told(report.remarks),
              "second:5: the last line is not complete: it is being written, or a crash tore it "
              "before it was acknowledged\n");
    // The log went on, and said so.
    AuditEntry torn(AuditEvent::log_torn);
    torn.add("file", "second").add("octets", second.rest.size());
    const auto four = second.lines;
    write(torn);
    File third{.name = "third", .lines = {second.lines.back()}};
    second.lines = four;
    report = check({first, second, third});
    EXPECT_EQ(told(report.findings), "");
    EXPECT_EQ(told(report.remarks),
              "second:5: a crash tore what was being written; the log goes on in third\n");
    // It said that of less.
    second.rest += " more";
    EXPECT_EQ(told(check({first, second, third}).findings),
              "second:5: what stands there is no line of the log: it is not complete\n");
}

TEST_F(AuditChain, BelievesTheLogThatOldFilesWereRemoved) {
    AuditEntry removed(AuditEvent::log_remove);
    removed.add("file", "first").add("through", std::uint64_t{6}).add("hash", hash_of(6));
    write(removed);
    auto report = check({second});
    EXPECT_EQ(told(report.findings), "");
    EXPECT_EQ(told(report.remarks),
              "second:1: lines 1 to 6 are not there: they were removed when their time was over, "
              "as the log itself says\n");
    EXPECT_EQ(report.heads, 1U);
    // More than that is gone.
    second.lines.erase(second.lines.begin());
    EXPECT_EQ(told(check({second}).findings),
              "second:1: lines 1 to 7 are missing before this one\n");
}

TEST_F(AuditChain, GoesOnBehindAGap) {
    // A log that was cut goes on behind the head that is known.
    second.lines.resize(1);
    AuditEntry gap(AuditEvent::log_gap);
    gap.add("last", std::uint64_t{7}).add("signed", std::uint64_t{10});
    write(gap);
    const auto report = check();
    EXPECT_EQ(told(report.findings), "second:2: lines 8 to 10 are missing before this one\n");
    EXPECT_EQ(report.last, 11U);
}

}  // namespace
}  // namespace cairn::ca::audit_check_test
