#include "ca/rules/profile.h"

#include <algorithm>

namespace cairn::ca {

base::Seconds longest_validity(base::Time when) {
    using namespace std::chrono;
    if (when < sys_days(2027y / March / 15)) return days(200);
    if (when < sys_days(2029y / March / 15)) return days(100);
    return days(47);
}

base::Seconds Profile::longest_life(base::Time when) const {
    return baseline_requirements ? std::min(validity, longest_validity(when)) : validity;
}

base::Seconds Profile::usual_backdate(base::Seconds validity) {
    return std::min<base::Seconds>(std::chrono::hours(1), validity / 10);
}

base::Seconds Profile::longest_backdate(base::Seconds validity) {
    return validity / 3;
}

base::Result<Profiles> Profiles::of(std::map<std::string, Profile> profiles,
                                    std::string default_name) {
    if (profiles.empty()) return base::fail("there is no profile");
    if (!profiles.contains(default_name))
        return base::fail("the default profile \"" + default_name + "\" is not defined");
    Profiles result;
    result.profiles_ = std::move(profiles);
    result.default_name_ = std::move(default_name);
    return result;
}

const Profile* Profiles::find(const std::string& name) const {
    const auto found = profiles_.find(name.empty() ? default_name_ : name);
    return found == profiles_.end() ? nullptr : &found->second;
}

}  // namespace cairn::ca
