#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "client/state_directory.h"

namespace cairn::client {

/// The name that a lineage has now which this was a name of; nothing if it is none.
[[nodiscard]] std::optional<LineageName> renamed_to(const StateDirectory& state,
                                                    const LineageName& former);
/// Throws Failure if a lineage cannot be made under this name because it is a former name of
/// another, whose files servers find by it.
void require_no_former_name(const StateDirectory& state, const LineageName& name);

/// Gives a lineage another name. Its folders in `live` and `archive` get the new one, and links by
/// the old one lead to them, so that servers that are configured with it go on. The lineage is the
/// old one until its plan is renamed, and the new one from then on; between any two steps servers
/// find a certificate with its key by both names, and the next call for the same names goes on with
/// what a run that died has begun. The caller holds the locks of both names. All functions throw
/// Failure.
class LineageRenaming {
  public:
    LineageRenaming(const StateDirectory& state, LineageName from, LineageName to);

    /// True if nothing is left to do.
    [[nodiscard]] bool is_done() const;
    void run();
    /// The steps of `run`, for tests of a death between them: takes the next one; false if none is
    /// left.
    bool take_step();

  private:
    using Place = std::filesystem::path (StateDirectory::*)(const LineageName&) const;
    void require_possible() const;
    /// True if the plan has the new name, and the old one leads to it.
    [[nodiscard]] bool is_renamed() const;
    [[nodiscard]] bool is_moved(const std::filesystem::path& before,
                                const std::filesystem::path& after) const;
    void move_folder(const std::filesystem::path& before, const std::filesystem::path& after) const;
    /// The links in live/NEW that lead through the old name of the archive.
    [[nodiscard]] std::vector<std::filesystem::path> old_links() const;
    [[nodiscard]] bool lead_links_to_new_name() const;
    [[nodiscard]] bool share_facts() const;
    [[nodiscard]] bool remove_leftovers() const;

    const StateDirectory& state_;
    LineageName from_, to_;
};

}  // namespace cairn::client
