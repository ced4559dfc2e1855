#pragma once
// Private to client: what the transaction of a deployment is made of.

#include <optional>
#include <string>
#include <vector>

#include <boost/json/fwd.hpp>

#include "base/result.h"
#include "client/deploy/matched_files.h"
#include "client/deploy/single_files.h"

namespace cairn::client {

/// The files of one target, with what stood in their places. Each step can be the last.
class Placement {
  public:
    /// Looks at what stands. Changes nothing. Throws Failure.
    explicit Placement(DeployFiles files);
    [[nodiscard]] static base::Result<Placement> from_record(const boost::json::object& record);
    /// All that `take_back` needs to know. No secrets.
    [[nodiscard]] boost::json::object record() const;

    /// Throws Failure; `take_back` then undoes what was done.
    void put_in_place() const;
    /// Makes everything as it was, as far as it is not. Throws Failure.
    void take_back() const;
    /// Removes what only `take_back` needed.
    void tidy() const;

  private:
    Placement() = default;
    std::optional<MatchedFiles> matched_;
    std::optional<SingleFiles> single_;
};

}  // namespace cairn::client
