#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "base/ip_address.h"
#include "dns/resolver.h"

namespace cairn {

/// The names of a TestAuthority: every one is at 127.0.0.1, unless a test says otherwise.
/// Thread-safe.
class TestNames final : public dns::Resolver {
  public:
    /// Throws std::invalid_argument for what is no address.
    void set_addresses(const std::string& name, const std::vector<std::string>& addresses);
    void set_texts(const std::string& name, const std::vector<std::string>& texts);

    [[nodiscard]] base::Task<base::Result<dns::Answer>> query(std::string name,
                                                              dns::RecordType type,
                                                              Deadline deadline) override;

  private:
    [[nodiscard]] dns::Answer answer(const std::string& name, dns::RecordType type) const;
    mutable std::mutex mutex_;
    std::map<std::string, std::vector<base::IpAddress>> addresses_;
    std::map<std::string, std::vector<std::string>> texts_;
};

}  // namespace cairn
