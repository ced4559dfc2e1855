#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "client/certificate_plan.h"
#include "client/state_directory.h"
#include "crypto/key.h"

namespace cairn::client {

/// How far an order at the CA has come, by what a later run needs to know.
struct OrderPosition {
    std::string order_url;        ///< empty: it has not been placed, as far as is known
    std::string certificate_url;  ///< empty: not known
    /// The CA may have been asked to issue: what it issued must be fetched, not ordered again.
    bool is_finalizing = false;
};

/// An order that is under way for a lineage.
struct OpenOrder {
    CertificatePlan plan;
    crypto::PrivateKey key;
    OrderPosition position;
};

/// The order that is under way for one lineage, kept in orders/NAME.json, mode 0600, from before it
/// is placed until its certificate is in place: whatever happens to a run, the next one goes on.
/// Written under the lock of the lineage.
class OrderRecord {
  public:
    OrderRecord(const StateDirectory& state, const LineageName& name) : file_(state.order(name)) {}

    /// What is kept; an error if it cannot be read.
    [[nodiscard]] base::Result<std::optional<OpenOrder>> find() const;
    /// Durable when it returns. Throws Failure.
    void keep(const OpenOrder& order) const;
    void erase() const;
    [[nodiscard]] const std::filesystem::path& file() const { return file_; }

  private:
    std::filesystem::path file_;
};

/// The lineages for which a certificate may have been issued that is not in place, in order.
[[nodiscard]] std::vector<LineageName> lineages_being_issued(const StateDirectory& state);

}  // namespace cairn::client
