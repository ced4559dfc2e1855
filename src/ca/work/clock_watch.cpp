#include "ca/work/clock_watch.h"

#include <algorithm>

namespace cairn::ca {

namespace {

/// Two readings of clocks that nobody set differ by less.
constexpr ClockWatch::Duration grain = std::chrono::seconds(2);

}  // namespace

ClockWatch::ClockWatch(DatabaseOffset database_offset, Read read)
    : database_offset_(std::move(database_offset)), read_(std::move(read)) {}

void ClockWatch::begin(std::optional<base::Time> latest_believed) {
    const std::scoped_lock lock(mutex_);
    const auto reading = read_();
    std::optional<Point> latest = latest_believed;
    if (const auto offset = database_offset_ ? database_offset_() : std::nullopt; !latest && offset)
        latest = *offset + reading.since_boot;
    course_ = latest.value_or(reading.wall) - reading.since_boot;
    removal_ = course_at(reading.since_boot);
    removal_moment_ = reading.since_boot;
    const auto ahead = reading.wall - course_at(reading.since_boot);
    if (ahead < -longest_correction) stored_course_ = course_;
    if (ahead <= longest_correction) follow(reading);
    last_ahead_ = reading.wall - course_at(reading.since_boot);
    last_change_ = reading.since_boot;
}

ClockWatch::Point ClockWatch::removal_at(const base::ClockReading& reading) const {
    const auto caught_up = removal_ + 2 * (reading.since_boot - removal_moment_);
    return std::min({caught_up, course_at(reading.since_boot), reading.wall});
}

void ClockWatch::follow(const base::ClockReading& reading) {
    removal_ = removal_at(reading);
    removal_moment_ = reading.since_boot;
    course_ = reading.wall - reading.since_boot;
    last_ahead_ = Duration(0);
    last_change_ = reading.since_boot;
}

void ClockWatch::confirm(base::Time when) {
    const std::scoped_lock lock(mutex_);
    const auto reading = read_();
    const auto ahead = reading.wall - course_at(reading.since_boot);
    if (std::chrono::abs(ahead) <= tolerated_leap ||
        std::chrono::abs(reading.wall - when) > longest_correction)
        return;
    follow(reading);
    removal_ = reading.wall;
    stored_course_.reset();
}

bool ClockWatch::look() {
    const std::scoped_lock lock(mutex_);
    const auto reading = read_();
    const auto ahead = reading.wall - course_at(reading.since_boot);
    if (std::chrono::abs(ahead - last_ahead_) > grain) {
        last_ahead_ = ahead;
        last_change_ = reading.since_boot;
        // The clock agrees with the store again, so it was corrected.
        if (stored_course_ &&
            std::chrono::abs(reading.wall - (*stored_course_ + reading.since_boot)) <=
                longest_correction) {
            follow(reading);
            stored_course_.reset();
        }
        return true;
    }
    if (std::chrono::abs(ahead) <= longest_correction &&
        reading.since_boot - last_change_ >= settling_time) {
        follow(reading);
        stored_course_.reset();
    }
    return false;
}

bool ClockWatch::Deviation::is_tolerable() const {
    return std::chrono::abs(ahead) <= (from == From::course ? tolerated_leap : tolerated_skew);
}

std::vector<ClockWatch::Deviation> ClockWatch::deviations_at(
    const base::ClockReading& reading) const {
    std::vector<Deviation> deviations{
        {Deviation::From::course, reading.wall - course_at(reading.since_boot)}};
    if (const auto offset = database_offset_ ? database_offset_() : std::nullopt)
        deviations.push_back(
            {Deviation::From::database, reading.wall - (*offset + reading.since_boot)});
    return deviations;
}

bool ClockWatch::is_believed_at(const base::ClockReading& reading) const {
    return std::ranges::all_of(deviations_at(reading), &Deviation::is_tolerable);
}

std::vector<ClockWatch::Deviation> ClockWatch::deviations() const {
    const std::scoped_lock lock(mutex_);
    return deviations_at(read_());
}

bool ClockWatch::is_believed() const {
    const std::scoped_lock lock(mutex_);
    return is_believed_at(read_());
}

std::optional<base::Time> ClockWatch::removal_time() const {
    const std::scoped_lock lock(mutex_);
    const auto reading = read_();
    if (!is_believed_at(reading)) return std::nullopt;
    return std::chrono::floor<base::Seconds>(removal_at(reading));
}

std::optional<base::Time> ClockWatch::believed_time() const {
    const std::scoped_lock lock(mutex_);
    const auto reading = read_();
    if (stored_course_ || !is_believed_at(reading)) return std::nullopt;
    return std::chrono::floor<base::Seconds>(course_at(reading.since_boot));
}

}  // namespace cairn::ca
