#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "client/import/foreign_installation.h"
#include "client/import/import_record.h"
#include "client/state_directory.h"
#include "client/timer.h"

namespace cairn::client {

/// Puts another client out of use, and links to our live files in the place of those that servers
/// read; and the way back.
///
/// A certificate and its key are several files, so several links. While they are made, each leads
/// through one further link, imports/NAME.links/LINEAGE/now, first to the files that were there,
/// and then, by one rename, all of them to ours:
///
///     1. fullchain.pem -> .../now/fullchain.pem, now -> old, old/fullchain.pem -> the old file
///     2. now -> live/LINEAGE
///     3. fullchain.pem -> live/LINEAGE/fullchain.pem
///
/// and back in the same way. So whoever reads them finds a pair that matches, wherever this ends.
/// What is done is seen in the files themselves; what is to be done is in the record, which is on
/// the disk before the first step (ADR 98). All functions throw Failure.
class TakeOver {
  public:
    /// The record is changed, and saved in the store. All outlive it.
    TakeOver(const StateDirectory& state, const ImportRecordStore& store, ImportRecord& record,
             const RenewalJobs& jobs, Timer& timer)
        : state_(state), store_(store), record_(record), jobs_(jobs), timer_(timer) {}

    /// Notes that what renews is to be stopped.
    void note_jobs();
    /// Notes what has to be moved for a lineage, which was imported under this name, unless that is
    /// noted already. Returns why not, if it has to stay as it is.
    std::vector<std::string> add(const ForeignLineage& lineage, const std::string& ours);
    /// Does what is noted, and all that is left of a run that died.
    void run();
    /// Takes all of it back, also what is half done.
    void undo();
    /// The lineages whose old certificate has expired, so that `undo` would put it in front of
    /// visitors in the place of one that is valid.
    [[nodiscard]] std::vector<std::string> expired(base::Time now) const;

  private:
    using Group = std::vector<const MovedAside*>;
    /// What a path is at this moment.
    enum class Position { old, on_the_way, ours };
    [[nodiscard]] Position position_of(const MovedAside& moved) const;
    [[nodiscard]] std::filesystem::path links_of(const std::string& lineage) const;
    [[nodiscard]] std::filesystem::path way_of(const MovedAside& moved) const;
    [[nodiscard]] std::filesystem::path live_of(const std::string& lineage) const;
    void each_group(const std::function<void(const std::string&, const Group&)>& work) const;
    void prepare_links(const std::string& lineage, const Group& group) const;
    void link(const std::string& lineage, const Group& group) const;
    void unlink(const std::string& lineage, const Group& group) const;
    /// Removes what was of use on the way.
    void clear(const std::string& lineage, const Group& group) const;
    void require_served(const std::string& lineage, const Group& group) const;

    const StateDirectory& state_;
    const ImportRecordStore& store_;
    ImportRecord& record_;
    const RenewalJobs& jobs_;
    Timer& timer_;
};

}  // namespace cairn::client
