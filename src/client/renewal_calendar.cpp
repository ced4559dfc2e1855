#include "client/renewal_calendar.h"

#include <algorithm>
#include <charconv>
#include <iterator>

#include <fmt/format.h>
#include <sys/stat.h>

#include "base/bytes.h"
#include "client/durable_file.h"
#include "client/lineage.h"
#include "client/lineage_member.h"
#include "crypto/digest.h"

namespace cairn::client {
namespace {

using Entries = std::map<std::string, CalendarEntry, std::less<>>;

constexpr std::string_view format_line = "cairn-calendar 2";
constexpr std::size_t max_file = std::size_t{64} << 20;
constexpr std::size_t max_certificates = 16;
constexpr std::int64_t second = 1'000'000'000;
/// A lineage of which nothing was seen for so long is gone.
constexpr base::Seconds longest_memory = std::chrono::days{60};
/// Of the digest, in hexadecimal: enough to tell one sight from another.
constexpr std::size_t sight_length = 32;

std::int64_t nanoseconds(const timespec& time) {
    return static_cast<std::int64_t>(time.tv_sec) * second + time.tv_nsec;
}

std::int64_t number(base::Time time) {
    return time.time_since_epoch().count();
}

/// The next word of `line`, which it is taken from; empty at its end.
std::string_view take_word(std::string_view& line) {
    const auto end = std::min(line.find(' '), line.size());
    const auto word = line.substr(0, end);
    line.remove_prefix(std::min(end + 1, line.size()));
    return word;
}

std::optional<base::Time> time_from(std::string_view word) {
    std::int64_t value = 0;
    const auto [rest, error] = std::from_chars(word.data(), word.data() + word.size(), value);
    if (error != std::errc{} || rest != word.data() + word.size() || value < 0) return std::nullopt;
    return base::Time(base::Seconds(value));
}

/// Reads "ec-p256:1800000000:lifetime".
base::Result<CalendarDue> due_from(std::string_view word) {
    const auto first = word.find(':');
    const auto last = word.rfind(':');
    if (first == last) return base::fail("a due time lacks its key type or its reason");
    const auto type = crypto::key_type_from(word.substr(0, first));
    const auto time = time_from(word.substr(first + 1, last - first - 1));
    const auto reason = due_reason_from(word.substr(last + 1));
    if (!type) return std::unexpected(type.error());
    if (!time || !reason) return base::fail("a due time or its reason is none");
    return CalendarDue{*type, *time, *reason};
}

base::Result<std::pair<std::string, CalendarEntry>> entry_from(std::string_view line) {
    const auto name = LineageName::from_text(take_word(line));
    if (!name) return std::unexpected(name.error());
    CalendarEntry entry;
    entry.sight = take_word(line);
    const auto next_action = time_from(take_word(line));
    if (entry.sight.size() != sight_length || !next_action)
        return base::fail("a sight or a time is none");
    entry.next_action = *next_action;
    while (!line.empty()) {
        auto due = due_from(take_word(line));
        if (!due) return std::unexpected(due.error());
        entry.due.push_back(*due);
        if (entry.due.size() > max_certificates) return base::fail("too many key types");
    }
    if (entry.due.empty()) return base::fail("no due time");
    return std::pair(name->text(), std::move(entry));
}

std::vector<crypto::KeyType> further_types(const CalendarEntry& entry) {
    std::vector<crypto::KeyType> types;
    for (std::size_t i = 1; i < entry.due.size(); ++i) types.push_back(entry.due[i].key_type);
    return types;
}

}  // namespace

FileStamp FileStamp::of(const std::filesystem::path& path) {
    struct stat found{};
    if (::stat(path.c_str(), &found) != 0) return {};
    return {.device = found.st_dev,
            .number = found.st_ino,
            .size = static_cast<std::uint64_t>(found.st_size),
            .written = nanoseconds(found.st_mtim),
            .changed = nanoseconds(found.st_ctim)};
}

LineageSight LineageSight::of(const StateDirectory& state, const LineageName& name,
                              std::span<const crypto::KeyType> further) {
    std::vector<FileStamp> stamps{FileStamp::of(state.renewal(name)),
                                  FileStamp::of(state.facts(name))};
    const auto add = [&](const LineageMember& member) {
        const auto files = CertificateFiles::in(state.live(name), member.suffix());
        for (const auto* file :
             {&files.certificate, &files.chain, &files.full_chain, &files.private_key})
            stamps.push_back(FileStamp::of(*file));
    };
    add(name);
    for (const auto type : further) add({name, type});
    LineageSight sight;
    std::string text;
    for (const auto& stamp : stamps) {
        sight.changed = std::max({sight.changed, stamp.changed, stamp.written});
        fmt::format_to(std::back_inserter(text), "{} {} {} {} {}\n", stamp.device, stamp.number,
                       stamp.size, stamp.written, stamp.changed);
    }
    sight.digest = base::to_hex(crypto::sha256(base::bytes_of(text))).substr(0, sight_length);
    return sight;
}

std::string calendar_text(const Entries& entries) {
    std::string text(format_line);
    text += '\n';
    for (const auto& [name, entry] : entries) {
        fmt::format_to(std::back_inserter(text), "{} {} {}", name, entry.sight,
                       number(entry.next_action));
        for (const auto& due : entry.due)
            fmt::format_to(std::back_inserter(text), " {}:{}:{}", crypto::to_string(due.key_type),
                           number(due.at), to_string(due.reason));
        text += '\n';
    }
    return text;
}

base::Result<Entries> calendar_from(std::string_view text) {
    Entries entries;
    bool is_first = true;
    while (!text.empty()) {
        const auto end = text.find('\n');
        if (end == std::string_view::npos) return base::fail("the last line has no end");
        const auto line = text.substr(0, end);
        text.remove_prefix(end + 1);
        if (std::exchange(is_first, false)) {
            if (line != format_line) return base::fail("it is of another format");
            continue;
        }
        auto entry = entry_from(line);
        if (!entry) return std::unexpected(entry.error());
        entries.insert_or_assign(entries.end(), std::move(entry->first), std::move(entry->second));
    }
    return entries;
}

RenewalCalendar::RenewalCalendar(const StateDirectory& state) : state_(state) {
    // What earlier versions kept there says more than the files that are looked at here.
    for (const char* folder : {"orders", "deployments", "revocations"})
        if (!file_names_in(state.root() / folder).empty()) is_believed_ = false;
    const auto text = read_file(state.calendar(), max_file);
    if (!text) return;
    if (auto entries = calendar_from(*text)) entries_ = std::move(*entries);
}

std::optional<CalendarEntry> RenewalCalendar::find(const LineageName& name, base::Time now) const {
    std::optional<CalendarEntry> entry;
    {
        const std::scoped_lock lock(mutex_);
        const auto found = entries_.find(name.text());
        if (found == entries_.end() || !is_believed_) return std::nullopt;
        entry = found->second;
    }
    // One that is further away was entered before the clock went back.
    if (entry->next_action <= now || entry->next_action > now + longest_trust) return std::nullopt;
    const auto sight = LineageSight::of(state_, name, further_types(*entry));
    // A change that was made later than now: the clock has gone back since.
    if (sight.digest != entry->sight || sight.changed > (number(now) + 1) * second)
        return std::nullopt;
    return entry;
}

void RenewalCalendar::enter(const LineageName& name, CalendarEntry entry, const LineageSight& seen,
                            base::Time now) {
    const std::scoped_lock lock(mutex_);
    is_changed_ = true;
    entry.sight = seen.digest;
    entry.next_action = std::min(entry.next_action, now + longest_trust);
    entries_.erase(name.text());
    if (seen.changed < (number(now) - 1) * second) entries_.emplace(name.text(), std::move(entry));
}

void RenewalCalendar::forget(const LineageName& name) {
    const std::scoped_lock lock(mutex_);
    if (entries_.erase(name.text()) > 0) is_changed_ = true;
}

std::optional<base::Time> RenewalCalendar::next_action(const LineageName& name) const {
    const std::scoped_lock lock(mutex_);
    const auto found = entries_.find(name.text());
    return found == entries_.end() ? std::nullopt : std::optional(found->second.next_action);
}

void RenewalCalendar::keep(base::Time now) noexcept try {
    const std::scoped_lock lock(mutex_);
    if (!is_changed_) return;
    std::erase_if(entries_, [&](const auto& named) {
        return named.second.next_action + longest_memory < now;
    });
    write_durably(state_.calendar(), calendar_text(entries_), FileAccess::owner);
    is_changed_ = false;
} catch (const std::exception&) {
    // As the header says.
}

}  // namespace cairn::client
