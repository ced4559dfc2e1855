#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/task.h"
#include "ca/ports/validator.h"
#include "protocol/internet_registry.h"

namespace cairn::ca {

/// One network perspective that votes.
struct Seat {
    /// As the operator names it, and evidence does.
    std::string name;
    protocol::InternetRegistry region;
};

/// Who is asked for the votes of one or more perspectives.
struct RemotePerspective {
    std::string name;
    std::vector<Seat> seats;
    /// Its answer has evidence by the names of its seats. A seat without any is silent, and so is
    /// one whose problem is serverInternal: it could not find out, and its steps say why.
    std::shared_ptr<Validator> validator;
    /// Whether it answered the last time. One that did not is asked like the others, but nobody
    /// waits for it once the votes of the others decide.
    std::shared_ptr<std::atomic<bool>> is_responsive = std::make_shared<std::atomic<bool>>(true);
};

/// The remote perspectives of a CA, and how many of them must see what the CA itself sees.
struct Panel {
    std::vector<RemotePerspective> remotes;
    /// How many seats may fail to corroborate; none: as the Baseline Requirements say.
    std::optional<std::size_t> dissent;
    /// In so many regions corroborating perspectives must stand.
    std::size_t regions = 1;
    /// An answer that takes longer is none.
    base::Milliseconds deadline{12000};

    [[nodiscard]] std::size_t seats() const {
        std::size_t count = 0;
        for (const auto& remote : remotes) count += remote.seats.size();
        return count;
    }
};

/// The port to the remote perspectives that are in force. Thread-safe.
class Perspectives {
  public:
    virtual ~Perspectives() = default;
    /// Those of now; never null. Who is not among them any more has no vote, also where it was
    /// asked before.
    [[nodiscard]] virtual std::shared_ptr<const Panel> panel() const = 0;
};

}  // namespace cairn::ca
