#include "apps/ca/audit_selection.h"

#include <vector>

#include <boost/json/parse.hpp>

#include <gtest/gtest.h>

namespace cairn::apps::audit_selection_test {
namespace {

/// Two accounts, each with an order; the first one's order comes to a certificate.
const std::vector<std::string> log{
    R"({"seq":1,"time":"2026-11-30T12:00:00Z","event":"account.create","account":"A","request":"r1"})",
    R"({"seq":2,"time":"2026-11-30T12:00:01Z","event":"account.create","account":"B"})",
    R"({"seq":3,"time":"2026-11-30T12:00:02Z","event":"order.create","account":"A","order":"OA",)"
    R"("authorizations":["Z1"]})",
    R"({"seq":4,"time":"2026-11-30T12:00:02Z","event":"order.reuse","act":3,"order":"OA",)"
    R"("authorizations":["Z0"]})",
    R"({"seq":5,"time":"2026-11-30T12:00:03Z","event":"order.create","account":"B","order":"OB",)"
    R"("authorizations":["Z2"]})",
    R"({"seq":6,"time":"2026-11-30T12:00:03Z","event":"undone","act":5,"reason":"a limit"})",
    R"({"seq":7,"time":"2026-11-30T12:00:04Z","event":"validation.end","authorization":"Z1"})",
    R"({"seq":8,"time":"2026-11-30T12:00:05Z","event":"validation.end","authorization":"Z2"})",
    R"({"seq":9,"time":"2026-11-30T12:00:06Z","event":"issuance.begin","order":"OA","serial":"0a"})",
    R"({"seq":10,"time":"2026-11-30T12:00:07Z","event":"certificate.revoke","serial":"0a"})",
    R"({"seq":11,"time":"2026-11-30T12:00:08Z","event":"undone","act":10,"reason":"it was"})",
    R"({"seq":12,"time":"2026-11-30T12:00:09Z","event":"certificate.revoke","serial":"0b"})",
};

/// The numbers of the lines that are shown.
std::vector<std::int64_t> shown(AuditSelection::Wanted wanted) {
    AuditSelection selection(std::move(wanted));
    const auto read = [](const std::string& line) { return boost::json::parse(line).as_object(); };
    for (int pass = 0; pass < selection.passes(); ++pass)
        for (const auto& line : log) selection.look_at(read(line));
    std::vector<std::int64_t> numbers;
    for (const auto& line : log)
        if (const auto object = read(line); selection.has(object))
            numbers.push_back(object.at("seq").as_int64());
    return numbers;
}

TEST(AuditSelection, HasWhatBelongsToAnObject) {
    using Numbers = std::vector<std::int64_t>;
    EXPECT_EQ(shown({}).size(), log.size());
    EXPECT_EQ(shown({.request = "r1"}), (Numbers{1}));
    EXPECT_EQ(shown({.account = "A"}), (Numbers{1, 3, 4, 7, 9, 10, 11}));
    EXPECT_EQ(shown({.account = "B"}), (Numbers{2, 5, 6, 8}));
    EXPECT_EQ(shown({.order = "OA"}), (Numbers{3, 4, 7, 9, 10, 11}));
    EXPECT_EQ(shown({.authorization = "Z2"}), (Numbers{8}));
    EXPECT_EQ(shown({.serial = "0A"}), (Numbers{3, 4, 7, 9, 10, 11}));
    EXPECT_EQ(shown({.serial = "0b"}), (Numbers{12}));
    EXPECT_EQ(shown({.serial = "0c"}), Numbers{});
}

TEST(AuditSelection, HasEventsAndTimes) {
    using Numbers = std::vector<std::int64_t>;
    EXPECT_EQ(shown({.event = "order"}), (Numbers{3, 4, 5, 6}));
    EXPECT_EQ(shown({.event = "order.create"}), (Numbers{3, 5, 6}));
    EXPECT_EQ(shown({.event = "ord"}), Numbers{});
    EXPECT_EQ(shown({.account = "B", .event = "validation"}), (Numbers{8}));
    const auto at = [](const std::string& text) { return *base::from_rfc3339(text); };
    EXPECT_EQ(shown({.since = at("2026-11-30T12:00:08Z")}), (Numbers{11, 12}));
    EXPECT_EQ(shown({.since = at("2026-11-30T12:00:01Z"), .until = at("2026-11-30T12:00:02Z")}),
              (Numbers{2, 3, 4}));
}

}  // namespace
}  // namespace cairn::apps::audit_selection_test
