#include "client/attempt_record.h"

#include <algorithm>
#include <charconv>

#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/json_quoted.h"
#include "client/local_evidence.h"
#include "client/report_json.h"

namespace cairn::client {
namespace {

constexpr std::size_t max_prelude = 50;
/// Of one step. What is longer is shortened.
constexpr std::size_t max_line = std::size_t{32} << 10;
constexpr std::size_t max_listed = 10;
constexpr std::size_t max_words = 4000;
/// For the last line, whatever the steps before it took.
constexpr std::size_t room_for_end = std::size_t{80} << 10;

/// Whether a step shows that something is being attempted.
bool begins_attempt(const ProgressEvent& event) {
    switch (phase_of(event.kind)) {
        case Phase::install:
        case Phase::other:
            return false;
        case Phase::account:
        case Phase::binding:
        case Phase::order:
        case Phase::authorization:
        case Phase::challenge:
        case Phase::finalize:
        case Phase::download:
        case Phase::deploy:
        case Phase::revocation:
            return true;
    }
    return false;
}

ProgressEvent shortened(ProgressEvent event) {
    if (event.identifiers.size() > max_listed)
        event.identifiers.erase(event.identifiers.begin() + max_listed, event.identifiers.end());
    if (event.problem && event.problem->subproblems.size() > max_listed)
        event.problem->subproblems.resize(max_listed);
    event.text.resize(std::min(event.text.size(), max_words));
    if (event.failure)
        event.failure =
            Failure({event.failure->tried().substr(0, max_words), event.failure->phase()},
                    event.failure->came_back().substr(0, max_words));
    return event;
}

/// "20261130T084200Z-3f2a". Ids tell the order of a lineage's attempts, so it comes behind
/// `newest`, the newest one that is known, also if that is of the same second.
std::string new_id(base::Time time, std::string_view newest, crypto::Random& random) {
    constexpr unsigned greatest = 0xffff;
    auto text = base::to_rfc3339(time);
    std::erase_if(text, [](char c) { return c == '-' || c == ':'; });
    text += '-';
    const auto octets = random.octets(2);
    // The first of a second leaves room for others.
    unsigned number = (unsigned{octets[0]} << 8U | octets[1]) >> 2U;
    if (newest.starts_with(text)) {
        unsigned before = 0;
        const auto digits = newest.substr(text.size());
        std::from_chars(digits.data(), digits.data() + digits.size(), before, 16);
        number = std::min(before + 1 + octets[0], greatest);
    }
    return fmt::format("{}{:04x}", text, number);
}

/// `object`, which is not empty, with a member before its own.
std::string with_member(std::string_view name, std::string_view value, std::string_view object) {
    return fmt::format("{{\"{}\": {}, {}", name, value, object.substr(1));
}

}  // namespace

void AttemptRecord::tell(const ProgressEvent& event) {
    listener_.tell(event);
    keep(event);
    if (event.kind != ProgressKind::proof_failed || environment_.evidence == nullptr) return;
    for (auto& sentence : environment_.evidence->about(event)) {
        const ProgressEvent sight{.kind = ProgressKind::seen_from_here,
                                  .identifiers = event.identifiers,
                                  .challenge = event.challenge,
                                  .text = std::move(sentence),
                                  .lineage = event.lineage};
        listener_.tell(sight);
        keep(sight);
    }
}

void AttemptRecord::keep(const ProgressEvent& event) {
    const std::scoped_lock lock(mutex_);
    if (!has_begun_) {
        if (!begins_attempt(event)) {
            if (prelude_.size() < max_prelude) prelude_.push_back(event);
            return;
        }
        open();
    }
    auto json = to_json(event);
    if (json.size() > max_line) json = to_json(shortened(event));
    append(with_member("after_ms", elapsed(), json));
}

void AttemptRecord::succeed() {
    const std::scoped_lock lock(mutex_);
    if (has_begun_) end(AttemptState::succeeded, nullptr);
}

void AttemptRecord::fail(const Failure& failure) {
    std::string kept;
    {
        const std::scoped_lock lock(mutex_);
        if (!has_begun_) open();
        end(AttemptState::failed, &failure);
        kept = id_;
    }
    if (!kept.empty())
        listener_.tell({.kind = ProgressKind::attempt_kept, .text = std::move(kept)});
}

std::string AttemptRecord::begin() {
    const std::scoped_lock lock(mutex_);
    if (!has_begun_) open();
    return id_;
}

std::string AttemptRecord::id() const {
    const std::scoped_lock lock(mutex_);
    return id_;
}

std::string AttemptRecord::elapsed() const {
    const auto time = environment_.timer.now() - started_;
    return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(time).count());
}

void AttemptRecord::open() try {
    has_begun_ = true;
    started_ = environment_.timer.now();
    const auto folder = environment_.state.attempts(lineage_);
    make_private_directory(folder);
    const AttemptHistory history(environment_.state);
    const auto known = history.ids(lineage_);
    for (std::size_t i = AttemptHistory::max_attempts - 1; i < known.size(); ++i)
        std::filesystem::remove(history.file(lineage_, known[i]));
    const auto time = environment_.clock.now();
    auto id = new_id(time, known.empty() ? std::string() : known.front(), environment_.random);
    file_ = FileDescriptor(::open(history.file(lineage_, id).c_str(),
                                  O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_APPEND | O_CLOEXEC,
                                  0600));
    if (!file_.is_open()) return;
    ::flock(file_.number(), LOCK_EX | LOCK_NB);
    id_ = std::move(id);
    append(fmt::format(
        "{{\"version\": 1, \"attempt\": {}, \"lineage\": {}, \"work\": {}, "
        "\"started\": {}}}",
        base::json_quoted(id_), base::json_quoted(lineage_.text()),
        base::json_quoted(to_string(work_)), base::json_quoted(base::to_rfc3339(time))));
    for (const auto& event : prelude_) append(with_member("after_ms", "0", to_json(event)));
    prelude_.clear();
} catch (const std::exception&) {
    file_.close();
}

void AttemptRecord::end(AttemptState state, const Failure* failure) {
    if (!file_.is_open()) return;
    auto json = fmt::format("{{\"after_ms\": {}, \"result\": {}", elapsed(),
                            base::json_quoted(to_string(state)));
    if (left_out_ > 0) json += fmt::format(", \"left_out\": {}", left_out_);
    if (failure != nullptr) json += fmt::format(", \"failure\": {}", to_json(bounded(*failure)));
    // However many steps there were.
    octets_ = 0;
    append(json + "}");
    file_.close();
}

void AttemptRecord::append(const std::string& line) {
    if (!file_.is_open()) return;
    if (octets_ + line.size() + room_for_end > AttemptHistory::max_octets) {
        ++left_out_;
        return;
    }
    octets_ += line.size() + 1;
    auto rest = line + "\n";
    // In one call where the disk allows it: a kill between two would cut the line.
    while (!rest.empty()) {
        const auto count = ::write(file_.number(), rest.data(), rest.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) {
            file_.close();
            return;
        }
        rest.erase(0, static_cast<std::size_t>(count));
    }
}

void AttemptAppendix::tell(const ProgressEvent& event) {
    listener_.tell(event);
    events_.push_back(event);
}

void AttemptAppendix::keep(const StateDirectory& state, const LineageName& lineage,
                           const std::string& id, const Failure* failure) const noexcept try {
    if (id.empty()) return;
    const auto file = AttemptHistory(state).file(lineage, id);
    const auto attempt = RecordedAttempt::read(file);
    if (!attempt || !attempt->took) return;
    const auto after = std::to_string(attempt->took->count());
    std::string lines;
    for (const auto& event : events_)
        lines += with_member("after_ms", after, to_json(shortened(event))) + "\n";
    if (failure != nullptr && attempt->state != AttemptState::failed)
        lines += fmt::format("{{\"after_ms\": {}, \"result\": {}, \"failure\": {}}}\n", after,
                             base::json_quoted(to_string(AttemptState::failed)),
                             to_json(bounded(*failure)));
    const FileDescriptor descriptor(
        ::open(file.c_str(), O_WRONLY | O_APPEND | O_NOFOLLOW | O_CLOEXEC));
    if (descriptor.is_open() && ::write(descriptor.number(), lines.data(), lines.size()) < 0)
        return;  // What is kept of the attempt stays as it was.
} catch (const std::exception&) {
    // As of an attempt itself.
}

}  // namespace cairn::client
