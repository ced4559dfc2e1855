#include "apps/ca/findings.h"

#include <stdexcept>

namespace cairn::apps {

void Findings::throw_if_any() const {
    if (findings_.empty()) return;
    if (findings_.size() == 1)
        throw std::runtime_error(findings_.front() + "; nothing was changed");
    std::string text = std::to_string(findings_.size()) + " things are wrong; nothing was changed:";
    for (const auto& finding : findings_) text += "\n  " + finding;
    throw std::runtime_error(text);
}

}  // namespace cairn::apps
