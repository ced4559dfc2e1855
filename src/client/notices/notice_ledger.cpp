#include "client/notices/notice_ledger.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/enum_table.h"
#include "base/json_quoted.h"
#include "protocol/json.h"

namespace cairn::client {
namespace {

constexpr std::int64_t current_version = 1;

std::optional<TroubleKind> kind_from(std::string_view text) {
    for (const auto kind : base::enumerators<TroubleKind>)
        if (to_string(kind) == text) return kind;
    return std::nullopt;
}

}  // namespace

base::Result<NoticeLedger> NoticeLedger::from_json(base::BytesView json) {
    const auto object = protocol::parse_json_object(json);
    if (!object) return std::unexpected(object.error());
    protocol::MemberReader reader(*object);
    if (reader.integer("version") != current_version)
        return base::fail("is not of a version that is known here");
    NoticeLedger ledger;
    const auto* told = reader.array("told");
    if (told == nullptr) return ledger;
    for (const auto& element : *told) {
        const auto* each = element.if_object();
        if (each == nullptr || ledger.entries_.size() == max_entries) break;
        protocol::MemberReader member(*each);
        const auto kind = kind_from(member.text_or_empty("kind"));
        const auto since = member.time("since");
        const auto last = member.time("told");
        Entry entry{std::string(member.required_text("lineage")),
                    kind.value_or(TroubleKind::failure), member.text_or_empty("signature"),
                    since.value_or(base::Time()), last.value_or(base::Time())};
        if (!member.error() && kind) ledger.entries_.push_back(std::move(entry));
    }
    return ledger;
}

std::string NoticeLedger::to_json() const {
    std::string list;
    for (const auto& entry : entries_)
        list += fmt::format(
            "{}\n {{\"lineage\": {}, \"kind\": {}, \"signature\": {}, \"since\": {}, \"told\": "
            "{}}}",
            list.empty() ? "" : ",", base::json_quoted(entry.lineage),
            base::json_quoted(to_string(entry.kind)), base::json_quoted(entry.signature),
            base::json_quoted(base::to_rfc3339(entry.since)),
            base::json_quoted(base::to_rfc3339(entry.told)));
    return fmt::format("{{\n\"version\": {},\n\"told\": [{}]\n}}\n", current_version, list);
}

NoticeLedger::Next NoticeLedger::after(const TroubleReport& report, base::Time now,
                                       base::Seconds repeat) const {
    Next next;
    const auto find = [](auto& entries, const std::string& lineage, TroubleKind kind) {
        return std::ranges::find_if(entries, [&](const Entry& entry) {
            return entry.kind == kind && entry.lineage == lineage;
        });
    };
    for (const auto& trouble : report.troubles) {
        if (next.ledger.entries_.size() == max_entries) break;
        const auto known = find(entries_, trouble.lineage, trouble.kind);
        Entry entry{trouble.lineage, trouble.kind, trouble.signature, now, now};
        if (known == entries_.end() || known->signature != trouble.signature) {
            next.notices.push_back({Notice::Kind::began, trouble, now});
        } else {
            entry.since = known->since;
            entry.told = known->told;
            // A clock that was ahead must not silence for longer.
            if (now - known->told >= repeat || known->told > now) {
                entry.told = now;
                next.notices.push_back({Notice::Kind::lasts, trouble, known->since});
            }
        }
        next.ledger.entries_.push_back(std::move(entry));
    }
    for (const auto& known : entries_) {
        if (find(next.ledger.entries_, known.lineage, known.kind) != next.ledger.entries_.end())
            continue;
        const bool was_looked_at =
            std::ranges::find(report.looked_at, std::pair(known.lineage, known.kind)) !=
            report.looked_at.end();
        if (!was_looked_at) {
            next.ledger.entries_.push_back(known);
            continue;
        }
        const Trouble over{.kind = known.kind,
                           .lineage = known.lineage,
                           .signature = known.signature,
                           .summary = "all is well again",
                           .came_back = {},
                           .next = {}};
        next.notices.push_back({Notice::Kind::is_over, over, known.since});
    }
    return next;
}

}  // namespace cairn::client
