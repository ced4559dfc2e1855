#pragma once

#include <string>

#include "client/progress.h"

namespace cairn {

/// What a person reads of an event, without the name of the lineage; several lines for what is to
/// be done by hand.
[[nodiscard]] std::string sentence_of(const client::ProgressEvent& event);

}  // namespace cairn
