#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "client/import/foreign_installation.h"
#include "client/import/renewal_job.h"
#include "client/state_directory.h"

namespace cairn::client {

/// A lineage that was imported, under both its names.
struct ImportedLineage {
    std::string theirs, ours;
    friend bool operator==(const ImportedLineage&, const ImportedLineage&) = default;
};

/// A file of another client whose place a link takes, or that only gets another name: `aside`,
/// beside it, which it has meanwhile.
struct MovedAside {
    std::filesystem::path path, aside;
    /// Where the link leads; empty: nothing takes its place.
    std::filesystem::path target{};
    /// The lineage behind the link, by our name.
    std::string lineage{};
    ServedPath::Holds holds = ServedPath::Holds::full_chain;
    friend bool operator==(const MovedAside&, const MovedAside&) = default;
};

/// What was imported from one installation, and how far its take-over has come: the journal by
/// which a run that died is gone on with. One file for each installation in the folder `imports` of
/// the state.
struct ImportRecord {
    enum class Stage {
        imported,     ///< the other client still renews and serves
        taking_over,  ///< some of what is moved aside is so already
        taken_over,
        giving_back  ///< some of it is back already
    };
    ForeignProgram program = ForeignProgram::certbot;
    std::filesystem::path folder, root;
    Stage stage = Stage::imported;
    std::vector<ImportedLineage> lineages{};
    std::vector<RenewalJob> jobs{};
    /// Settings first, then what is served.
    std::vector<MovedAside> moved{};

    [[nodiscard]] std::string to_json() const;
    [[nodiscard]] static base::Result<ImportRecord> from_json(std::string_view json);
    /// Our name for a lineage; empty: it was not imported.
    [[nodiscard]] std::string name_of(std::string_view theirs) const;
};
/// "taken-over"
[[nodiscard]] std::string_view to_string(ImportRecord::Stage stage);

/// The record of one installation. Whoever changes it holds its lock.
class ImportRecordStore {
  public:
    ImportRecordStore(const StateDirectory& state, ForeignProgram program,
                      const std::filesystem::path& folder);

    /// The lock of all imports. Throws Failure if another run has it.
    [[nodiscard]] FileDescriptor lock() const;
    /// Nothing if there is none. Throws Failure if it cannot be read.
    [[nodiscard]] std::optional<ImportRecord> find() const;
    /// Durable when it returns. Throws Failure.
    void save(const ImportRecord& record) const;
    /// A folder of this installation's for links on the way.
    [[nodiscard]] std::filesystem::path links() const;

  private:
    std::filesystem::path folder_;
    std::string name_;
};

}  // namespace cairn::client
