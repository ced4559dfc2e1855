#include "ca/facts/audit_line.h"

#include <vector>

#include <gtest/gtest.h>

namespace cairn::ca::audit_line_test {
namespace {

const std::string time = "2026-11-30T12:00:00Z";

std::string one_line() {
    AuditEntry entry(AuditEvent::order_create);
    entry.add("account", "A").add("identifiers", std::vector<std::string>{"a.example", "b\"\n"});
    std::string text;
    AuditPosition position;
    AuditLine::write(text, position, time, entry);
    text.pop_back();
    return text;
}

TEST(AuditLine, IsReadAsItWasWritten) {
    const auto text = one_line();
    EXPECT_EQ(text, R"({"seq":1,"time":"2026-11-30T12:00:00Z","event":"order.create","account":"A")"
                    R"(,"identifiers":["a.example","b\"\n"],"previous":")" +
                        std::string(64, '0') + "\"}");
    const auto line = AuditLine::from_text(text);
    ASSERT_TRUE(line) << line.error().message;
    EXPECT_EQ(line->sequence, 1U);
    EXPECT_EQ(base::to_rfc3339(line->time), time);
    EXPECT_EQ(line->event, "order.create");
    EXPECT_EQ(line->previous, crypto::Sha256Digest{});
}

TEST(AuditLine, NamesTheOneBefore) {
    std::string text;
    AuditPosition position;
    AuditLine::write(text, position, time, AuditEntry(AuditEvent::server_start));
    const auto first = text;
    AuditLine::write(text, position, time, AuditEntry(AuditEvent::server_stop));
    const auto second = std::string_view(text).substr(first.size());
    const auto line = AuditLine::from_text(second.substr(0, second.size() - 1));
    ASSERT_TRUE(line) << line.error().message;
    EXPECT_EQ(line->sequence, 2U);
    EXPECT_EQ(line->previous, crypto::sha256(base::bytes_of(first.substr(0, first.size() - 1))));
    EXPECT_EQ(position.sequence, 2U);
}

TEST(AuditLine, IsNothingElse) {
    const auto good = one_line();
    const auto changed = [&](const std::string& from, const std::string& to) {
        auto text = good;
        text.replace(text.find(from), from.size(), to);
        return text;
    };
    for (const auto& [text, reason] : std::vector<std::pair<std::string, std::string>>{
             {"", "it does not begin with a number"},
             {" " + good, "it does not begin with a number"},
             {changed("1", "0"), "its number cannot be read"},
             {changed("1", "01"), "its number cannot be read"},
             {changed("1", "-1"), "its number cannot be read"},
             {changed("1", "99999999999999999999"), "its number cannot be read"},
             {changed("\"time\"", "\"Time\""), "there is no time behind its number"},
             {changed("2026-11-30", "2026-13-30"), "its time cannot be read"},
             {changed("12:00:00Z", "12:00:00z"), "its time cannot be read"},
             {changed("order.create", "Order"), "its event cannot be read"},
             {changed("order.create", ""), "its event cannot be read"},
             {changed("0000\"}", "000G\"}"), "it does not end with the hash of another"},
             {changed("0000\"}", "000\"}"), "it does not end with the hash of another"},
             {good + " ", "it does not end with the hash of another"},
             {good.substr(0, good.size() - 1), "it does not end with the hash of another"},
             {changed(",\"account\"", " \"account\""), "there is no member behind its event"},
             {changed("\"A\"", std::string("\"A\0\"", 4)), "it has a control character"},
             {changed("\"A\"", "\"" + std::string(AuditLine::most, 'A') + "\""), "it is too long"},
         }) {
        const auto line = AuditLine::from_text(text);
        ASSERT_FALSE(line) << text.substr(0, 200);
        EXPECT_EQ(line.error().message, reason) << text.substr(0, 200);
    }
}

TEST(AuditEntry, IsCutWhereItGrowsTooLong) {
    AuditEntry entry(AuditEvent::order_create);
    const std::string part(AuditEntry::most / 3, 'x');
    for (const auto* name : {"a", "b", "c", "d"}) entry.add(name, std::string_view(part));
    entry.add("e", "short").add("empty", "");
    EXPECT_LE(entry.members().size(), AuditEntry::most);
    EXPECT_NE(entry.members().find(",\"b\":\"x"), std::string::npos);
    EXPECT_TRUE(entry.members().ends_with(",\"cut\":true"));
    // What escaping lengthens counts as it is then.
    AuditEntry escaped(AuditEvent::order_create);
    const std::string control(AuditEntry::most / 5, '\x01');
    escaped.add("a", std::string_view(control));
    EXPECT_EQ(escaped.members(), ",\"cut\":true");
}

TEST(AuditHead, IsGenuineAsItWasSigned) {
    const auto key = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    const AuditPosition position{12, crypto::sha256(base::bytes_of("line"))};
    const auto head = AuditHead::signed_by(key, position, *base::from_rfc3339(time));
    EXPECT_TRUE(head.is_genuine());
    auto changed = head;
    ++changed.position.sequence;
    EXPECT_FALSE(changed.is_genuine());
    changed = head;
    changed.position.hash[0] ^= 1U;
    EXPECT_FALSE(changed.is_genuine());
    changed = head;
    changed.at += base::Seconds(1);
    EXPECT_FALSE(changed.is_genuine());
    changed = head;
    changed.signature.pop_back();
    EXPECT_FALSE(changed.is_genuine());
    // Another key under the name of this chain.
    const auto other = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    auto forged = AuditHead::signed_by(other, position, head.at);
    forged.chain = head.chain;
    EXPECT_FALSE(forged.is_genuine());
}

}  // namespace
}  // namespace cairn::ca::audit_line_test
