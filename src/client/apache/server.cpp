#include "client/apache/server.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <iterator>
#include <optional>
#include <system_error>

#include <errno.h>
#include <fmt/format.h>
#include <unistd.h>

#include "client/apache/server_process.h"
#include "client/child_process.h"
#include "client/command_words.h"
#include "client/durable_file.h"
#include "client/failure.h"

extern char** environ;

namespace cairn::client::apache {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

constexpr auto patience = 60s;
/// How long it may take until one that was started has its file of the process number.
constexpr auto start_patience = 20000ms;
constexpr auto start_pause = 100ms;

/// Where the first file of the configuration may be in its folder.
constexpr std::array<const char*, 3> first_files = {"apache2.conf", "httpd.conf",
                                                    "conf/httpd.conf"};

/// What stands in quotes behind `-D NAME=`.
std::string setting(std::string_view text, std::string_view name) {
    const auto start = fmt::format("-D {}=\"", name);
    const auto found = text.find(start);
    if (found == std::string_view::npos) return {};
    const auto begin = found + start.size();
    const auto end = text.find_first_of("\"\n", begin);
    return std::string(text.substr(begin, end == std::string_view::npos ? end : end - begin));
}

std::optional<fs::path> find_program() {
    for (const char* name : {"apache2", "httpd", "/usr/sbin/apache2", "/usr/sbin/httpd",
                             "/usr/local/sbin/httpd", "/usr/local/apache2/bin/httpd"}) {
        const auto words = CommandWords::find(name);
        if (words) return words->program();
    }
    return std::nullopt;
}

ChildResult run(const ChildProgram& program, Timer& timer, const char* aim) {
    auto result = run_program(program, timer);
    if (!result) throw Failure(aim, result.error().message, "is Apache whole? Install it again.");
    return std::move(*result);
}

/// What the shell has in its environment once it has read `file`, as apache2ctl starts the server.
std::map<std::string, std::string> environment_of(const fs::path& file, const fs::path& folder,
                                                  Timer& timer) {
    ChildProgram shell{
        .path = "/bin/sh",
        .arguments = {"-c", ". \"$1\" >/dev/null 2>&1; exec env -0", "sh", file.string()},
        .environment = {{"APACHE_CONFDIR", folder.string()}},
        .deadline = patience};
    shell.errors = ErrorOutput::apart;
    const auto result = run(shell, timer, "read the environment of Apache");
    if (result.status != 0)
        throw Failure(fmt::format("read the environment of Apache from {}", file.string()),
                      fmt::format("it ended with status {}", result.status), "mend that file.");
    std::map<std::string, std::string> variables;
    for (std::size_t at = 0; at < result.output.size();) {
        const auto end = std::min(result.output.find('\0', at), result.output.size());
        const auto line = std::string_view(result.output).substr(at, end - at);
        if (const auto equals = line.find('='); equals != std::string_view::npos && equals > 0)
            variables.insert_or_assign(std::string(line.substr(0, equals)),
                                       std::string(line.substr(equals + 1)));
        at = end + 1;
    }
    return variables;
}

std::map<std::string, std::string> own_environment() {
    std::map<std::string, std::string> variables;
    for (char** each = environ; each != nullptr && *each != nullptr; ++each) {
        const std::string_view line(*each);
        const auto equals = line.find('=');
        if (equals != std::string_view::npos)
            variables.emplace(line.substr(0, equals), line.substr(equals + 1));
    }
    return variables;
}

/// The names behind -D in the arguments that apache2ctl passes on.
std::set<std::string> defines_in(std::string_view arguments) {
    std::set<std::string> defines;
    const auto words = split_words(arguments);
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (words[i] == "-D" && i + 1 < words.size())
            defines.insert(words[++i]);
        else if (words[i].starts_with("-D") && words[i].size() > 2)
            defines.insert(words[i].substr(2));
    }
    return defines;
}

/// The lines that say what is wrong, of all that httpd writes when it looks at its configuration.
std::string complaint_in(std::string_view output) {
    std::string complaint;
    for (std::size_t at = 0; at < output.size();) {
        const auto end = std::min(output.find('\n', at), output.size());
        const auto line = output.substr(at, end - at);
        at = end + 1;
        const bool is_chatter = line.empty() || line.starts_with("AH00558") ||
                                line.find("The Apache error log may have") != line.npos ||
                                line.starts_with("Action '");
        if (!is_chatter) complaint += (complaint.empty() ? "" : " ") + std::string(line);
    }
    return base::printable(complaint, 1000);
}

}  // namespace

base::Result<BuildSettings> build_settings_from(std::string_view text) {
    BuildSettings settings;
    constexpr std::string_view mark = "Apache/";
    auto at = text.find(mark);
    if (at == std::string_view::npos) return base::fail("it does not say that it is Apache");
    at += mark.size();
    while (settings.version.size() < 3) {
        unsigned long number = 0;
        const auto [end, error] =
            std::from_chars(text.data() + at, text.data() + text.size(), number);
        if (error != std::errc()) break;
        settings.version.push_back(number);
        at = static_cast<std::size_t>(end - text.data());
        if (at == text.size() || text[at] != '.') break;
        ++at;
    }
    if (settings.version.size() != 3) return base::fail("it does not tell its version");
    settings.root = setting(text, "HTTPD_ROOT");
    settings.config_file = setting(text, "SERVER_CONFIG_FILE");
    settings.pid_file = setting(text, "DEFAULT_PIDLOG");
    return settings;
}

Server Server::find(const Place& place, Timer& timer) {
    Server server;
    auto program = find_program();
    if (!program)
        throw Failure("find Apache", "there is no program apache2 or httpd",
                      "install it (on Debian: apt install apache2), or name another solver.");
    server.program_ = std::move(*program);

    const auto said =
        run({.path = server.program_, .arguments = {"-V"}, .environment = {}, .deadline = patience},
            timer, "ask Apache for its settings");
    auto settings = build_settings_from(said.output);
    if (!settings)
        throw Failure(fmt::format("ask {} for its settings", server.program_.string()),
                      settings.error().message);
    if (settings->version < std::vector<unsigned long>{2, 4, 0})
        throw Failure("use Apache", "it is older than version 2.4", "bring it up to date.");
    server.settings_ = std::move(*settings);

    auto& facts = server.facts_;
    facts.version = server.settings_.version;
    facts.server_root = place.folder.empty() ? fs::path(server.settings_.root) : place.folder;
    if (place.folder.empty()) facts.config_file = facts.server_root / server.settings_.config_file;
    std::error_code ignored;
    for (const char* name : first_files)
        if (facts.config_file.empty() && fs::exists(facts.server_root / name, ignored))
            facts.config_file = facts.server_root / name;
    if (facts.config_file.empty() || !fs::exists(facts.config_file, ignored))
        throw Failure("read the configuration of Apache",
                      fmt::format("there is none in {}", facts.server_root.string()),
                      "name its folder: apache:FOLDER, the one with apache2.conf or httpd.conf.");

    facts.environment = own_environment();
    if (const auto file = facts.server_root / "envvars"; fs::exists(file, ignored)) {
        auto read = environment_of(file, facts.server_root, timer);
        for (const auto& [name, value] : read) {
            const auto known = facts.environment.find(name);
            if (known == facts.environment.end() || known->second != value)
                server.environment_.emplace_back(name, value);
        }
        facts.environment = std::move(read);
    }
    if (const auto said_arguments = facts.environment.find("APACHE_ARGUMENTS");
        said_arguments != facts.environment.end())
        facts.defines = defines_in(said_arguments->second);

    const auto compiled =
        run({.path = server.program_, .arguments = {"-l"}, .environment = {}, .deadline = patience},
            timer, "ask Apache for its modules");
    for (auto& word : split_words(compiled.output))
        if (word.ends_with(".c")) facts.modules.insert(std::move(word));
    return server;
}

Configuration Server::read(ConfigSource& source) const {
    auto configuration = Configuration::read(source, facts_);
    if (!configuration)
        throw Failure("read the configuration of Apache", configuration.error().message,
                      "mend it; `apache2ctl configtest` says whether the server can read it.");
    return std::move(*configuration);
}

std::vector<std::string> Server::arguments(std::vector<std::string> last) const {
    std::vector<std::string> all = {"-d", facts_.server_root.string(), "-f",
                                    facts_.config_file.string()};
    for (const auto& define : facts_.defines) {
        all.emplace_back("-D");
        all.push_back(define);
    }
    std::ranges::move(last, std::back_inserter(all));
    return all;
}

void Server::test(Timer& timer) const {
    const ChildProgram program{.path = program_,
                               .arguments = arguments({"-t"}),
                               .environment = environment_,
                               .deadline = patience};
    const auto result = run(program, timer, "have Apache test its configuration");
    if (result.status == 0) return;
    throw Failure("have Apache read its configuration", complaint_in(result.output),
                  "`apache2ctl configtest` says the same; mend it.");
}

fs::path Server::pid_file(const Configuration& configuration) const {
    const auto* said = configuration.last("pidfile");
    const auto path = configuration.absolute(said == nullptr ? std::string_view(settings_.pid_file)
                                                             : said->word(0));
    return path;
}

bool Server::is_running(const Configuration& configuration) const {
    return ServerProcess::find(pid_file(configuration)).has_value();
}

bool Server::reload(const Configuration& configuration, Timer& timer) {
    const auto process = ServerProcess::find(pid_file(configuration));
    if (!process) return false;
    unit_ = process->unit();
    process->reload(timer);
    return true;
}

void Server::start(const Configuration& configuration, Timer& timer) const {
    const auto systemctl = CommandWords::find("systemctl");
    std::error_code none;
    const auto file = pid_file(configuration);
    // Apache takes a process that nobody has asked for its status yet for one that runs.
    if (!ServerProcess::find(file)) fs::remove(file, none);
    ChildProgram program{.path = program_,
                         .arguments = arguments({"-k", "start"}),
                         .environment = environment_,
                         .deadline = patience};
    if (!unit_.empty() && systemctl && fs::is_directory("/run/systemd/system", none))
        program = {.path = systemctl->program(),
                   .arguments = {"start", unit_},
                   .environment = {},
                   .deadline = patience};
    const auto result = run(program, timer, "start Apache");
    if (result.status != 0)
        throw Failure("start Apache", complaint_in(result.output), "mend it, and start it.");
    for (auto waited = 0ms; !ServerProcess::find(file); waited += start_pause) {
        if (waited >= start_patience)
            throw Failure(
                "start Apache",
                fmt::format("it does not run {} s later",
                            std::chrono::duration_cast<std::chrono::seconds>(waited).count()),
                "its error log says why; mend it, and start it.");
        timer.wait(start_pause);
    }
}

}  // namespace cairn::client::apache
