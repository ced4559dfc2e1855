#include "ca/facts/account_scope.h"

#include <algorithm>

namespace cairn::ca {

namespace {

constexpr std::string_view allow_mark = "allow ";
constexpr std::string_view deny_mark = "deny ";
constexpr std::string_view uri_mark = "uri ";

constexpr std::size_t most_entries = 1000;

}  // namespace

bool AccountScope::allows_uri(std::string_view uri) const {
    return std::ranges::any_of(uris,
                               [&](const UriPattern& pattern) { return pattern.matches(uri); });
}

std::string AccountScope::to_text() const {
    std::string text;
    const auto add = [&](std::string_view mark, std::string_view entry) {
        text.append(mark).append(entry) += '\n';
    };
    for (const auto& entry : names.allow.entries()) add(allow_mark, entry);
    for (const auto& entry : names.deny.entries()) add(deny_mark, entry);
    for (const auto& pattern : uris) add(uri_mark, pattern.text());
    return text;
}

base::Result<AccountScope> AccountScope::from_text(std::string_view text) {
    std::vector<std::string> allow, deny, uris;
    while (!text.empty()) {
        const auto end = text.find('\n');
        const auto line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        if (line.starts_with(allow_mark))
            allow.emplace_back(line.substr(allow_mark.size()));
        else if (line.starts_with(deny_mark))
            deny.emplace_back(line.substr(deny_mark.size()));
        else if (line.starts_with(uri_mark))
            uris.emplace_back(line.substr(uri_mark.size()));
        else
            return base::fail("a scope has a line of an unknown kind");
    }
    return of(allow, deny, uris);
}

base::Result<AccountScope> AccountScope::of(const std::vector<std::string>& allow,
                                            const std::vector<std::string>& deny,
                                            const std::vector<std::string>& uris) {
    // An account is read with its scope for each of its requests.
    if (allow.size() > most_entries || deny.size() > most_entries || uris.size() > most_entries)
        return base::fail("one account can have at most " + std::to_string(most_entries) +
                          " entries of each kind; a profile can have more");
    AccountScope scope;
    std::string findings;
    const auto find = [&findings](const base::Error& error, const std::string& where) {
        findings += (findings.empty() ? "" : "; ") + error.within(where).message;
    };
    auto allowed = NameList::of(allow);
    if (!allowed) find(allowed.error(), "allowed names");
    auto denied = NameList::of(deny);
    if (!denied) find(denied.error(), "denied names");
    for (const auto& text : uris) {
        auto pattern = UriPattern::from_text(text);
        if (pattern)
            scope.uris.push_back(*std::move(pattern));
        else
            find(pattern.error(), "URI \"" + base::printable(text, 200) + "\"");
    }
    if (!findings.empty()) return base::fail(findings);
    scope.names = {*std::move(allowed), *std::move(denied)};
    return scope;
}

}  // namespace cairn::ca
