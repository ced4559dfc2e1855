#include "client/notices/notice_ledger.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/notices/mail.h"
#include "client/notices/notice_message.h"

namespace cairn::client::notice_ledger_test {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr base::Time start{std::chrono::seconds(1800000000)};
constexpr base::Seconds day = std::chrono::days(1);

Trouble trouble(std::string lineage, std::string signature = "x",
                TroubleKind kind = TroubleKind::failure) {
    return {.kind = kind,
            .lineage = std::move(lineage),
            .signature = std::move(signature),
            .summary = "could not renew it",
            .came_back = "nothing",
            .next = "mend it."};
}

TroubleReport report(std::vector<Trouble> troubles) {
    return {std::move(troubles),
            {{"a", TroubleKind::failure}, {"b", TroubleKind::failure}, {"a", TroubleKind::expiry}}};
}

TEST(NoticeLedger, TellsTheSameTroubleOnceADay) {
    auto told = NoticeLedger().after(report({trouble("a")}), start, day);
    ASSERT_THAT(told.notices, SizeIs(1));
    EXPECT_EQ(told.notices.front().kind, Notice::Kind::began);
    told = told.ledger.after(report({trouble("a")}), start + std::chrono::hours(1), day);
    EXPECT_THAT(told.notices, IsEmpty());
    told = told.ledger.after(report({trouble("a")}), start + day, day);
    ASSERT_THAT(told.notices, SizeIs(1));
    EXPECT_EQ(told.notices.front().kind, Notice::Kind::lasts);
    EXPECT_EQ(told.notices.front().since, start);
    told = told.ledger.after(report({trouble("a")}), start + day + std::chrono::hours(1), day);
    EXPECT_THAT(told.notices, IsEmpty());
}

TEST(NoticeLedger, TellsAnotherTroubleAtOnce) {
    auto told = NoticeLedger().after(report({trouble("a")}), start, day);
    told = told.ledger.after(report({trouble("a", "y"), trouble("b")}), start, day);
    EXPECT_THAT(told.notices, SizeIs(2));
    told = told.ledger.after(
        report({trouble("a", "y"), trouble("b"), trouble("a", "z", TroubleKind::expiry)}), start,
        day);
    ASSERT_THAT(told.notices, SizeIs(1));
    EXPECT_EQ(told.notices.front().trouble.kind, TroubleKind::expiry);
}

TEST(NoticeLedger, TellsOnceThatItIsOver) {
    auto told = NoticeLedger().after(report({trouble("a"), trouble("c")}), start, day);
    told = told.ledger.after(report({}), start + std::chrono::hours(1), day);
    ASSERT_THAT(told.notices, SizeIs(1)) << "c was not looked at";
    EXPECT_EQ(told.notices.front().kind, Notice::Kind::is_over);
    EXPECT_EQ(told.notices.front().trouble.lineage, "a");
    told = told.ledger.after(report({}), start + std::chrono::hours(2), day);
    EXPECT_THAT(told.notices, IsEmpty());
}

TEST(NoticeLedger, IsReadAgain) {
    const auto told = NoticeLedger().after(report({trouble("a", "x \"y\"")}), start, day);
    const auto json = told.ledger.to_json();
    const auto read = NoticeLedger::from_json(base::bytes_of(json));
    ASSERT_TRUE(read) << read.error().message;
    EXPECT_EQ(read->to_json(), json);
    EXPECT_THAT(read->after(report({trouble("a", "x \"y\"")}), start, day).notices, IsEmpty());
    for (const char* text : {"", "[]", "{}", R"({"version": 2})"})
        EXPECT_FALSE(NoticeLedger::from_json(base::bytes_of(text))) << text;
}

TEST(NoticeLedger, IsNotSilencedByAClockThatWasAhead) {
    auto told = NoticeLedger().after(report({trouble("a")}), start + 100 * day, day);
    told = told.ledger.after(report({trouble("a")}), start, day);
    EXPECT_THAT(told.notices, SizeIs(1));
}

TEST(NoticeMessage, TellsWhatIsWrongAndWhatToDo) {
    auto first = trouble("a.example");
    first.came_back = "line one\nline \x1b[31mtwo";
    const auto message = NoticeMessage::about({{Notice::Kind::began, first, start}}, "host", start);
    EXPECT_EQ(message.subject, "[cairn at host] a.example: trouble");
    EXPECT_THAT(message.text, HasSubstr("a.example: could not renew it\n"));
    EXPECT_THAT(message.text, HasSubstr("line ?[31mtwo"));
    EXPECT_THAT(message.text, HasSubstr("mend it."));
    EXPECT_THAT(message.text, HasSubstr("cairn explain a.example"));
    EXPECT_THAT(message.json, HasSubstr(R"("state": "began")"));
    EXPECT_THAT(message.json, Not(HasSubstr("\x1b")));
}

TEST(NoticeMessage, CountsWhatIsTooMuchToName) {
    std::vector<Notice> notices;
    for (int i = 0; i < 5000; ++i)
        notices.push_back({Notice::Kind::began, trouble("n" + std::to_string(i)), start});
    const auto message = NoticeMessage::about(notices, "host", start);
    EXPECT_EQ(message.subject, "[cairn at host] 5000 certificates: trouble");
    EXPECT_THAT(message.text, HasSubstr("and 4900 more"));
    EXPECT_LT(message.json.size(), 100000U);
}

TEST(Mail, HasTheHeadThatServersWant) {
    const MailSettings settings{.to = {"a@a.example", "b@b.example"},
                                .from = {},
                                .server = {},
                                .user = {},
                                .password = {},
                                .root_file = {}};
    const auto message = NoticeMessage::of_test("host", start);
    const auto text = mail_text(settings, message, "host", start, "\r\n");
    EXPECT_THAT(text, HasSubstr("Date: Fri, 15 Jan 2027 08:00:00 +0000\r\n"));
    EXPECT_THAT(text, HasSubstr("From: <cairn@host>\r\n"));
    EXPECT_THAT(text, HasSubstr("To: a@a.example, b@b.example\r\n"));
    EXPECT_THAT(text, HasSubstr("Subject: [cairn at host] a test\r\n"));
    EXPECT_THAT(text, HasSubstr("\r\n\r\nThis is a test"));
}

}  // namespace
}  // namespace cairn::client::notice_ledger_test
