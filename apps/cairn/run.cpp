#include "apps/cairn/run.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

#include "client/leftovers.h"
#include "client/lineage_fact_store.h"
#include "client/lineage_renaming.h"

namespace cairn {
namespace {

using Origin = client::StatePlace::Origin;

client::StatePlace place_from(const CommonOptions& options) {
    auto place =
        client::state_place(options.state, client::StateUser::current(), client::former_state());
    if (place.origin == Origin::unknown)
        throw client::Failure("find the state", "this user has no home", "say --state DIR.");
    return place;
}

}  // namespace

Run::Run(const CommonOptions& options, Console& console, Interruption& interruption)
    : console_(console),
      stop_(interruption.token()),
      timer_(stop_),
      place_(place_from(options)),
      state_(place_.root),
      settings_folder_(options.config.empty() ? client::Settings::usual_folder()
                                              : std::filesystem::absolute(options.config)),
      solvers_(solver_context()),
      session_options_{
          .directory_url = {},
          .root_file = {},
          .user_agent = "Cairn/" CAIRN_VERSION,
          .tell = [this](std::string_view sentence) { console_.say(sentence); },
          .detail = options.verbose
                        ? [this](std::string_view sentence) { console_.detail(sentence); }
                        : std::function<void(std::string_view)>()},
      sessions_(session_options_, clock_, timer_, random_) {
    std::error_code none;
    has_found_state_ = std::filesystem::exists(place_.root, none);
}

Run::~Run() {
    if (!has_found_state_) state_.remove_if_unused();
}

client::SolverContext Run::solver_context() {
    return {clock_,
            timer_,
            console_,
            STDIN_FILENO,
            state_.root(),
            settings_folder_,
            "Cairn/" CAIRN_VERSION};
}

Run::Round::Round(Run& run)
    : solvers(run.solver_context()),
      sessions(run.session_options_, run.clock_, run.timer_, run.random_) {}

/// The caller holds the mutex.
void Run::read_settings() {
    if (settings_reading_) return;
    settings_reading_ = client::SettingsReading::read(settings_folder_);
    settings_ = std::make_shared<const client::Settings>(settings_reading_->settings);
}

std::shared_ptr<const client::Settings> Run::settings() {
    std::optional<client::Failure> failure;
    std::shared_ptr<const client::Settings> settings;
    {
        const std::scoped_lock lock(settings_mutex_);
        read_settings();
        if (!std::exchange(are_settings_told_, true)) failure = settings_reading_->failure();
        settings = settings_;
    }
    if (failure)
        console_.warn(fmt::format("{}\nThe work goes on with the usual settings in their place.",
                                  failure->what()));
    return settings;
}

std::shared_ptr<const client::Settings> Run::settings_with(
    const std::vector<client::SettingsPart>& parts) {
    {
        const std::scoped_lock lock(settings_mutex_);
        read_settings();
        if (const auto failure = settings_reading_->failure_of(parts))
            throw client::Failure(*failure);
    }
    return settings();
}

std::optional<client::Failure> Run::settings_failure() {
    const std::scoped_lock lock(settings_mutex_);
    read_settings();
    return settings_reading_->failure();
}

void Run::reload_settings() {
    auto reading = client::SettingsReading::read(settings_folder_);
    const auto failure = reading.failure();
    {
        const std::scoped_lock lock(settings_mutex_);
        if (!failure) settings_ = std::make_shared<const client::Settings>(reading.settings);
        settings_reading_ = std::move(reading);
        are_settings_told_ = true;
    }
    if (failure)
        console_.warn(fmt::format("{}\nWhat was read before still holds.", failure->what()));
}

client::Environment Run::environment() {
    return environment(solvers_, sessions_);
}

client::Environment Run::environment(Round& round) {
    return environment(round.solvers, round.sessions);
}

client::Environment Run::environment(client::SolverSet& solvers, client::SessionPool& sessions) {
    client::remove_leftovers(state_);
    const auto said = settings();
    return {.state = state_,
            .clock = clock_,
            .timer = timer_,
            .random = random_,
            .solvers = solvers,
            .sessions = sessions,
            .evidence = &evidence_,
            .hook_patience = said->hook_patience,
            .ca_patience = said->ca_timeout,
            .settings_folder = settings_folder_,
            .user_agent = "Cairn/" CAIRN_VERSION};
}

void Run::tell_of_former_place() {
    if (place_.origin == Origin::former)
        console_.say(fmt::format(
            "The state of a former version in {} is used; `cairn state move` "
            "moves it to {} and leaves links.",
            place_.root.string(), client::usual_state(client::StateUser::current()).string()));
}

void Run::require_state() const {
    using IfMissing = client::StateDirectory::IfMissing;
    state_.require_readable(place_.origin == Origin::said ? IfMissing::refuse : IfMissing::accept);
}

std::vector<client::LineageName> Run::lineages(const std::vector<std::string>& names) const {
    require_state();
    auto all = state_.lineages();
    const auto being_issued = client::planless_lineages_being_issued(state_);
    all.insert(all.end(), being_issued.begin(), being_issued.end());
    std::ranges::sort(all);
    const auto repeated = std::ranges::unique(all);
    all.erase(repeated.begin(), repeated.end());
    if (names.empty()) return all;
    std::vector<client::LineageName> chosen;
    for (const auto& text : names) {
        auto found = std::ranges::find(all, text, &client::LineageName::text);
        if (const auto former = client::LineageName::from_text(text); former && found == all.end())
            if (const auto name = client::renamed_to(state_, *former)) {
                console_.say(fmt::format("{} is called {} now.", text, name->text()));
                found = std::ranges::find(all, *name);
            }
        if (found == all.end())
            throw client::Failure(fmt::format("find the lineage \"{}\"", base::printable(text)),
                                  fmt::format("there is none in {}", state_.root().string()),
                                  "`cairn status` lists those there are; is --state right?");
        if (std::ranges::find(chosen, *found) == chosen.end()) chosen.push_back(*found);
    }
    return chosen;
}

}  // namespace cairn
