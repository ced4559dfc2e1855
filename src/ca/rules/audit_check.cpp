#include "ca/rules/audit_check.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace cairn::ca {

namespace {

/// So many findings are told; more say nothing new.
constexpr std::size_t most_findings = 100;

std::string lines_from(std::uint64_t first, std::uint64_t last) {
    if (first == last) return "line " + std::to_string(first) + " is";
    return "lines " + std::to_string(first) + " to " + std::to_string(last) + " are";
}

// The text or number of a member that this program wrote, behind its name and colon; empty: there
// is none. Names that stand within texts have their quotes escaped there.
std::string_view member(std::string_view text, std::string_view name) {
    const auto key = ",\"" + std::string(name) + "\":";
    const auto at = text.find(key);
    if (at == std::string_view::npos) return {};
    auto value = text.substr(at + key.size());
    if (value.starts_with('"')) {
        value.remove_prefix(1);
        return value.substr(0, value.find('"'));
    }
    return value.substr(0, value.find_first_of(",}"));
}

std::uint64_t number(std::string_view text) {
    std::uint64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value);
    return value;
}

}  // namespace

AuditCheck::AuditCheck(std::vector<AuditHead> heads) : heads_(std::move(heads)) {
    std::ranges::sort(heads_, {}, [](const AuditHead& head) { return head.position.sequence; });
}

void AuditCheck::find(std::string text) {
    find_at(file_, line_, std::move(text));
}

void AuditCheck::find_at(std::string file, std::uint64_t line, std::string text) {
    if (report_.findings.size() < most_findings)
        report_.findings.push_back({std::move(file), line, std::move(text)});
}

void AuditCheck::begin_file(std::string name) {
    file_ = std::move(name);
    line_ = 0;
}

void AuditCheck::take_damage(std::string_view text, bool is_whole_line, std::string reason) {
    if (damage_ && damage_->file == file_) {
        damage_->octets += text.size() + (is_whole_line ? 1 : 0);
        damage_->has_whole_lines |= is_whole_line;
        return;
    }
    if (damage_)
        find_at(damage_->file, damage_->line,
                "what stands there is no line of the log: " + damage_->reason);
    damage_ = Damage{.file = file_,
                     .line = line_,
                     .reason = std::move(reason),
                     .octets = text.size() + (is_whole_line ? 1 : 0),
                     .has_whole_lines = is_whole_line};
}

void AuditCheck::settle_damage(const AuditLine& line, std::string_view text) {
    if (!damage_) return;
    const auto damage = *std::exchange(damage_, std::nullopt);
    // Where the log went on after a crash, it says what it left behind.
    const bool is_told = damage.file != file_ && line.event == to_string(AuditEvent::log_torn) &&
                         member(text, "file") == damage.file &&
                         number(member(text, "octets")) == damage.octets;
    if (is_told)
        report_.remarks.push_back(
            {damage.file, damage.line,
             "a crash tore what was being written; the log goes on in " + file_});
    else
        find_at(damage.file, damage.line,
                "what stands there is no line of the log: " + damage.reason);
}

void AuditCheck::take(std::string_view text) {
    ++line_;
    const auto line = AuditLine::from_text(text);
    if (!line) {
        take_damage(text, true, line.error().message);
        return;
    }
    settle_damage(*line, text);
    const auto hash = crypto::sha256(base::bytes_of(text));
    ++report_.lines;
    if (last_.sequence == 0)
        check_first(*line);
    else
        check_place(*line);
    if (line->event == to_string(AuditEvent::log_remove)) take_removal(text);
    if (line->event == to_string(AuditEvent::log_damaged))
        find("the log says itself that it was damaged: " +
             (member(text, "reason").empty() ? "others changed " + std::string(member(text, "file"))
                                             : std::string(member(text, "reason"))));
    if (line->sequence <= last_.sequence) return;  // it was said
    check_heads(*line, hash);
    last_ = {line->sequence, hash};
    last_file_ = file_;
    last_line_ = line_;
    report_.last = line->sequence;
    report_.last_time = line->time;
}

void AuditCheck::check_first(const AuditLine& line) {
    report_.first = line.sequence;
    missing_ = {line.sequence - 1, line.previous};
    first_file_ = file_;
    if (line.sequence == 1 && line.previous != crypto::Sha256Digest{})
        find("line 1 of the log names a line before it");
}

void AuditCheck::check_place(const AuditLine& line) {
    if (line.sequence <= last_.sequence) {
        find("line " + std::to_string(line.sequence) + " of the log stands behind line " +
             std::to_string(last_.sequence) + ": lines were moved, or stand there twice");
        return;
    }
    if (line.sequence > last_.sequence + 1) {
        find(lines_from(last_.sequence + 1, line.sequence - 1) + " missing before this one");
        return;
    }
    if (line.previous != last_.hash)
        find_at(last_file_, last_line_,
                "line " + std::to_string(last_.sequence) +
                    " of the log is not what the next line says of it: one of both was changed");
}

void AuditCheck::check_heads(const AuditLine& line, const crypto::Sha256Digest& hash) {
    for (; next_head_ < heads_.size(); ++next_head_) {
        const auto& head = heads_[next_head_];
        const auto sequence = head.position.sequence;
        if (sequence > line.sequence) return;
        if (sequence < line.sequence) {
            // Its line is missing. Before the first one, that is told by the begin of the log.
            continue;
        }
        if (head.position.hash == hash) {
            ++report_.heads;
            report_.last_head = matched_ = sequence;
            continue;
        }
        find("line " + std::to_string(sequence) + " of the log is not the one that was signed on " +
             base::to_rfc3339(head.at) + ": lines behind line " + std::to_string(matched_) +
             ", up to this one, were changed and the chain was computed anew");
        matched_ = sequence;
    }
}

void AuditCheck::take_removal(std::string_view text) {
    if (missing_.sequence == 0 || number(member(text, "through")) != missing_.sequence) return;
    if (member(text, "hash") == base::to_hex(missing_.hash)) is_removal_told_ = true;
}

void AuditCheck::take_rest(std::string_view rest) {
    ++line_;
    take_damage(rest, false, "it is not complete");
}

AuditCheck::Report AuditCheck::end() {
    if (damage_ && !damage_->has_whole_lines && damage_->file == file_)
        report_.remarks.push_back(
            {damage_->file, damage_->line,
             "the last line is not complete: it is being written, or a crash tore it before it was "
             "acknowledged"});
    else if (damage_)
        find_at(damage_->file, damage_->line,
                "what stands there is no line of the log: " + damage_->reason);
    damage_.reset();
    if (missing_.sequence > 0 && is_removal_told_)
        report_.remarks.push_back({first_file_, 1,
                                   lines_from(1, missing_.sequence) +
                                       " not there: they were removed when their time was over, as "
                                       "the log itself says"});
    else if (missing_.sequence > 0)
        find_at(first_file_, 1, lines_from(1, missing_.sequence) + " missing before this one");
    if (!heads_.empty() && heads_.back().position.sequence > last_.sequence) {
        const auto& head = heads_.back();
        find_at(last_file_, last_line_,
                "the log was cut: it ends with line " + std::to_string(last_.sequence) +
                    ", and line " + std::to_string(head.position.sequence) + " was signed on " +
                    base::to_rfc3339(head.at));
    }
    return std::exchange(report_, {});
}

}  // namespace cairn::ca
