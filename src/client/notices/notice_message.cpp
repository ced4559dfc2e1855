#include "client/notices/notice_message.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <unistd.h>

#include "base/json_quoted.h"

namespace cairn::client {
namespace {

/// More lineages than that are counted, not named.
constexpr std::size_t max_notices = 100;
constexpr std::size_t max_words = 2000;
constexpr std::size_t max_line = 900;

std::string_view state_of(Notice::Kind kind) {
    switch (kind) {
        case Notice::Kind::began:
            return "began";
        case Notice::Kind::lasts:
            return "lasts";
        case Notice::Kind::is_over:
            return "over";
    }
    return {};
}

/// Printable lines, broken where they would be too long for a mail; each set in.
std::string paragraph(std::string_view label, const std::string& words) {
    std::string text;
    std::string_view rest = words;
    if (rest.size() > max_words) rest = rest.substr(0, max_words);
    while (!rest.empty()) {
        const auto end = std::min(rest.find('\n'), max_line);
        text += fmt::format("  {:<12}{}\n", text.empty() ? label : "",
                            base::printable(rest.substr(0, end), max_line));
        rest.remove_prefix(std::min(rest.size(), end + (end < rest.size() && rest[end] == '\n')));
    }
    return text;
}

std::string paragraph_of(const Notice& notice) {
    const auto& trouble = notice.trouble;
    if (notice.kind == Notice::Kind::is_over)
        return fmt::format("{}: all is well again ({} since {}).\n", trouble.lineage,
                           to_string(trouble.kind), base::to_rfc3339(notice.since));
    auto text = fmt::format("{}: {}{}\n", trouble.lineage, base::printable(trouble.summary, 600),
                            notice.kind == Notice::Kind::lasts
                                ? fmt::format(" (since {})", base::to_rfc3339(notice.since))
                                : "");
    text += paragraph("Came back:", trouble.came_back);
    text += paragraph("Next:", trouble.next);
    if (trouble.kind == TroubleKind::failure)
        text += paragraph("Timeline:", fmt::format("cairn explain {}", trouble.lineage));
    return text;
}

std::string json_of(const Notice& notice) {
    const auto& trouble = notice.trouble;
    auto json = fmt::format(
        "{{\"kind\": {}, \"state\": {}, \"lineage\": {}, \"since\": {}, \"summary\": {}",
        base::json_quoted(to_string(trouble.kind)), base::json_quoted(state_of(notice.kind)),
        base::json_quoted(trouble.lineage), base::json_quoted(base::to_rfc3339(notice.since)),
        base::json_quoted(base::printable(trouble.summary, 600)));
    const auto add = [&](std::string_view name, const std::string& words) {
        if (!words.empty())
            json += fmt::format(", \"{}\": {}", name,
                                base::json_quoted(std::string_view(words).substr(0, max_words)));
    };
    add("came_back", trouble.came_back);
    add("next", trouble.next);
    if (trouble.not_after) add("not_after", base::to_rfc3339(*trouble.not_after));
    return json + "}";
}

std::string whole_json(const std::string& host, base::Time now, const std::string& text,
                       const std::string& notices) {
    return fmt::format(
        "{{\"version\": 1, \"host\": {}, \"time\": {}, \"text\": {}, \"notices\": [{}]}}",
        base::json_quoted(host), base::json_quoted(base::to_rfc3339(now)), base::json_quoted(text),
        notices);
}

}  // namespace

NoticeMessage NoticeMessage::about(const std::vector<Notice>& notices, const std::string& host,
                                   base::Time now) {
    const auto count_over = std::ranges::count(notices, Notice::Kind::is_over, &Notice::kind);
    const auto count_wrong = static_cast<std::ptrdiff_t>(notices.size()) - count_over;
    NoticeMessage message;
    const auto& first = notices.front().trouble.lineage;
    const auto subject_of = [&](std::ptrdiff_t count, std::string_view words) {
        return count == 1 ? fmt::format("{}: {}", first, words)
                          : fmt::format("{} certificates: {}", count, words);
    };
    message.subject = fmt::format("[cairn at {}] {}", host,
                                  count_wrong > 0 ? subject_of(count_wrong, "trouble")
                                                  : subject_of(count_over, "well again"));
    std::string list;
    std::size_t told = 0;
    for (const auto& notice : notices) {
        if (++told > max_notices) {
            message.text += fmt::format("\nand {} more: `cairn status` shows them.\n",
                                        notices.size() - max_notices);
            break;
        }
        if (!message.text.empty()) message.text += "\n";
        message.text += paragraph_of(notice);
        list += (list.empty() ? "" : ", ") + json_of(notice);
    }
    message.json = whole_json(host, now, message.text, list);
    return message;
}

NoticeMessage NoticeMessage::of_test(const std::string& host, base::Time now) {
    NoticeMessage message;
    message.subject = fmt::format("[cairn at {}] a test", host);
    message.text = fmt::format(
        "This is a test: what goes wrong with the certificates of {} is told here.\n", host);
    message.json = whole_json(host, now, message.text, "");
    return message;
}

std::string name_of_host() {
    std::array<char, 256> name{};
    if (::gethostname(name.data(), name.size() - 1) != 0 || name.front() == '\0')
        return "localhost";
    return base::printable(name.data(), 255);
}

}  // namespace cairn::client
