#include "client/challenge_journal.h"

#include <fmt/format.h>

#include "base/json_quoted.h"
#include "client/durable_file.h"
#include "client/failure.h"
#include "crypto/digest.h"
#include "protocol/json.h"

namespace cairn::client {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_record = 16384;
constexpr std::size_t max_folders = 10;

base::Result<ChallengeJournal::Entry> parse(std::string_view text) {
    const auto object = protocol::parse_json_object(base::bytes_of(text));
    if (!object) return std::unexpected(object.error());
    protocol::MemberReader reader(*object);
    const std::string solver(reader.required_text("solver"));
    const auto type = protocol::challenge_type_from(reader.required_text("type"));
    const auto kind = reader.required_text("identifier_type");
    const auto value = reader.required_text("identifier");
    const auto token = protocol::Token::from_text(reader.required_text("token"));
    const std::string key_authorization(reader.required_text("key_authorization"));
    auto account_url = reader.text_or_empty("account_url");
    auto folders = reader.texts("folders", max_folders);
    if (reader.error()) return std::unexpected(*reader.error());
    auto identifier = kind == protocol::to_string(protocol::IdentifierType::ip)
                          ? protocol::Identifier::ip(value)
                          : protocol::Identifier::dns(value);
    if (!type) return base::fail("type: unknown");
    if (!identifier) return std::unexpected(identifier.error().within("identifier"));
    if (!token) return std::unexpected(token.error().within("token"));
    return ChallengeJournal::Entry{solver,
                                   Challenge{.type = *type,
                                             .identifier = std::move(*identifier),
                                             .token = *token,
                                             .key_authorization = key_authorization,
                                             .account_url = std::move(account_url)},
                                   std::move(folders)};
}

}  // namespace

fs::path ChallengeJournal::file_of(const Challenge& challenge) const {
    // A token may be longer than a file name.
    const auto digest = crypto::sha256(base::bytes_of(challenge.token.text()));
    return folder_ / (base::to_hex(digest) + ".json");
}

void ChallengeJournal::record(const Challenge& challenge, Solver& solver) const {
    if (solver.residue() == Residue::none) return;
    std::string folders;
    for (const auto& folder : solver.folders_to_make())
        folders += (folders.empty() ? "" : ", ") + base::json_quoted(folder);
    make_private_directory(folder_);
    write_durably(
        file_of(challenge),
        fmt::format(
            "{{\"solver\": {}, \"type\": {}, \"identifier_type\": {}, \"identifier\": {}, "
            "\"token\": {}, \"key_authorization\": {}, \"account_url\": {}, \"folders\": [{}]}}\n",
            base::json_quoted(solver.specification()),
            base::json_quoted(protocol::to_string(challenge.type)),
            base::json_quoted(protocol::to_string(challenge.identifier.type())),
            base::json_quoted(challenge.identifier.base_value()),
            base::json_quoted(challenge.token.text()),
            base::json_quoted(challenge.key_authorization),
            base::json_quoted(challenge.account_url), folders),
        FileAccess::owner);
}

void ChallengeJournal::erase(const Challenge& challenge) const {
    // A record that stays only makes a later run clean up once more.
    std::error_code ignored;
    fs::remove(file_of(challenge), ignored);
    fs::remove(folder_, ignored);  // succeeds if it is empty
}

std::vector<base::Result<ChallengeJournal::Entry>> ChallengeJournal::entries() const {
    std::vector<base::Result<Entry>> entries;
    for (const auto& name : file_names_in(folder_)) {
        const auto file = folder_ / name;
        if (file.extension() != ".json") continue;
        const auto text = read_file(file, max_record);
        auto entry = text ? parse(*text) : std::unexpected(text.error());
        if (!entry) entry = std::unexpected(entry.error().within(file.string()));
        entries.push_back(std::move(entry));
    }
    return entries;
}

namespace {

/// Throws Failure.
void take_down(const base::Result<ChallengeJournal::Entry>& entry, const ChallengeJournal& journal,
               SolverSet& solvers) {
    if (!entry) throw Failure("read a record", entry.error().message);
    const auto solver = solvers.find(entry->solver);
    if (!solver) throw Failure("use the solver", solver.error().message);
    (*solver)->adopt_folders(entry->folders);
    (*solver)->clean_up(entry->challenge);
    journal.erase(entry->challenge);
}

}  // namespace

void clean_up_after_crashes(const StateDirectory& state, SolverSet& solvers, Progress& progress) {
    for (const auto& name : state.lineages_with_challenges()) {
        const auto lock = state.try_lock(name);
        if (!lock) continue;
        const ChallengeJournal journal(state, name);
        for (const auto& entry : journal.entries()) {
            try {
                take_down(entry, journal, solvers);
                progress.tell({.kind = ProgressKind::old_answer_taken_down,
                               .identifiers = {entry->challenge.identifier}});
            } catch (const Failure& failure) {
                progress.tell({.kind = ProgressKind::old_answer_left_up,
                               .failure = failure,
                               .place = state.challenges(name),
                               .text = name.text()});
            }
        }
    }
}

}  // namespace cairn::client
