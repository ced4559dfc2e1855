#include "apps/ca/backup_command.h"

#include <chrono>
#include <exception>
#include <iostream>
#include <string>

#include <CLI/CLI.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <sys/stat.h>

#include "admin/operation.h"
#include "apps/ca/backup.h"
#include "apps/ca/brought_options.h"
#include "apps/ca/exit_status.h"
#include "apps/ca/table.h"
#include "apps/ca/told_command.h"

namespace cairn::apps {
namespace json = boost::json;

namespace {

void add_options(CLI::App& command, std::vector<std::string>& overrides,
                 PassphraseOptions& passphrase, bool& as_json) {
    passphrase.add_to(command);
    command.add_option("--set", overrides, "KEY=VALUE as for `serve` (may be repeated)")
        ->allow_extra_args(false);
    command.add_flag("--json", as_json, "Answer with one JSON object");
}

json::array list_of(const std::vector<std::string>& words) {
    return json::array(words.begin(), words.end());
}

json::object result_answer(const BackupResult& result, const std::filesystem::path& file) {
    return {{"version", 1},
            {"ok", true},
            {"file", file.string()},
            {"created", base::to_rfc3339(result.created)},
            {"size", result.size},
            {"files", list_of(result.files)},
            {"outside", list_of(result.outside)}};
}

json::object result_answer(const RestoreResult& result) {
    json::object answer{{"version", 1},
                        {"ok", true},
                        {"lostFrom", base::to_rfc3339(result.created)},
                        {"lostUntil", base::to_rfc3339(result.restored)},
                        {"externalKeysUsedUp", result.settled.external_keys},
                        {"authorizationsEnded", result.settled.authorizations},
                        {"issuancesFailed", result.settled.issuances},
                        {"files", list_of(result.files)}};
    if (result.settled.last_issued)
        answer["lastIssued"] = base::to_rfc3339(*result.settled.last_issued);
    return answer;
}

void print_result(const BackupResult& result, const std::filesystem::path& file) {
    std::cout << "Wrote " << file.string() << ", " << result.size << " octets, "
              << result.files.size() << " files, as the CA was at "
              << base::to_rfc3339(result.created) << ".\n";
    for (const auto& each : result.outside)
        std::cout << "Not in it, since it lies outside the folder: " << printable_line(each)
                  << "\n";
}

void print_result(const RestoreResult& result, const std::filesystem::path& folder) {
    const auto from = base::to_rfc3339(result.created), until = base::to_rfc3339(result.restored);
    std::cout << "Restored " << folder.string() << " as the CA was at " << from << ".\n"
              << "Of what it did from then until " << until
              << " it knows nothing (if it ran): certificates that it issued, which are valid and "
                 "cannot be found or revoked here by their serial numbers; revocations, accounts, "
                 "deactivated accounts, blocked keys, limits and acts of operators. Look for them "
                 "in the log or in the backups of the log, and say them again.\n";
    if (result.settled.last_issued)
        std::cout << "The newest certificate that it knows was issued at "
                  << base::to_rfc3339(*result.settled.last_issued) << ".\n";
    std::cout << "What may have been used in that time counts as used: "
              << result.settled.external_keys << " one-time keys of external accounts, "
              << result.settled.authorizations << " authorizations, " << result.settled.issuances
              << " issuances under way. The revocation lists that are signed next have numbers "
                 "ahead of all that were.\n"
              << "Start it with:  cairn-ca serve " << folder.string() << "\n";
}

}  // namespace

struct BackupCommands::Given {
    CLI::App* backup = nullptr;
    CLI::App* restore = nullptr;
    BackupRequest backup_request;
    RestoreRequest restore_request;
    PassphraseOptions passphrase;
    bool as_json = false;
};

BackupCommands::BackupCommands(CLI::App& program) : given_(std::make_unique<Given>()) {
    auto& backup = given_->backup_request;
    given_->backup = program.add_subcommand(
        "backup", "Write configuration, keys and store into one encrypted file, while they serve");
    given_->backup->footer(
        "With PostgreSQL it runs pg_dump, of the package postgresql-client.\n"
        "Example:\n  cairn-ca backup /var/lib/cairn-ca /backup/ca-2026-11-30.cairn "
        "--passphrase-file /root/ca-passphrase");
    given_->backup->add_option("DIR", backup.folder, "Folder that `init` created")->required();
    given_->backup->add_option("FILE", backup.file, "File to write; it must not be there")
        ->required();
    add_options(*given_->backup, backup.overrides, given_->passphrase, given_->as_json);

    auto& restore = given_->restore_request;
    given_->restore = program.add_subcommand(
        "restore", "Make an authority again from such a file, and say what it cannot know");
    given_->restore->footer(
        "A file that was cut or edited is refused, and nothing is changed. With PostgreSQL, stop "
        "all nodes first.\n"
        "Example:\n  cairn-ca restore /backup/ca-2026-11-30.cairn /var/lib/cairn-ca "
        "--passphrase-file /root/ca-passphrase");
    given_->restore->add_option("FILE", restore.file, "File that `backup` wrote")->required();
    given_->restore->add_option("DIR", restore.folder, "Folder to make; it must not be there")
        ->required();
    add_options(*given_->restore, restore.overrides, given_->passphrase, given_->as_json);
}

BackupCommands::~BackupCommands() = default;

bool BackupCommands::was_given() const {
    return given_->backup->parsed() || given_->restore->parsed();
}

int BackupCommands::run() const {
    ::umask(0077);
    const base::SystemClock clock;
    crypto::SystemRandom random;
    try {
        if (given_->backup->parsed()) {
            auto request = given_->backup_request;
            request.passphrase = given_->passphrase.source();
            request.before_writing = [&request] {
                tell_of_command(request.folder, request.overrides,
                                {.text = "backup " + request.file.string()});
            };
            const auto result = back_up(request, clock, random);
            const auto& file = given_->backup_request.file;
            if (given_->as_json)
                std::cout << json::serialize(result_answer(result, file)) << "\n";
            else
                print_result(result, file);
        } else {
            auto request = given_->restore_request;
            request.passphrase = given_->passphrase.source();
            const auto result = restore(request, clock);
            if (given_->as_json)
                std::cout << json::serialize(result_answer(result)) << "\n";
            else
                print_result(result, given_->restore_request.folder);
        }
    } catch (const std::exception& error) {
        if (!given_->as_json) throw;
        std::cout << json::serialize(
                         admin::refusal(admin::Refused(admin::Refused::Kind::failed, error.what())))
                  << "\n";
        return failed;
    }
    std::cout.flush();
    if (std::cout) return 0;
    std::cerr << "cairn-ca: it is done, but the answer could not be written\n";
    return failed;
}

}  // namespace cairn::apps
