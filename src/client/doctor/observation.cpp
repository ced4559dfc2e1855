#include "client/doctor/observation.h"

#include <algorithm>
#include <utility>

#include "protocol/dns_challenge.h"

namespace cairn::client::doctor {

bool Patient::may_use(protocol::ChallengeType type) const {
    return std::ranges::find(methods, type) != methods.end();
}

bool Patient::is_by_dns() const {
    return std::ranges::all_of(methods, protocol::is_dns_method);
}

Finding finding(Severity severity, Check check, const Patient& patient, std::string looked_at,
                std::string came_back, std::string next) {
    return {severity,       check, patient.name(), std::move(looked_at), std::move(came_back),
            std::move(next)};
}

std::string list(const std::vector<std::string>& words) {
    std::string text;
    for (const auto& word : words) text += (text.empty() ? "" : ", ") + word;
    return text;
}

}  // namespace cairn::client::doctor
