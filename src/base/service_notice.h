#pragma once

#include <string_view>

namespace cairn::base {

/// Tells the service manager that started this program about its state ("READY=1"), by the protocol
/// of sd_notify(3). Does nothing where there is none.
void notify_service_manager(std::string_view state) noexcept;

}  // namespace cairn::base
