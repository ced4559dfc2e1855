#pragma once

#include <string>

#include "client/local_evidence.h"

namespace cairn::client {

/// Looks where a CA looks: fetches the file over port 80 from every address of the name, asks the
/// system's resolver for the TXT records, or shakes hands on port 443. Each look takes five seconds
/// at most.
class NetworkEvidence final : public LocalEvidence {
  public:
    explicit NetworkEvidence(std::string user_agent) : user_agent_(std::move(user_agent)) {}
    [[nodiscard]] std::vector<std::string> about(const ProgressEvent& failed) noexcept override;

  private:
    [[nodiscard]] std::vector<std::string> about_file(const ProgressEvent& failed) const;
    [[nodiscard]] std::vector<std::string> about_certificate(const ProgressEvent& failed) const;
    std::string user_agent_;
};

/// The TXT records of a name, as the system's resolver finds them; an alias is followed. The error
/// says why there are none.
[[nodiscard]] base::Result<std::vector<std::string>> txt_records_of(const std::string& name);

}  // namespace cairn::client
