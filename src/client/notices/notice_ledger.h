#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "client/notices/trouble.h"

namespace cairn::client {

/// Something that people are told.
struct Notice {
    enum class Kind {
        began,  ///< it was not known before, or is another trouble than before
        lasts,  ///< it is as it was when they were told last
        is_over
    };
    Kind kind = Kind::began;
    Trouble trouble;
    /// Since when it is known.
    base::Time since;
};

/// What people were told of the lineages of a state, so that they are told once and not with every
/// run. A value; it is kept as a JSON file.
class NoticeLedger {
  public:
    static constexpr std::size_t max_entries = 20000;

    [[nodiscard]] static base::Result<NoticeLedger> from_json(base::BytesView json);
    [[nodiscard]] std::string to_json() const;

    /// What is to be told after this report, and the ledger in which it has been told. What has
    /// stayed as it was is told again after `repeat`.
    struct Next;
    [[nodiscard]] Next after(const TroubleReport& report, base::Time now,
                             base::Seconds repeat) const;

  private:
    struct Entry {
        std::string lineage;
        TroubleKind kind = TroubleKind::failure;
        std::string signature;
        base::Time since, told;
    };
    std::vector<Entry> entries_;
};

struct NoticeLedger::Next {
    std::vector<Notice> notices;
    NoticeLedger ledger;
};

}  // namespace cairn::client
