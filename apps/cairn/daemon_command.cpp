#include <algorithm>
#include <atomic>
#include <charconv>
#include <cstdlib>
#include <string_view>
#include <thread>
#include <utility>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "apps/cairn/commands.h"
#include "apps/cairn/notification.h"
#include "apps/cairn/renewal_report.h"
#include "apps/cairn/service_events.h"
#include "base/service_notice.h"
#include "client/challenge_journal.h"
#include "client/renewal_calendar.h"
#include "client/renewal_rounds.h"

namespace cairn {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

/// How long a wait is at most before the wall clock is read again: it may be set, and the machine
/// may sleep.
constexpr milliseconds longest_wait = 1min;
/// A round in which nothing is told for so long is stuck; the service manager is told no more then
/// that all is well. Every single wait of a renewal is shorter.
constexpr milliseconds longest_silence = 30min;
constexpr base::Seconds pause_after_fault = 5min;
/// How often what is served is looked at.
constexpr base::Seconds pause_between_watches = 6h;

/// How often the service manager wants to hear that all is well; nothing if it does not.
std::optional<milliseconds> watchdog_interval() {
    const char* const text = std::getenv("WATCHDOG_USEC");
    const char* const process = std::getenv("WATCHDOG_PID");
    if (text == nullptr || (process != nullptr && process != std::to_string(::getpid())))
        return std::nullopt;
    const std::string_view digits(text);
    std::int64_t microseconds = 0;
    const auto [rest, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), microseconds);
    if (error != std::errc{} || rest != digits.data() + digits.size() || microseconds < 1)
        return std::nullopt;
    // Half of it, as sd_watchdog_enabled(3) recommends.
    return std::max(
        std::chrono::duration_cast<milliseconds>(std::chrono::microseconds(microseconds)) / 2, 1ms);
}

/// Passes on what a round tells, and knows when it was heard last.
class LifeSigns final : public client::Progress {
  public:
    explicit LifeSigns(client::Progress& listener) : listener_(listener) { note(); }
    void tell(const client::ProgressEvent& event) override {
        note();
        listener_.tell(event);
    }
    void count(std::size_t, std::size_t) override { note(); }
    void note() { last_ = std::chrono::steady_clock::now().time_since_epoch(); }
    [[nodiscard]] bool are_recent() const {
        return std::chrono::steady_clock::now().time_since_epoch() - last_.load() < longest_silence;
    }

  private:
    client::Progress& listener_;
    std::atomic<std::chrono::steady_clock::duration> last_{};
};

/// Renews whenever something is due.
class Daemon {
  public:
    explicit Daemon(Run& run)
        : run_(run),
          events_(run.stop_token()),
          rounds_(run.random()),
          life_signs_(run.console()),
          watchdog_(watchdog_interval()) {
        events_.watch(run.state().root() / "renewal");
        events_.watch(run.state().root() / "facts");
    }

    void serve() {
        look();
        base::notify_service_manager("READY=1");
        run_.console().say(
            fmt::format("Renewing what is due in {}.", run_.state().root().string()));
        for (;;) {
            begin_round();
            if (const auto event = await_round(); event == ServiceEvent::stop) break;
            tell_status();
            if (await_next_round() == ServiceEvent::stop) break;
        }
        base::notify_service_manager("STOPPING=1");
    }

  private:
    /// Throws Failure if the state cannot be used.
    void look() { lineages_ = run_.lineages({}); }

    void begin_round() {
        is_round_over_ = false;
        life_signs_.note();
        worker_ = std::jthread([this] {
            round();
            is_round_over_ = true;
            events_.wake();
        });
    }

    void round() {
        const auto now = [this] { return run_.clock().now(); };
        try {
            look();
            Run::Round parts(run_);
            client::clean_up_after_crashes(run_.state(), parts.solvers, run_.console());
            const auto outcomes = client::renew(
                run_.environment(parts), rounds_.to_look_at(lineages_, now()), {}, life_signs_);
            if (run_.timer().is_stopped()) return;
            tell(run_.console(), outcomes, TellingOf::events, client::Installing::yes);
            notify_of(run_, outcomes, life_signs_);
            if (now() - served_watched_ >= pause_between_watches || served_watched_ > now()) {
                served_watched_ = now();
                watch_revocations(run_, lineages_, life_signs_);
                watch_served(run_, lineages_, life_signs_);
            }
            rounds_.note(outcomes, now());
            next_round_ =
                rounds_.next_round(lineages_, client::RenewalCalendar(run_.state()), now());
        } catch (const client::Failure& failure) {
            postpone(failure);
        } catch (const std::exception& fault) {
            postpone({"look at what is to be renewed", fault.what()});
        }
    }

    void postpone(const client::Failure& failure) {
        if (run_.timer().is_stopped()) return;
        run_.console().fail(failure);
        next_round_ = run_.clock().now() + pause_after_fault;
    }

    /// Waits until the round has ended; the work of one that is told to stop ends soon, too.
    ServiceEvent await_round() {
        auto told = ServiceEvent::time;
        while (!is_round_over_) {
            const auto event = wait(longest_wait);
            if (event == ServiceEvent::stop) {
                base::notify_service_manager("STOPPING=1");
                told = event;
                break;
            }
            if (event == ServiceEvent::reload || event == ServiceEvent::check_now)
                is_asked_for_ = true;
            // The round goes by the settings that it began with.
            if (event == ServiceEvent::reload) is_reload_asked_ = true;
            if (event == ServiceEvent::changed) has_changed_ = true;
        }
        worker_.join();
        if (std::exchange(is_reload_asked_, false) && told != ServiceEvent::stop) reload();
        return told;
    }

    /// Waits until there is something to look at.
    ServiceEvent await_next_round() {
        for (;;) {
            if (std::exchange(is_asked_for_, false)) {
                rounds_.forget_failures();
                return ServiceEvent::check_now;
            }
            if (std::exchange(has_changed_, false)) {
                note_changes();
                // Whoever changes something often changes more of it in the next moment.
                next_round_ = std::min(next_round_, run_.clock().now() + 1s);
            }
            const auto left = next_round_ - run_.clock().now();
            if (left <= 0s) return ServiceEvent::time;
            const auto event = wait(std::min<milliseconds>(left, longest_wait));
            if (event == ServiceEvent::stop) return event;
            if (event == ServiceEvent::reload) reload();
            is_asked_for_ = event == ServiceEvent::reload || event == ServiceEvent::check_now;
            has_changed_ = event == ServiceEvent::changed;
        }
    }

    ServiceEvent wait(milliseconds patience) {
        const bool is_well = is_round_over_ || life_signs_.are_recent();
        if (watchdog_ && is_well) base::notify_service_manager("WATCHDOG=1");
        return events_.wait(watchdog_ ? std::min(patience, *watchdog_) : patience);
    }

    /// A plan that somebody has edited is worth another try.
    void note_changes() {
        for (const auto& entry : events_.take_changed())
            if (entry.parent_path().filename() == "renewal")
                if (const auto name = client::LineageName::from_text(entry.stem().string()))
                    rounds_.forget_failures(*name);
    }

    void reload() {
        const auto since_start = std::chrono::duration_cast<std::chrono::microseconds>(
            std::chrono::steady_clock::now().time_since_epoch());
        base::notify_service_manager(
            fmt::format("RELOADING=1\nMONOTONIC_USEC={}", since_start.count()));
        // All else that is read is read anew in each round.
        run_.reload_settings();
        base::notify_service_manager("READY=1");
    }

    void tell_status() {
        const auto failures = rounds_.failures();
        base::notify_service_manager(fmt::format(
            "STATUS={} lineages{}; the next look is at {}.{}", lineages_.size(),
            failures > 0 ? fmt::format(", {} of which could not be renewed", failures) : "",
            base::to_rfc3339(next_round_),
            run_.settings_failure() ? " There is a mistake in cairn.toml: see the log." : ""));
    }

    Run& run_;
    ServiceEvents events_;
    client::RenewalRounds rounds_;
    LifeSigns life_signs_;
    const std::optional<milliseconds> watchdog_;
    std::vector<client::LineageName> lineages_;
    base::Time next_round_;
    base::Time served_watched_;
    bool is_asked_for_ = false;
    bool is_reload_asked_ = false;
    bool has_changed_ = false;
    std::atomic<bool> is_round_over_ = true;
    std::jthread worker_;
};

Outcome serve(Run& run) {
    run.require_state();
    // Before it says that it is ready: whoever has made a mistake in them is to see it now. It
    // keeps nothing from being renewed.
    static_cast<void>(run.settings());
    const auto lock = run.state().try_lock_daemon();
    if (!lock)
        throw client::Failure(fmt::format("renew all the time in {}", run.state().root().string()),
                              "another `cairn daemon` does so",
                              "end it, or name another --state. `cairn renew` may run beside it.");
    Daemon(run).serve();
    return {};
}

}  // namespace

void add_daemon_command(CLI::App& program, CommonOptions&, Command& chosen) {
    auto* command = program.add_subcommand(
        "daemon", "Renew all the time: each certificate when it is due, until told to stop");
    command->footer(
        "It asks CAs when to renew (RFC 9773), sleeps until something is due, notices what other "
        "commands\n"
        "change in the state, and tries again what has failed, after a pause that grows. It stays "
        "in the\n"
        "foreground and speaks to systemd (READY, RELOADING, STATUS, WATCHDOG): see "
        "packaging/systemd.\n"
        "SIGTERM ends it, and what is under way is gone on with at the next start; SIGHUP and "
        "SIGUSR1 look\n"
        "at all at once, also at what waits because it has failed.\n"
        "Example:\n"
        "  cairn daemon --state /var/lib/cairn");
    command->callback([&chosen] { chosen = [](Run& run) { return serve(run); }; });
}

}  // namespace cairn
