#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "client/failure.h"
#include "client/notices/notice_ledger.h"
#include "client/notices/notice_message.h"
#include "client/progress.h"
#include "client/settings.h"
#include "client/state_directory.h"
#include "client/timer.h"

namespace cairn::client {

/// Tells people of trouble, in all the ways of the settings, and remembers what they were told.
class Notifier {
  public:
    /// All outlive it. `user_agent` is told to a webhook.
    Notifier(const NotifySettings& settings, const StateDirectory& state, const base::Clock& clock,
             Timer& timer, std::string user_agent)
        : settings_(settings),
          state_(state),
          clock_(clock),
          timer_(timer),
          user_agent_(std::move(user_agent)) {}

    /// Tells what of the report people do not know yet, or were told long ago, and what is over. Of
    /// nothing new, nothing is sent. What could not be sent in any way is tried again by the next
    /// run. Never throws: what goes wrong is told to `progress`.
    void tell(const TroubleReport& report, Progress& progress) noexcept;
    /// Sends this message in all ways; what went wrong with each. Throws nothing but what memory
    /// lacks.
    [[nodiscard]] std::vector<Failure> send(const NoticeMessage& message);

  private:
    [[nodiscard]] NoticeLedger known() const;

    const NotifySettings& settings_;
    const StateDirectory& state_;
    const base::Clock& clock_;
    Timer& timer_;
    std::string user_agent_;
};

}  // namespace cairn::client
