#pragma once
// Private to client: what the transaction of a deployment is made of.

#include <filesystem>
#include <string>
#include <vector>

#include <boost/json/fwd.hpp>

#include "base/result.h"
#include "client/deploy/placed_file.h"
#include "client/deploy/target.h"

namespace cairn::client {

/// Files that are each replaced by themselves, in one step: what was there stays beside it as
/// ".NAME.cairn-former" until the deployment has come to its end. A configuration is replaced
/// through a link to it; a link in the place of a certificate or a key is replaced itself, since
/// what it leads to is another's.
class SingleFiles {
  public:
    /// Looks at what stands there. Changes nothing.
    explicit SingleFiles(std::vector<DeployFile> files);
    /// Reads what `record` gave; good for `take_back` and `tidy`.
    [[nodiscard]] static base::Result<SingleFiles> from_record(const boost::json::object& record);
    /// All that `take_back` needs to know. No secrets.
    [[nodiscard]] boost::json::object record() const;

    /// The paths that are not as they are to be.
    [[nodiscard]] std::vector<std::filesystem::path> changed() const;
    /// Throws Failure; `take_back` then undoes what was done.
    void put_in_place() const;
    /// Makes everything as it was, as far as it is not. Throws Failure.
    void take_back() const;
    /// Removes what only `take_back` needed.
    void tidy() const;

  private:
    struct Member {
        std::filesystem::path path;
        bool was_there = false;
        bool is_change = true;
    };
    SingleFiles() = default;
    std::vector<DeployFile> files_;
    std::vector<Member> members_;
};

}  // namespace cairn::client
