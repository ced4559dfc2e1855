#pragma once
// Private to va.

#include <string>

#include "va/validation.h"

namespace cairn::va {

/// What is wrong with a peer's answer.
struct Fault {
    std::string text;
    Outlook outlook;
};

}  // namespace cairn::va
