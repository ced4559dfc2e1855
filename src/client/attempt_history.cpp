#include "client/attempt_history.h"

#include <algorithm>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>

#include "base/enum_table.h"
#include "client/durable_file.h"
#include "client/report_json.h"
#include "protocol/json.h"

namespace cairn::client {
namespace {

constexpr std::string_view extension = ".jsonl";
constexpr std::int64_t current_version = 1;
/// How many attempts are looked through for the newest that failed.
constexpr std::size_t max_looked_at = 2000;

constexpr base::EnumTable<AttemptWork, std::string_view> work_names({
    {AttemptWork::issue, "issue"},
    {AttemptWork::renew, "renew"},
    {AttemptWork::rehearse, "rehearse"},
    {AttemptWork::deploy, "deploy"},
});

constexpr base::EnumTable<AttemptState, std::string_view> state_names({
    {AttemptState::running, "running"},
    {AttemptState::succeeded, "succeeded"},
    {AttemptState::failed, "failed"},
    {AttemptState::interrupted, "interrupted"},
});

/// Whether an attempt's own run still holds its file.
bool is_held(const std::filesystem::path& file) {
    const FileDescriptor descriptor(::open(file.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC));
    return descriptor.is_open() && ::flock(descriptor.number(), LOCK_SH | LOCK_NB) != 0;
}

base::Result<RecordedAttempt> first_line_from(const boost::json::object& object) {
    protocol::MemberReader reader(object);
    const auto version = reader.integer("version");
    RecordedAttempt attempt;
    attempt.id = std::string(reader.required_text("attempt"));
    attempt.lineage = std::string(reader.required_text("lineage"));
    const auto work = work_names.find(reader.text_or_empty("work"));
    const auto started = reader.time("started");
    if (reader.error()) return std::unexpected(*reader.error());
    if (!version || *version > current_version)
        return base::fail("was written by a later version of cairn");
    if (!work || !started) return base::fail("work or started is missing");
    attempt.work = *work;
    attempt.started = *started;
    return attempt;
}

void take_end(protocol::MemberReader& reader, std::chrono::milliseconds after,
              RecordedAttempt& attempt) {
    const auto state = state_names.find(reader.text_or_empty("result"));
    if (!state) return;
    attempt.state = *state;
    attempt.took = after;
    attempt.left_out =
        static_cast<std::size_t>(std::max<std::int64_t>(0, reader.integer("left_out").value_or(0)));
    const auto text = reader.object_text("failure");
    if (text.empty()) return;
    if (auto failure = failure_from_json(base::bytes_of(text)))
        attempt.failure = std::move(*failure);
}

}  // namespace

std::string_view to_string(AttemptWork work) {
    return work_names[work];
}

std::string_view to_string(AttemptState state) {
    return state_names[state];
}

base::Result<RecordedAttempt> RecordedAttempt::from_lines(std::string_view text) {
    std::optional<RecordedAttempt> attempt;
    while (!text.empty()) {
        const auto end = text.find('\n');
        const auto line = text.substr(0, end);
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        const auto object = protocol::parse_json_object(base::bytes_of(line));
        if (!object) {
            if (!attempt) return std::unexpected(object.error());
            continue;  // cut off when the run was killed
        }
        if (!attempt) {
            auto first = first_line_from(*object);
            if (!first) return first;
            attempt = std::move(*first);
            continue;
        }
        protocol::MemberReader reader(*object);
        const std::chrono::milliseconds after(
            std::max<std::int64_t>(0, reader.integer("after_ms").value_or(0)));
        if (object->contains("result")) {
            // The last one counts: a hook that ran afterwards may have failed.
            take_end(reader, after, *attempt);
            continue;
        }
        if (auto event = progress_event_from_json(base::bytes_of(line)))
            attempt->steps.push_back({after, std::move(*event)});
    }
    if (!attempt) return base::fail("is empty");
    return std::move(*attempt);
}

base::Result<RecordedAttempt> RecordedAttempt::read(const std::filesystem::path& file) {
    // Before it is read: one that ends meanwhile is read as ended.
    const bool runs = is_held(file);
    const auto text = read_file(file, 2 * AttemptHistory::max_octets);
    if (!text) return std::unexpected(text.error());
    auto attempt = from_lines(*text);
    if (!attempt) return std::unexpected(attempt.error().within(file.string()));
    // The lineage may have been renamed since.
    attempt->lineage = file.parent_path().filename();
    if (runs && !attempt->took) attempt->state = AttemptState::running;
    return attempt;
}

std::vector<std::string> AttemptHistory::ids(const LineageName& lineage) const {
    std::vector<std::string> ids;
    for (auto name : file_names_in(state_.attempts(lineage)))
        if (name.ends_with(extension) && !name.starts_with('.'))
            ids.push_back(name.substr(0, name.size() - extension.size()));
    std::ranges::sort(ids, std::greater{});
    return ids;
}

std::filesystem::path AttemptHistory::file(const LineageName& lineage, std::string_view id) const {
    return state_.attempts(lineage) / fmt::format("{}{}", id, extension);
}

std::optional<RecordedAttempt> AttemptHistory::newest(const LineageName& lineage) const {
    for (const auto& id : ids(lineage))
        if (auto attempt = RecordedAttempt::read(file(lineage, id))) return std::move(*attempt);
    return std::nullopt;
}

std::optional<RecordedAttempt> AttemptHistory::find(std::string_view id) const {
    for (const auto& lineage : state_.lineages_with_attempts())
        for (const auto& known : ids(lineage))
            if (known == id)
                if (auto attempt = RecordedAttempt::read(file(lineage, id)))
                    return std::move(*attempt);
    return std::nullopt;
}

std::optional<RecordedAttempt> AttemptHistory::newest_failure() const {
    std::vector<std::pair<std::string, LineageName>> all;
    for (const auto& lineage : state_.lineages_with_attempts())
        for (auto& id : ids(lineage)) all.emplace_back(std::move(id), lineage);
    // Ids begin with the time.
    std::ranges::sort(all,
                      [](const auto& one, const auto& other) { return other.first < one.first; });
    std::optional<RecordedAttempt> newest;
    std::size_t looked_at = 0;
    for (const auto& [id, lineage] : all) {
        if (++looked_at > max_looked_at) break;
        auto attempt = RecordedAttempt::read(file(lineage, id));
        if (!attempt) continue;
        if (attempt->state == AttemptState::failed || attempt->state == AttemptState::interrupted)
            return std::move(*attempt);
        if (!newest) newest = std::move(*attempt);
    }
    return newest;
}

}  // namespace cairn::client
