#pragma once

#include <filesystem>
#include <string>

namespace cairn::client {

/// Whoever runs the program, as far as that decides where the state is.
struct StateUser {
    bool is_root = false;
    std::string state_home{};  ///< XDG_STATE_HOME
    std::string home{};        ///< HOME, else as the user database says

    /// The user of this process.
    [[nodiscard]] static StateUser current();
};

/// Where the state is.
struct StatePlace {
    enum class Origin {
        said,    ///< somebody has named it
        usual,   ///< by default
        former,  ///< where former versions had it by default, and where it still is
        unknown  ///< there is no default for a user without a home
    };
    std::filesystem::path root;
    Origin origin = Origin::usual;
};

/// Where former versions kept the state unless something else was said.
[[nodiscard]] std::filesystem::path former_state();
/// /var/lib/cairn for root; for others `cairn` in $XDG_STATE_HOME, which must be absolute as its
/// specification says, else in ~/.local/state. Empty for a user without a home.
[[nodiscard]] std::filesystem::path usual_state(const StateUser& user);
/// True if a state of ours is in this folder, as far as this user can see.
[[nodiscard]] bool has_state(const std::filesystem::path& folder);
/// The place that was `said`, if that is not empty; else the usual one, but the former one if there
/// is a state of this user in that alone.
[[nodiscard]] StatePlace state_place(const std::filesystem::path& said, const StateUser& user,
                                     const std::filesystem::path& former);

}  // namespace cairn::client
