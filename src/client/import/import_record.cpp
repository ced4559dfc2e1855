#include "client/import/import_record.h"

#include <algorithm>
#include <array>
#include <utility>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>

#include "client/durable_file.h"
#include "client/failure.h"
#include "crypto/digest.h"
#include "protocol/json.h"

namespace cairn::client {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;
using Stage = ImportRecord::Stage;
using Holds = ServedPath::Holds;

constexpr std::size_t max_file = std::size_t{16} << 20U;

constexpr std::array programs = {ForeignProgram::certbot, ForeignProgram::lego,
                                 ForeignProgram::acme_sh};
constexpr std::array stages = {Stage::imported, Stage::taking_over, Stage::taken_over,
                               Stage::giving_back};
constexpr std::array kinds = {RenewalJob::Kind::timer, RenewalJob::Kind::cron,
                              RenewalJob::Kind::program};
constexpr std::array all_holds = {Holds::certificate, Holds::chain, Holds::full_chain,
                                  Holds::private_key};

/// The enumerator that this text stands for; an error of the reader if none does.
template <class Enum, std::size_t size>
Enum one_of(const std::array<Enum, size>& all, protocol::MemberReader& reader,
            std::string_view name) {
    const auto text = reader.required_text(name);
    for (const auto each : all)
        if (to_string(each) == text) return each;
    reader.refuse(name, "is not known here");
    return all.front();
}

/// What `read` makes of each object of a list; the first error is one of the reader.
template <class Read>
void read_list(protocol::MemberReader& reader, std::string_view name, const Read& read) {
    const auto* list = reader.array(name);
    if (list == nullptr) return;
    for (const auto& entry : *list) {
        const auto* object = entry.if_object();
        if (object == nullptr) return reader.refuse(name, "holds what is no object");
        protocol::MemberReader inner(*object);
        read(inner);
        if (inner.error()) return reader.refuse(name, inner.error()->message);
    }
}

}  // namespace

std::string_view to_string(Stage stage) {
    switch (stage) {
        case Stage::imported:
            return "imported";
        case Stage::taking_over:
            return "taking-over";
        case Stage::taken_over:
            return "taken-over";
        case Stage::giving_back:
            return "giving-back";
    }
    return {};
}

std::string ImportRecord::to_json() const {
    json::array lineage_list;
    json::array job_list;
    json::array moved_list;
    for (const auto& lineage : lineages)
        lineage_list.push_back(json::object{{"theirs", lineage.theirs}, {"ours", lineage.ours}});
    for (const auto& job : jobs)
        job_list.push_back(json::object{{"kind", client::to_string(job.kind)},
                                        {"file", job.file.string()},
                                        {"target", job.target}});
    for (const auto& each : moved)
        moved_list.push_back(json::object{{"path", each.path.string()},
                                          {"aside", each.aside.string()},
                                          {"target", each.target.string()},
                                          {"lineage", each.lineage},
                                          {"holds", client::to_string(each.holds)}});
    return json::serialize(json::object{{"version", 1},
                                        {"program", client::to_string(program)},
                                        {"folder", folder.string()},
                                        {"root", root.string()},
                                        {"stage", client::to_string(stage)},
                                        {"lineages", std::move(lineage_list)},
                                        {"jobs", std::move(job_list)},
                                        {"moved", std::move(moved_list)}}) +
           "\n";
}

base::Result<ImportRecord> ImportRecord::from_json(std::string_view text) {
    const auto object = protocol::parse_json_object(base::bytes_of(text));
    if (!object) return std::unexpected(object.error());
    protocol::MemberReader reader(*object);
    ImportRecord record;
    record.program = one_of(programs, reader, "program");
    record.folder = std::string(reader.required_text("folder"));
    record.root = std::string(reader.required_text("root"));
    record.stage = one_of(stages, reader, "stage");
    read_list(reader, "lineages", [&](protocol::MemberReader& inner) {
        record.lineages.push_back(
            {std::string(inner.required_text("theirs")), std::string(inner.required_text("ours"))});
    });
    read_list(reader, "jobs", [&](protocol::MemberReader& inner) {
        const auto kind = one_of(kinds, inner, "kind");
        record.jobs.push_back(
            {kind, std::string(inner.required_text("file")), inner.text_or_empty("target")});
    });
    read_list(reader, "moved", [&](protocol::MemberReader& inner) {
        MovedAside each{.path = std::string(inner.required_text("path")),
                        .aside = std::string(inner.required_text("aside")),
                        .target = inner.text_or_empty("target"),
                        .lineage = inner.text_or_empty("lineage")};
        each.holds = one_of(all_holds, inner, "holds");
        record.moved.push_back(std::move(each));
    });
    if (reader.error()) return std::unexpected(*reader.error());
    return record;
}

std::string ImportRecord::name_of(std::string_view theirs) const {
    const auto found = std::ranges::find(lineages, theirs, &ImportedLineage::theirs);
    return found == lineages.end() ? std::string() : found->ours;
}

ImportRecordStore::ImportRecordStore(const StateDirectory& state, ForeignProgram program,
                                     const fs::path& folder)
    : folder_(state.root() / "imports") {
    // Without a slash at the end.
    auto place = fs::absolute(folder).lexically_normal();
    if (!place.has_filename()) place = place.parent_path();
    const auto place_text = place.string();
    const auto digest = crypto::sha256(base::bytes_of(place_text));
    constexpr std::size_t octets = 8;
    name_ = fmt::format("{}-{}", to_string(program),
                        base::to_hex(base::BytesView(digest).first(octets)));
}

FileDescriptor ImportRecordStore::lock() const {
    make_private_directory(folder_);
    const auto path = folder_ / "lock";
    FileDescriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (!file.is_open())
        throw Failure(fmt::format("lock {}", path.string()),
                      std::generic_category().message(errno));
    if (::flock(file.number(), LOCK_EX | LOCK_NB) != 0)
        throw Failure("import", "another run imports at this moment", "wait for it to end.");
    return file;
}

std::optional<ImportRecord> ImportRecordStore::find() const {
    const auto path = folder_ / (name_ + ".json");
    if (!fs::exists(path)) return std::nullopt;
    const auto text = read_file(path, max_file);
    auto record = text ? ImportRecord::from_json(*text) : std::unexpected(text.error());
    if (!record)
        throw Failure(fmt::format("read {}", path.string()), record.error().message,
                      "restore the file: it says what --undo has to bring back.");
    return std::move(*record);
}

void ImportRecordStore::save(const ImportRecord& record) const {
    make_private_directory(folder_);
    write_durably(folder_ / (name_ + ".json"), record.to_json(), FileAccess::owner);
}

fs::path ImportRecordStore::links() const {
    return folder_ / (name_ + ".links");
}

}  // namespace cairn::client
