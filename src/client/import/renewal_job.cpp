#include "client/import/renewal_job.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <span>
#include <system_error>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/child_process.h"
#include "client/command_words.h"
#include "client/durable_file.h"
#include "client/failure.h"

namespace cairn::client {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_job_file = std::size_t{1} << 20U;
constexpr std::size_t max_command_words = 1000;

/// How a client is called when it is to renew.
struct Habits {
    std::vector<std::string_view> programs;
    /// One of them is among the words.
    std::vector<std::string_view> verbs;
    /// What names its folder.
    std::vector<std::string_view> folder_options;
    /// What a folder is called that is not named.
    std::string_view usual_folder;
    /// Units of packages, by whatever they start it.
    std::vector<std::string_view> units;
};

const Habits& habits_of(ForeignProgram program) {
    static const Habits certbot{
        {"certbot", "certbot-auto", "letsencrypt"},
        {"renew"},
        {"--config-dir"},
        "letsencrypt",
        {"certbot.timer", "certbot-renew.timer", "snap.certbot.renew.timer"}};
    static const Habits lego{{"lego"}, {"renew", "run"}, {"--path"}, ".lego", {}};
    static const Habits acme_sh{{"acme.sh"},
                                {"--cron", "--renew-all", "--renewAll", "--renew", "-r"},
                                {"--config-home", "--home"},
                                ".acme.sh",
                                {}};
    switch (program) {
        case ForeignProgram::certbot:
            return certbot;
        case ForeignProgram::lego:
            return lego;
        case ForeignProgram::acme_sh:
            return acme_sh;
    }
    return certbot;
}

std::vector<std::string> job_lines(std::string_view text) {
    std::vector<std::string> lines;
    while (!text.empty()) {
        const auto end = std::min(text.find('\n'), text.size());
        lines.emplace_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return lines;
}

/// The value behind one of these options, the last that is said.
std::string value_of(const std::vector<std::string>& words,
                     std::span<const std::string_view> options) {
    std::string value;
    for (std::size_t i = 0; i < words.size(); ++i)
        for (const auto option : options) {
            if (words[i] == option && i + 1 < words.size()) value = words[i + 1];
            if (words[i].starts_with(std::string(option) + "="))
                value = words[i].substr(option.size() + 1);
        }
    return value;
}

bool has_one_of(const std::vector<std::string>& words, std::span<const std::string_view> wanted) {
    return std::ranges::any_of(words, [&](const std::string& word) {
        return std::ranges::find(wanted, std::string_view(word)) != wanted.end();
    });
}

std::string_view file_name_of(std::string_view path) {
    return path.substr(path.rfind('/') + 1);
}

bool is_same_folder(const fs::path& one, const fs::path& other) {
    std::error_code none;
    return one.lexically_normal() == other.lexically_normal() || fs::equivalent(one, other, none);
}

[[noreturn]] void fail_at(const fs::path& path) {
    const int error = errno;
    throw Failure(fmt::format("change {}", path.string()), std::generic_category().message(error),
                  "mend this and say it again: what is done stays done, and --undo takes it back.");
}

/// Puts `contents` in the place of a file, with its owner and mode, in one step. The name of the
/// file on the way is one that cron does not look at.
void rewrite(const fs::path& path, std::string_view contents) {
    struct stat facts{};
    if (::stat(path.c_str(), &facts) != 0) fail_at(path);
    const auto real = fs::canonical(path);
    const auto staging = foreign_staging(real);
    const FileDescriptor file(
        ::open(staging.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file.is_open()) fail_at(staging);
    while (!contents.empty()) {
        const auto written = ::write(file.number(), contents.data(), contents.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) fail_at(staging);
        contents.remove_prefix(static_cast<std::size_t>(written));
    }
    if (::geteuid() == 0 && ::fchown(file.number(), facts.st_uid, facts.st_gid) != 0)
        fail_at(staging);
    if (::fchmod(file.number(), facts.st_mode & 07777U) != 0 || ::fsync(file.number()) != 0)
        fail_at(staging);
    if (::rename(staging.c_str(), real.c_str()) != 0) fail_at(real);
    sync_directory(real.parent_path());
}

std::vector<fs::path> files_in(const fs::path& folder) {
    std::vector<fs::path> files;
    std::error_code none;
    if (!fs::is_directory(folder, none)) return files;
    for (const auto& name : file_names_in(folder))
        if (fs::is_regular_file(folder / name, none)) files.push_back(folder / name);
    std::ranges::sort(files);
    return files;
}

}  // namespace

fs::path foreign_staging(const fs::path& path) {
    return path.parent_path() / fmt::format(".{}.cairn", path.filename().string());
}

void link_foreign(const fs::path& path, const fs::path& target) {
    const auto staging = foreign_staging(path);
    std::error_code none;
    fs::remove(staging, none);
    if (::symlink(target.c_str(), staging.c_str()) != 0) fail_at(staging);
    if (::rename(staging.c_str(), path.c_str()) != 0) fail_at(path);
    sync_directory(path.parent_path());
}

std::string_view to_string(RenewalJob::Kind kind) {
    switch (kind) {
        case RenewalJob::Kind::timer:
            return "timer";
        case RenewalJob::Kind::cron:
            return "cron";
        case RenewalJob::Kind::program:
            return "program";
    }
    return {};
}

std::string RenewalJob::text() const {
    return kind == Kind::timer ? file.filename().string() : file.string();
}

std::vector<std::string> words_of_foreign_call(std::string_view line, ForeignProgram program) {
    const auto& habits = habits_of(program);
    std::vector<std::string> words;
    std::string word;
    bool is_word = false;
    const auto end_word = [&] {
        if (is_word && (!words.empty() || std::ranges::find(habits.programs, file_name_of(word)) !=
                                              habits.programs.end()))
            words.push_back(word);
        word.clear();
        is_word = false;
    };
    for (std::size_t i = 0; i < line.size() && words.size() < max_command_words; ++i) {
        const char next = line[i];
        if (next == '\'' || next == '"') {
            const auto end = std::min(line.find(next, i + 1), line.size());
            word += line.substr(i + 1, end - i - 1);
            is_word = true;
            i = end;
        } else if (next == '\\' && i + 1 < line.size()) {
            word += line[++i];
            is_word = true;
        } else if (next == ' ' || next == '\t' || next == '\r') {
            end_word();
        } else if (std::string_view(";&|()<>`\n").find(next) != std::string_view::npos) {
            end_word();
            if (has_one_of(words, habits.verbs)) return words;
            words.clear();
        } else {
            word += next;
            is_word = true;
        }
    }
    end_word();
    return has_one_of(words, habits.verbs) ? words : std::vector<std::string>();
}

bool RenewalJobs::is_meant(const std::vector<std::string>& words) const {
    const auto& habits = habits_of(program_);
    if (words.empty()) return false;
    auto said = value_of(words, habits.folder_options);
    if (said.empty()) {
        // Below another root, and in the usual place, it is the one that is not named.
        return root_ != "/" || folder_.filename() == habits.usual_folder;
    }
    for (const std::string_view home : {"~", "$HOME", "${HOME}"})
        if (said.starts_with(home))
            if (const char* folder = std::getenv("HOME"))  // NOLINT(concurrency-mt-unsafe)
                said = folder + said.substr(home.size());
    return is_same_folder(said, folder_) ||
           is_same_folder(root_ / fs::path(said).relative_path(), folder_);
}

bool RenewalJobs::has_call(const fs::path& file) const {
    const auto text = read_file(file, max_job_file);
    if (!text) return false;
    for (const auto& line : job_lines(*text))
        if (!line.starts_with('#') && is_meant(words_of_foreign_call(line, program_))) return true;
    return false;
}

std::vector<fs::path> RenewalJobs::cron_files() const {
    std::vector<fs::path> files{root_ / "etc/crontab"};
    for (const auto* folder : {"etc/cron.d", "var/spool/cron/crontabs", "var/spool/cron"})
        for (auto& file : files_in(root_ / folder)) files.push_back(std::move(file));
    return files;
}

std::vector<std::string> RenewalJobs::calls_of_unit(const std::string& service) const {
    for (const auto* folder :
         {"etc/systemd/system", "run/systemd/system", "usr/local/lib/systemd/system",
          "lib/systemd/system", "usr/lib/systemd/system"}) {
        const auto text = read_file(root_ / folder / service, max_job_file);
        if (!text) continue;
        std::vector<std::string> calls;
        for (const auto& line : job_lines(*text))
            if (line.starts_with("ExecStart=")) calls.push_back(line.substr(10));
        return calls;
    }
    return {};
}

std::vector<RenewalJob> RenewalJobs::in_use() const {
    std::vector<RenewalJob> jobs;
    std::error_code none;
    const auto units = root_ / "etc/systemd/system";
    if (fs::is_directory(units, none))
        for (const auto& folder : file_names_in(units)) {
            if (!folder.ends_with(".wants") || !fs::is_directory(units / folder, none)) continue;
            for (const auto& name : file_names_in(units / folder)) {
                const auto link = units / folder / name;
                if (!name.ends_with(".timer") || !fs::is_symlink(link, none)) continue;
                const auto& known = habits_of(program_).units;
                const bool is_known = std::ranges::find(known, name) != known.end();
                const auto calls = calls_of_unit(fs::path(name).stem().string() + ".service");
                const bool is_ours = std::ranges::any_of(calls, [&](const std::string& call) {
                    return is_meant(words_of_foreign_call(call, program_));
                });
                const bool is_usual =
                    root_ != "/" || folder_.filename() == habits_of(program_).usual_folder;
                if (is_ours || (is_known && is_usual))
                    jobs.push_back({RenewalJob::Kind::timer, link, fs::read_symlink(link)});
            }
        }
    for (const auto& file : cron_files())
        if (has_call(file)) jobs.push_back({RenewalJob::Kind::cron, file});
    for (const auto* folder :
         {"etc/cron.hourly", "etc/cron.daily", "etc/cron.weekly", "etc/cron.monthly"})
        for (const auto& file : files_in(root_ / folder))
            if (::access(file.c_str(), X_OK) == 0 && has_call(file))
                jobs.push_back({RenewalJob::Kind::program, file});
    std::ranges::sort(jobs, {}, [](const RenewalJob& job) { return job.file; });
    return jobs;
}

std::vector<std::string> RenewalJobs::all_calls() const {
    std::vector<std::string> calls;
    auto files = cron_files();
    for (const auto* folder :
         {"etc/cron.hourly", "etc/cron.daily", "etc/cron.weekly", "etc/cron.monthly"})
        for (auto& file : files_in(root_ / folder)) files.push_back(std::move(file));
    for (const auto& file : files) {
        const auto text = read_file(file, max_job_file);
        if (!text) continue;
        for (auto& line : job_lines(*text)) {
            if (line.starts_with(stopped_line_prefix)) line.erase(0, stopped_line_prefix.size());
            if (!line.starts_with('#')) calls.push_back(std::move(line));
        }
    }
    for (const auto& file : files_in(root_ / "etc/systemd/system"))
        if (file.extension() == ".service")
            for (auto& call : calls_of_unit(file.filename().string()))
                calls.push_back(std::move(call));
    return calls;
}

std::vector<std::string> RenewalJobs::call_for(std::string_view lineage) const {
    std::vector<std::string> general;
    for (const auto& line : all_calls()) {
        auto words = words_of_foreign_call(line, program_);
        if (!is_meant(words)) continue;
        static constexpr std::array<std::string_view, 3> names = {"--domains", "-d", "--domain"};
        bool has_names = false;
        for (std::size_t i = 0; i + 1 < words.size(); ++i) {
            if (std::ranges::find(names, std::string_view(words[i])) == names.end()) continue;
            auto name = words[i + 1];
            std::ranges::replace(name, '*', '_');
            // The first one gives the certificate its name.
            if (!has_names && name == lineage) return words;
            has_names = true;
        }
        if (!has_names && general.empty()) general = std::move(words);
    }
    return general;
}

void RenewalJobs::tell_systemd(std::string_view verb, const std::string& unit, Timer& timer) const {
    if (root_ != "/" || !fs::is_directory("/run/systemd/system")) return;
    const auto program = CommandWords::find("systemctl");
    if (!program) return;
    const auto done = run_program({.path = program->program(),
                                   .arguments = {std::string(verb), "--now", unit},
                                   .environment = {}},
                                  timer);
    if (!done || done->status != 0)
        throw Failure(fmt::format("{} {}", verb, unit),
                      done ? base::printable(done->output) : done.error().message,
                      fmt::format("run `systemctl {} --now {}`, and say this again.", verb, unit));
}

void RenewalJobs::stop(const RenewalJob& job, Timer& timer) const {
    std::error_code none;
    fs::remove(foreign_staging(job.file), none);
    switch (job.kind) {
        case RenewalJob::Kind::timer:
            if (!fs::is_symlink(job.file, none)) return;
            tell_systemd("disable", job.file.filename().string(), timer);
            if (fs::is_symlink(job.file, none)) {
                if (::unlink(job.file.c_str()) != 0) fail_at(job.file);
                sync_directory(job.file.parent_path());
            }
            return;
        case RenewalJob::Kind::cron: {
            const auto text = read_file(job.file, max_job_file);
            if (!text) throw Failure("stop " + job.text(), text.error().message);
            std::string changed;
            for (const auto& line : job_lines(*text)) {
                const bool is_ours =
                    !line.starts_with('#') && is_meant(words_of_foreign_call(line, program_));
                changed += (is_ours ? std::string(stopped_line_prefix) : "") + line + "\n";
            }
            if (!text->ends_with('\n') && !changed.empty()) changed.pop_back();
            if (changed != *text) rewrite(job.file, changed);
            return;
        }
        case RenewalJob::Kind::program: {
            struct stat facts{};
            if (::stat(job.file.c_str(), &facts) != 0) return;
            if (::chmod(job.file.c_str(), facts.st_mode & 07666U) != 0) fail_at(job.file);
            return;
        }
    }
}

void RenewalJobs::resume(const RenewalJob& job, Timer& timer) const {
    std::error_code none;
    fs::remove(foreign_staging(job.file), none);
    switch (job.kind) {
        case RenewalJob::Kind::timer:
            if (!fs::is_symlink(job.file, none)) {
                make_private_directory(job.file.parent_path());
                link_foreign(job.file, job.target);
            }
            tell_systemd("enable", job.file.filename().string(), timer);
            return;
        case RenewalJob::Kind::cron: {
            if (!fs::exists(job.file, none)) return;
            const auto text = read_file(job.file, max_job_file);
            if (!text) throw Failure("resume " + job.text(), text.error().message);
            std::string changed;
            for (const auto& line : job_lines(*text)) {
                const bool is_ours =
                    line.starts_with(stopped_line_prefix) &&
                    is_meant(words_of_foreign_call(
                        std::string_view(line).substr(stopped_line_prefix.size()), program_));
                changed += (is_ours ? line.substr(stopped_line_prefix.size()) : line) + "\n";
            }
            if (!text->ends_with('\n') && !changed.empty()) changed.pop_back();
            if (changed != *text) rewrite(job.file, changed);
            return;
        }
        case RenewalJob::Kind::program: {
            struct stat facts{};
            if (::stat(job.file.c_str(), &facts) != 0) return;
            // Whoever may read a script of cron's may run it.
            const auto readers = (facts.st_mode & 0444U) >> 2U;
            if (::chmod(job.file.c_str(), (facts.st_mode & 07777U) | readers) != 0)
                fail_at(job.file);
            return;
        }
    }
}

bool RenewalJobs::is_ours_in_use() const {
    std::error_code none;
    const auto units = root_ / "etc/systemd/system";
    for (const auto& folder : file_names_in(units))
        for (const auto* unit : {"cairn-renew.timer", "cairn.service"})
            if (folder.ends_with(".wants") &&
                fs::symlink_status(units / folder / unit, none).type() != fs::file_type::not_found)
                return true;
    for (const auto& file : cron_files()) {
        const auto text = read_file(file, max_job_file);
        if (!text) continue;
        for (const auto& line : job_lines(*text))
            if (!line.starts_with('#') && line.find("cairn renew") != std::string::npos)
                return true;
    }
    return false;
}

}  // namespace cairn::client
