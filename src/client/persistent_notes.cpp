#include "client/persistent_notes.h"

#include <algorithm>
#include <exception>
#include <utility>

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include "base/json_quoted.h"
#include "client/durable_file.h"
#include "crypto/digest.h"
#include "protocol/json.h"
#include "protocol/persistent_record.h"

namespace cairn::client {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_notes_file = 65536;

/// Whether both are for one CA and one account.
bool is_for_the_same(const std::string& one, const std::string& other) {
    const auto first = protocol::PersistentRecord::from_text(one);
    const auto second = protocol::PersistentRecord::from_text(other);
    return first && second && first->issuer == second->issuer &&
           first->account_uri == second->account_uri;
}

std::vector<PersistentNote> parse(std::string_view text) {
    std::vector<PersistentNote> notes;
    const auto whole = protocol::parse_json_object(base::bytes_of(text));
    if (!whole) return notes;
    protocol::MemberReader reader(*whole);
    const auto* all = reader.array("records");
    if (all == nullptr) return notes;
    for (const auto& each : *all) {
        const auto* object = each.if_object();
        if (object == nullptr || notes.size() == PersistentNotes::max_notes) break;
        protocol::MemberReader member(*object);
        PersistentNote note{.name = std::string(member.required_text("name")),
                            .value = std::string(member.required_text("value")),
                            .time = member.time("time").value_or(base::Time()),
                            .stands = member.boolean("stands").value_or(false)};
        if (!member.error()) notes.push_back(std::move(note));
    }
    return notes;
}

std::string notes_json(const std::vector<PersistentNote>& notes) {
    std::string text = R"({"version": 1, "records": [)";
    for (const auto& note : notes)
        text += fmt::format("{}{{\"name\": {}, \"value\": {}, \"time\": {}, \"stands\": {}}}",
                            &note == notes.data() ? "" : ", ", base::json_quoted(note.name),
                            base::json_quoted(note.value),
                            base::json_quoted(base::to_rfc3339(note.time)), note.stands);
    return text + "]}\n";
}

}  // namespace

PersistentNotes::PersistentNotes(const fs::path& state_folder)
    : folder_(state_folder.empty() ? fs::path() : state_folder / "persist") {}

fs::path PersistentNotes::file_of(const protocol::DnsName& domain) const {
    // A name may be longer than one of a file.
    return folder_ / (base::to_hex(crypto::sha256(base::bytes_of(domain.text()))) + ".json");
}

std::vector<PersistentNote> PersistentNotes::of(const protocol::DnsName& domain) const noexcept
    try {
    if (folder_.empty()) return {};
    const auto text = read_file(file_of(domain), max_notes_file);
    return text ? parse(*text) : std::vector<PersistentNote>();
} catch (const std::exception&) {
    return {};
}

void PersistentNotes::keep(const protocol::DnsName& domain,
                           const PersistentNote& note) const noexcept try {
    if (folder_.empty()) return;
    auto notes = of(domain);
    std::erase_if(notes, [&](const PersistentNote& other) {
        return is_for_the_same(other.value, note.value);
    });
    if (notes.size() == max_notes) notes.erase(notes.begin());
    notes.push_back(note);
    make_private_directory(folder_);
    write_durably(file_of(domain), notes_json(notes), FileAccess::owner);
} catch (const std::exception&) {
    // Proofs do not rest on it.
}

}  // namespace cairn::client
