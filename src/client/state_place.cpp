#include "client/state_place.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <system_error>

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/state_directory.h"

namespace cairn::client {
namespace {

namespace fs = std::filesystem;

std::string variable(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? std::string() : std::string(value);
}

std::string home_of_user_database() {
    passwd entry{};
    passwd* found = nullptr;
    std::array<char, 16384> texts{};
    if (::getpwuid_r(::geteuid(), &entry, texts.data(), texts.size(), &found) != 0 ||
        found == nullptr || entry.pw_dir == nullptr)
        return {};
    return entry.pw_dir;
}

bool holds_anything(const fs::path& folder) {
    std::error_code unreadable;
    const fs::directory_iterator entries(folder, unreadable);
    return !unreadable && entries != fs::directory_iterator();
}

bool belongs_to_this_user(const fs::path& folder) {
    struct stat facts{};
    return ::stat(folder.c_str(), &facts) == 0 && facts.st_uid == ::geteuid();
}

}  // namespace

StateUser StateUser::current() {
    StateUser user{::geteuid() == 0, variable("XDG_STATE_HOME"), variable("HOME")};
    if (user.home.empty()) user.home = home_of_user_database();
    return user;
}

fs::path former_state() {
    return "/etc/cairn";
}

fs::path usual_state(const StateUser& user) {
    if (user.is_root) return "/var/lib/cairn";
    if (const fs::path home = user.state_home; home.is_absolute()) return home / "cairn";
    if (const fs::path home = user.home; home.is_absolute())
        return home / ".local" / "state" / "cairn";
    return {};
}

bool has_state(const fs::path& folder) {
    return std::ranges::any_of(StateDirectory::folders(), [&](std::string_view name) {
        return name != "locks" && holds_anything(folder / name);
    });
}

StatePlace state_place(const fs::path& said, const StateUser& user, const fs::path& former) {
    using Origin = StatePlace::Origin;
    if (!said.empty()) return {said, Origin::said};
    const auto usual = usual_state(user);
    if (!usual.empty() && has_state(usual)) return {usual, Origin::usual};
    if (has_state(former) && belongs_to_this_user(former)) return {former, Origin::former};
    return {usual, usual.empty() ? Origin::unknown : Origin::usual};
}

}  // namespace cairn::client
