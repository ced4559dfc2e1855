#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "protocol/identifier.h"

namespace cairn::client {

/// What is known of a record of dns-persist-01 for a domain.
struct PersistentNote {
    std::string name;   ///< "_validation-persist.example.com"
    std::string value;  ///< what it must say, or says
    /// When it was last seen to stand, or else was last asked for.
    base::Time time;
    bool stands = false;
};

/// Keeps, in the state, which records that stay were asked for and seen, for people who want to
/// know what proves a name. What cannot be read or kept is left out: proofs do not rest on it.
class PersistentNotes {
  public:
    static constexpr std::size_t max_notes = 10;  ///< of one domain

    /// An empty folder keeps nothing.
    explicit PersistentNotes(const std::filesystem::path& state_folder);
    /// Those of one domain; the newest last.
    [[nodiscard]] std::vector<PersistentNote> of(const protocol::DnsName& domain) const noexcept;
    /// Adds one, in the place of that for the same CA and account.
    void keep(const protocol::DnsName& domain, const PersistentNote& note) const noexcept;

  private:
    [[nodiscard]] std::filesystem::path file_of(const protocol::DnsName& domain) const;
    std::filesystem::path folder_;
};

}  // namespace cairn::client
