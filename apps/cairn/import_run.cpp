#include "apps/cairn/import_run.h"

#include <algorithm>
#include <cstdlib>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <sys/stat.h>

#include "apps/cairn/plan_options.h"
#include "client/certificate_authorities.h"
#include "client/command_words.h"
#include "client/durable_file.h"
#include "client/import/lineage_import.h"
#include "client/import/take_over.h"
#include "client/plan_keeping.h"
#include "client/preflight.h"
#include "client/renewal.h"
#include "net/url.h"

namespace cairn {
namespace {

namespace fs = std::filesystem;
using client::ForeignProgram;
using Stage = client::ImportRecord::Stage;

constexpr auto accounts_patience = std::chrono::minutes{2};

fs::path without_slash(fs::path path) {
    path = fs::absolute(path).lexically_normal();
    return path.has_filename() ? path : path.parent_path();
}

std::string variable(const char* name) {
    const char* value = std::getenv(name);  // NOLINT(concurrency-mt-unsafe)
    return value == nullptr ? std::string() : value;
}

/// Where the other client keeps its files unless that is said.
fs::path usual_folder(const ImportOptions& options) {
    switch (options.program) {
        case ForeignProgram::certbot:
            return fs::path(options.root) / "etc/letsencrypt";
        case ForeignProgram::lego: {
            const auto said = variable("LEGO_PATH");
            return said.empty() ? ".lego" : said;
        }
        case ForeignProgram::acme_sh: {
            const auto said = variable("LE_WORKING_DIR");
            return said.empty() ? variable("HOME") + "/.acme.sh" : said;
        }
    }
    return {};
}

/// The roots that the other client was told to trust for the CA's TLS.
std::optional<std::string> usual_roots(ForeignProgram program) {
    const auto file = variable(program == ForeignProgram::certbot ? "REQUESTS_CA_BUNDLE"
                               : program == ForeignProgram::lego  ? "LEGO_CA_CERTIFICATES"
                                                                  : "CA_BUNDLE");
    std::error_code none;
    if (file.empty() || !fs::is_regular_file(file, none)) return std::nullopt;
    return file;
}

std::string authority_of(const std::string& url) {
    const auto read = net::Url::from_text(url);
    return read ? std::string(read->authority()) : std::string();
}

class ImportRun {
  public:
    ImportRun(Run& run, const ImportOptions& options)
        : run_(run),
          options_(options),
          said_(options.said),
          folder_(without_slash(options.folder.empty() ? usual_folder(options)
                                                       : fs::path(options.folder))),
          root_(without_slash(options.root)),
          store_(run.state(), options.program, folder_),
          jobs_(options.program, folder_, root_) {
        report_.folder = folder_;
        if (!said_.root_file) said_.root_file = usual_roots(options.program);
        if (said_.root_file)
            said_.root_file = fs::absolute(*said_.root_file).lexically_normal().string();
        if (said_.authority)
            said_.authority =
                value_or_fail(client::directory_url_from(*said_.authority), "use --ca");
        for (auto& hook : said_.deploy_hooks)
            hook = value_or_fail(client::CommandWords::find(hook), "use --deploy-hook").text();
    }

    ImportReport run() {
        std::optional<client::FileDescriptor> lock;
        if (!options_.dry_run) lock = store_.lock();
        if (auto known = store_.find())
            record_ = std::move(*known);
        else
            record_ = {.program = options_.program, .folder = folder_, .root = root_};
        if (options_.undo) {
            undo();
            return finished();
        }
        go_on();
        auto installation = client::read_foreign(options_.program, folder_);
        select(installation);
        resolve_directories(installation);
        report_.remarks = installation.remarks;
        take_accounts(installation);
        for (const auto& lineage : installation.lineages) take(installation, lineage);
        if (options_.take_over) take_over(installation);
        return finished();
    }

  private:
    ImportReport finished() {
        report_.stage = record_.stage;
        report_.jobs = record_.jobs.empty() ? jobs_.in_use() : record_.jobs;
        for (const auto& moved : record_.moved)
            if (!moved.target.empty() && record_.stage == Stage::taken_over)
                report_.served.push_back(moved);
        report_.is_ours_in_use = jobs_.is_ours_in_use();
        return std::move(report_);
    }

    /// Ends what a run that died has begun.
    void go_on() {
        if (record_.stage != Stage::taking_over && record_.stage != Stage::giving_back) return;
        const bool is_taking = record_.stage == Stage::taking_over;
        const std::string what = is_taking ? "A take-over" : "The way back";
        if (options_.dry_run) {
            report_.remarks.push_back(
                fmt::format("{} was interrupted; the next run ends it.", what));
            return;
        }
        run_.console().say(fmt::format("{} was interrupted; it is ended now.", what));
        auto take_over = taking_over();
        if (is_taking)
            take_over.run();
        else
            take_over.undo();
        report_.is_changed = true;
    }

    client::TakeOver taking_over() { return {run_.state(), store_, record_, jobs_, run_.timer()}; }

    void undo() {
        if (record_.stage == Stage::imported) return;
        auto take_over = taking_over();
        const auto expired = take_over.expired(run_.clock().now());
        if (!expired.empty() && !options_.force) {
            std::string names;
            for (const auto& name : expired) names += (names.empty() ? "" : ", ") + name;
            throw client::Failure(
                fmt::format("give the paths back to {}", to_string(options_.program)),
                fmt::format("what it kept has expired by now: {}", names),
                "stay here, or say --force and renew there at once.");
        }
        if (options_.dry_run) return;
        take_over.undo();
        report_.is_changed = true;
    }

    void select(client::ForeignInstallation& installation) const {
        if (options_.only.empty()) return;
        for (const auto& name : options_.only)
            if (std::ranges::find(installation.lineages, name, &client::ForeignLineage::name) ==
                installation.lineages.end())
                throw client::Failure(
                    "use --only",
                    fmt::format("there is no {} in {}", base::printable(name), folder_.string()),
                    "leave --only and say --dry-run to see what there is.");
        std::erase_if(installation.lineages, [&](const client::ForeignLineage& lineage) {
            return std::ranges::find(options_.only, lineage.name) == options_.only.end();
        });
    }

    /// Accounts and lineages of lego do not say which directory they are of.
    void resolve_directories(client::ForeignInstallation& installation) {
        auto directory = said_.authority.value_or("");
        for (const auto& lineage : installation.lineages) {
            if (!directory.empty() || !lineage.directory_url.empty()) continue;
            const auto words = jobs_.call_for(lineage.name);
            for (std::size_t i = 0; i + 1 < words.size(); ++i)
                if (words[i] == "--server" || words[i] == "-s") directory = words[i + 1];
        }
        for (auto& account : installation.accounts)
            if (account.directory_url.empty() &&
                authority_of(account.url) == authority_of(directory))
                account.directory_url = directory;
    }

    void take_accounts(const client::ForeignInstallation& installation) {
        std::optional<client::StateLock> lock;
        if (!options_.dry_run && !installation.accounts.empty())
            lock = run_.state().lock_accounts(run_.timer(), accounts_patience);
        std::vector<client::AccountImport> taken;
        std::vector<client::ForeignAccount> known;
        for (const auto& account : installation.accounts) {
            if (account.directory_url.empty()) {
                report_.remarks.push_back(fmt::format(
                    "The account {} is not taken: {} does not keep the directory of its CA; say "
                    "it with --ca.",
                    base::printable(account.url), to_string(options_.program)));
                continue;
            }
            const auto program = to_string(options_.program);
            const auto result =
                options_.dry_run
                    ? client::planned_account(run_.state(), account, program, taken, known)
                    : client::import_account(run_.state(), account, program);
            taken.push_back(result);
            known.push_back(account);
            report_.accounts.push_back(
                {account.id, account.directory_url, account.url, result.name, result.is_new});
            report_.is_changed |= result.is_new && !options_.dry_run;
        }
    }

    /// Our name for the account of a lineage; nothing if it is not there.
    [[nodiscard]] std::optional<std::string> account_of(const client::ForeignLineage& lineage,
                                                        const std::string& directory) const {
        for (const auto& account : report_.accounts)
            if (account.place == lineage.account && account.directory_url == directory)
                return account.name;
        for (const auto& account : client::AccountStore(run_.state()).all())
            if (account.directory_url == directory && account.name.empty()) return "";
        return std::nullopt;
    }

    void take(const client::ForeignInstallation& installation,
              const client::ForeignLineage& lineage) {
        ImportedLineage told{.theirs = lineage.name, .ours = record_.name_of(lineage.name)};
        const bool is_known = !told.ours.empty();
        if (!is_known) {
            told.ours = lineage.name;
            std::ranges::replace(told.ours, '*', '_');
        }
        told.certificates = lineage.generations.size();
        const TranslationContext context{installation, jobs_, said_, run_.settings_folder()};
        auto translation = translated(lineage, context);
        told.remarks = std::move(translation.remarks);
        told.obstacles = std::move(translation.obstacles);
        const auto name = client::LineageName::from_text(told.ours);
        if (!name) told.obstacles.push_back(name.error().message + ".");
        if (name && !is_known && is_taken(*name))
            told.obstacles.push_back(
                fmt::format("There is a lineage {} here already: `cairn rename` gives it another "
                            "name, or `cairn delete` ends it.",
                            name->text()));
        if (told.obstacles.empty()) told.plan = plan_of(lineage, translation, told);
        if (told.obstacles.empty()) {
            for (const auto& file : translation.files) told.files.push_back(file.path.string());
            if (options_.dry_run)
                foresee(*name, lineage, told);
            else
                keep(*name, lineage, translation, told);
        }
        report_.lineages.push_back(std::move(told));
    }

    [[nodiscard]] bool is_taken(const client::LineageName& name) const {
        return fs::exists(run_.state().renewal(name)) ||
               fs::exists(fs::symlink_status(run_.state().live(name)));
    }

    std::optional<client::CertificatePlan> plan_of(const client::ForeignLineage& lineage,
                                                   const TranslatedLineage& translation,
                                                   ImportedLineage& told) {
        try {
            PlanOptions options;
            CLI::App app;
            add_plan_options(app, options);
            app.parse(
                std::vector<std::string>(translation.words.rbegin(), translation.words.rend()));
            add_said(options.dns);
            auto changes = changes_from(options, run_.target_context());
            changes.pre_hook = translation.pre_hook;
            changes.post_hook = translation.post_hook;
            if (!translation.deploy_hooks.empty()) {
                changes.deploy_targets.emplace();
                for (const auto& hook : translation.deploy_hooks)
                    changes.deploy_targets->push_back({hook});
            }
            auto plan = value_or_fail(client::merged(nullptr, changes), "plan its renewal");
            if (const auto account = account_of(lineage, plan.preferred_authority().directory_url))
                plan.account = *account;
            else
                told.remarks.push_back(fmt::format(
                    "Its account is not there: make one with `cairn account register --ca {}`.",
                    plan.preferred_authority().directory_url));
            settle_dns(run_, options.dns, plan);
            client::settle(plan, run_.solvers());
            return plan;
        } catch (const CLI::ParseError& error) {
            told.obstacles.push_back(base::printable(error.what(), 2000));
        } catch (const client::Failure& failure) {
            told.obstacles.push_back(fmt::format("{}: {}. {}", base::printable(failure.tried()),
                                                 failure.came_back(), failure.next()));
        }
        return std::nullopt;
    }

    /// What the command line says of DNS providers counts more than what was found.
    void add_said(DnsOptions& dns) const {
        const auto& said = options_.dns;
        if (!said.credentials.empty()) dns.credentials = said.credentials;
        if (!said.resolver.empty()) dns.resolver = said.resolver;
        if (!said.propagation.empty()) dns.propagation = said.propagation;
        if (said.port != 0) dns.port = said.port;
        dns.save_credentials |= said.save_credentials;
    }

    void foresee(const client::LineageName& name, const client::ForeignLineage& lineage,
                 ImportedLineage& told) const {
        using enum ImportedLineage::Result;
        const auto known = client::Lineage(run_.state(), name).certificates();
        for (const auto& generation : lineage.generations)
            if (std::ranges::find(known, generation.chain.front()) == known.end()) ++told.added;
        told.result = known.empty() ? imported : told.added > 0 ? added : unchanged;
        told.bars = lineage.bars;
    }

    void keep(const client::LineageName& name, const client::ForeignLineage& lineage,
              const TranslatedLineage& translation, ImportedLineage& told) {
        using enum ImportedLineage::Result;
        const auto lock = run_.state().lock(name, run_.timer(), client::lineage_lock_patience);
        const bool is_new = record_.name_of(lineage.name).empty();
        if (is_new) {
            record_.lineages.push_back({lineage.name, name.text()});
            store_.save(record_);
        }
        const bool had_plan = fs::exists(run_.state().renewal(name));
        // Later, it is the business of whoever edits them.
        if (!had_plan)
            for (const auto& file : translation.files) write(file);
        told.added =
            client::import_lineage(run_.environment(), name, lineage, *told.plan, run_.console());
        told.result = !had_plan || is_new ? imported : told.added > 0 ? added : unchanged;
        told.bars = lineage.bars;
        report_.is_changed |= told.result != unchanged;
        if (had_plan) told.plan = client::plan_in_force(run_.state(), name, *told.plan);
        if (told.result != unchanged)
            for (const auto& obstacle : client::obstacles_to(
                     *told.plan, run_.solvers(), run_.state(), client::PortsLookedAt::no))
                told.remarks.push_back(fmt::format("A renewal would fail as things are: {}: {}. {}",
                                                   obstacle.subject, obstacle.failure.came_back(),
                                                   obstacle.failure.next()));
    }

    static void write(const ImportedFile& file) {
        if (!fs::exists(file.path)) {
            client::make_private_directory(file.path.parent_path());
            client::write_durably(file.path, file.text, client::FileAccess::owner);
        }
        if (file.is_program && ::chmod(file.path.c_str(), 0700) != 0)
            throw client::Failure(fmt::format("write {}", file.path.string()),
                                  "it cannot be made a program");
    }

    void take_over(const client::ForeignInstallation& installation) {
        auto take_over = taking_over();
        const auto before = record_.moved.size();
        bool are_all_taken = options_.only.empty();
        for (auto& told : report_.lineages) {
            const auto lineage = std::ranges::find(installation.lineages, told.theirs,
                                                   &client::ForeignLineage::name);
            if (told.result == ImportedLineage::Result::refused) {
                are_all_taken = false;
                continue;
            }
            if (options_.dry_run) {
                are_all_taken &= told.bars.empty();
                continue;
            }
            told.bars = take_over.add(*lineage, told.ours);
            are_all_taken &= told.bars.empty();
        }
        if (options_.dry_run) return;
        const auto jobs = jobs_.in_use();
        const bool is_anything_left = record_.moved.size() > before ||
                                      (are_all_taken && !jobs.empty() && !record_.moved.empty());
        if (are_all_taken && !record_.moved.empty()) take_over.note_jobs();
        if (!are_all_taken && !jobs.empty())
            report_.remarks.push_back(
                fmt::format("What starts {} stays in use, for what is left there.",
                            to_string(options_.program)));
        if (!is_anything_left) return;
        take_over.run();
        report_.is_changed = true;
    }

    Run& run_;
    const ImportOptions& options_;
    ImportWords said_;
    fs::path folder_, root_;
    client::ImportRecordStore store_;
    client::RenewalJobs jobs_;
    client::ImportRecord record_;
    ImportReport report_;
};

}  // namespace

ImportReport run_import(Run& run, const ImportOptions& options) {
    return ImportRun(run, options).run();
}

}  // namespace cairn
