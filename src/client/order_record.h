#pragma once

#include <filesystem>
#include <optional>

#include "base/result.h"
#include "client/lineage_fact_store.h"

namespace cairn::client {

/// The order that is under way for one certificate of a lineage: among its facts from before it is
/// placed until its certificate is in place, so that whatever happens to a run, the next one goes
/// on. Written under the lock of the lineage.
class OrderRecord {
  public:
    OrderRecord(const StateDirectory& state, const LineageMember& member) : facts_(state, member) {}

    /// What is kept; an error if it cannot be read.
    [[nodiscard]] base::Result<std::optional<OpenOrder>> find() const;
    /// Durable when it returns. Throws Failure.
    void keep(const OpenOrder& order) const;
    /// The same for none.
    void erase() const;
    [[nodiscard]] std::filesystem::path file() const { return facts_.file(); }

  private:
    LineageFactStore facts_;
};

}  // namespace cairn::client
