#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "client/state_directory.h"

namespace cairn::client {

/// The journals (`FileEdits`) of the changes that targets have made for a lineage in other
/// programs' configurations: STATE/edits/LINEAGE/1.json and so on. The last ones are kept, to be
/// undone some time.
class EditHistory {
  public:
    /// Most journals that are kept.
    static constexpr std::size_t max_kept = 20;

    EditHistory(const std::filesystem::path& state, const LineageName& lineage)
        : folder_(state / "edits" / lineage.text()) {}

    /// Where the journal of the next change belongs. The oldest beyond those that are kept go.
    /// Throws Failure.
    [[nodiscard]] std::filesystem::path next() const;
    /// The journals, the newest first. Throws Failure.
    [[nodiscard]] std::vector<std::filesystem::path> journals() const;

  private:
    std::filesystem::path folder_;
};

}  // namespace cairn::client
