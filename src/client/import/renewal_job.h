#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "client/import/foreign_installation.h"
#include "client/timer.h"

namespace cairn::client {

/// What starts another client from time to time.
struct RenewalJob {
    enum class Kind {
        timer,   ///< `file` is the link that makes systemd start a timer, `target` where it leads
        cron,    ///< `file` has lines for it, as cron reads them
        program  ///< `file` is a program that cron runs: cron.daily and the like
    };
    Kind kind = Kind::cron;
    std::filesystem::path file;
    std::string target{};
    /// For people: "certbot.timer", "/etc/cron.d/certbot".
    [[nodiscard]] std::string text() const;
    friend bool operator==(const RenewalJob&, const RenewalJob&) = default;
};
/// "timer"
[[nodiscard]] std::string_view to_string(RenewalJob::Kind kind);

/// What stands in front of a line of cron that was put out of use by `stop`.
inline constexpr std::string_view stopped_line_prefix = "#taken over by cairn# ";

/// Where a file or link in a folder of another program is made before it gets its place: one name
/// for each, so that nothing is left of a run that died.
[[nodiscard]] std::filesystem::path foreign_staging(const std::filesystem::path& path);
/// Puts a symbolic link to `target` at `path`, in one step, by way of that place. Throws Failure.
void link_foreign(const std::filesystem::path& path, const std::filesystem::path& target);

/// The first call in a line of cron or of a unit by which another client renews: its words from the
/// program on, as far as they are seen without a shell; none if there is no such call.
[[nodiscard]] std::vector<std::string> words_of_foreign_call(std::string_view line,
                                                             ForeignProgram program);

/// Looks for them below `root`, which is "/" but in tests.
class RenewalJobs {
  public:
    RenewalJobs(ForeignProgram program, std::filesystem::path folder, std::filesystem::path root)
        : program_(program), folder_(std::move(folder)), root_(std::move(root)) {}

    /// Those that renew what is in the folder and are in use.
    [[nodiscard]] std::vector<RenewalJob> in_use() const;
    /// The words of a call that renews this lineage, or the whole folder if it names no lineage;
    /// lego's own settings stand nowhere else. Empty if there is none.
    [[nodiscard]] std::vector<std::string> call_for(std::string_view lineage) const;
    /// Puts one out of use; it may be already. Throws Failure.
    void stop(const RenewalJob& job, Timer& timer) const;
    /// The way back; it may be in use already. Throws Failure.
    void resume(const RenewalJob& job, Timer& timer) const;
    /// True if a timer or service of ours is in use.
    [[nodiscard]] bool is_ours_in_use() const;

  private:
    [[nodiscard]] bool is_meant(const std::vector<std::string>& words) const;
    [[nodiscard]] bool has_call(const std::filesystem::path& file) const;
    [[nodiscard]] std::vector<std::filesystem::path> cron_files() const;
    [[nodiscard]] std::vector<std::string> calls_of_unit(const std::string& service) const;
    [[nodiscard]] std::vector<std::string> all_calls() const;
    /// Lets systemd know of it, where it runs.
    void tell_systemd(std::string_view verb, const std::string& unit, Timer& timer) const;

    ForeignProgram program_;
    std::filesystem::path folder_, root_;
};

}  // namespace cairn::client
