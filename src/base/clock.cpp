#include "base/clock.h"

#include <ctime>
#include <optional>

namespace cairn::base {
namespace {

/// Reads a text from its front, piece by piece.
class Reader {
  public:
    explicit Reader(std::string_view text) : rest_(text) {}

    /// A number of exactly `digits` decimal digits.
    std::optional<int> number(std::size_t digits) {
        if (rest_.size() < digits) return std::nullopt;
        int value = 0;
        for (const char c : rest_.substr(0, digits)) {
            if (!is_digit(c)) return std::nullopt;
            value = value * 10 + (c - '0');
        }
        rest_.remove_prefix(digits);
        return value;
    }
    /// One character out of `set`.
    std::optional<char> one_of(std::string_view set) {
        if (rest_.empty() || !set.contains(rest_.front())) return std::nullopt;
        const char c = rest_.front();
        rest_.remove_prefix(1);
        return c;
    }
    /// Skips all digits; how many there were.
    std::size_t skip_digits() {
        std::size_t count = 0;
        while (count < rest_.size() && is_digit(rest_[count])) ++count;
        rest_.remove_prefix(count);
        return count;
    }
    [[nodiscard]] bool at_end() const { return rest_.empty(); }

  private:
    static bool is_digit(char c) { return c >= '0' && c <= '9'; }
    std::string_view rest_;
};

std::optional<Seconds> time_of_day(Reader& reader) {
    const auto hour = reader.number(2);
    if (!hour || !reader.one_of(":")) return std::nullopt;
    const auto minute = reader.number(2);
    if (!minute || !reader.one_of(":")) return std::nullopt;
    const auto second = reader.number(2);
    if (!second) return std::nullopt;
    if (reader.one_of(".") && reader.skip_digits() == 0) return std::nullopt;
    // A leap second has no place in UTC as POSIX counts it.
    if (*hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
    return std::chrono::hours(*hour) + std::chrono::minutes(*minute) + Seconds(*second);
}

std::optional<Seconds> offset_from_utc(Reader& reader) {
    const auto sign = reader.one_of("Zz+-");
    if (!sign) return std::nullopt;
    if (*sign == 'Z' || *sign == 'z') return Seconds(0);
    const auto hour = reader.number(2);
    if (!hour || !reader.one_of(":")) return std::nullopt;
    const auto minute = reader.number(2);
    if (!minute || *hour > 23 || *minute > 59) return std::nullopt;
    const Seconds offset = std::chrono::hours(*hour) + std::chrono::minutes(*minute);
    return *sign == '+' ? offset : -offset;
}

std::optional<std::chrono::sys_days> date(Reader& reader) {
    const auto year = reader.number(4);
    if (!year || !reader.one_of("-")) return std::nullopt;
    const auto month = reader.number(2);
    if (!month || !reader.one_of("-")) return std::nullopt;
    const auto day = reader.number(2);
    if (!day) return std::nullopt;
    const std::chrono::year_month_day result{std::chrono::year(*year),
                                             std::chrono::month(static_cast<unsigned>(*month)),
                                             std::chrono::day(static_cast<unsigned>(*day))};
    if (!result.ok()) return std::nullopt;
    return std::chrono::sys_days(result);
}

void append_two_digits(std::string& text, unsigned number) {
    text += static_cast<char>('0' + number / 10 % 10);
    text += static_cast<char>('0' + number % 10);
}

}  // namespace

Time SystemClock::now() const {
    return std::chrono::floor<Seconds>(std::chrono::system_clock::now());
}

std::chrono::milliseconds time_since_boot() {
    timespec time{};
    ::clock_gettime(CLOCK_BOOTTIME, &time);
    return std::chrono::duration_cast<std::chrono::milliseconds>(
        Seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec));
}

ClockReading read_clocks() {
    return {.wall = std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()),
            .since_boot = time_since_boot()};
}

// Written by hand for speed: every object and every line of the log has a time.
void append_date_and_time(std::string& text, Time time) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day calendar(day);
    const std::chrono::hh_mm_ss clock(time - day);
    const auto year = static_cast<unsigned>(static_cast<int>(calendar.year()));
    append_two_digits(text, year / 100);
    append_two_digits(text, year % 100);
    text += '-';
    append_two_digits(text, static_cast<unsigned>(calendar.month()));
    text += '-';
    append_two_digits(text, static_cast<unsigned>(calendar.day()));
    text += 'T';
    append_two_digits(text, static_cast<unsigned>(clock.hours().count()));
    text += ':';
    append_two_digits(text, static_cast<unsigned>(clock.minutes().count()));
    text += ':';
    append_two_digits(text, static_cast<unsigned>(clock.seconds().count()));
}

std::string to_rfc3339(Time time) {
    std::string text;
    text.reserve(20);
    append_date_and_time(text, time);
    text += 'Z';
    return text;
}

Result<Time> from_rfc3339(std::string_view text) {
    Reader reader(text);
    const auto day = date(reader);
    if (!day) return fail("time does not start with a date of the calendar, YYYY-MM-DD");
    if (!reader.one_of("Tt")) return fail("time has no T after its date");
    const auto within_day = time_of_day(reader);
    if (!within_day) return fail("time has no valid time of day, HH:MM:SS");
    const auto offset = offset_from_utc(reader);
    if (!offset) return fail("time has no valid offset, Z or +HH:MM");
    if (!reader.at_end()) return fail("time has something after its offset");

    const Time time = *day + *within_day - *offset;
    constexpr Time end = std::chrono::sys_days(std::chrono::year(10000) / 1 / 1);
    if (time < Time{} || time >= end) return fail("time is outside the years 1970 to 9999");
    return time;
}

}  // namespace cairn::base
