#pragma once

#include <filesystem>
#include <functional>
#include <optional>

#include "base/clock.h"
#include "base/result.h"
#include "client/failure.h"
#include "client/lineage_facts.h"
#include "client/lineage_member.h"
#include "client/state_directory.h"

namespace cairn::client {

/// The facts of one certificate of a lineage. Those of all its certificates are kept in the file
/// facts/NAME.json, mode 0600, which is replaced whole, or gets a line more where an order has come
/// further: whatever happens to a run, the next one finds them as they were before a change or
/// after it. What former versions kept in `orders`, `deployments` and `revocations` is read as
/// well, and moves into the file with the next change. Thread-safe.
class LineageFactStore {
  public:
    LineageFactStore(const StateDirectory& state, LineageMember member)
        : state_(state), member_(std::move(member)), name_(member_.lineage) {}

    [[nodiscard]] std::filesystem::path file() const { return state_.facts(name_); }
    /// What is known; an error, which names the file, if that cannot be read.
    [[nodiscard]] base::Result<LineageFacts> read() const;
    /// The same of the whole lineage, as the facts of its first certificate.
    [[nodiscard]] base::Result<LineageFacts> read_all() const;
    /// Lets `work` change what is known. It is durable when this returns. A lock that is held
    /// for this alone keeps changes apart, also those of runs that do not hold the lock of the
    /// lineage. What cannot be read is moved away first, as by `mend`. Throws Failure.
    void change(const std::function<void(LineageFacts&)>& work) const;
    /// The same for what is known of the whole lineage.
    void change_all(const std::function<void(LineageFacts&)>& work) const;
    /// Whether the order that is known is done with when a try has succeeded.
    enum class OpenOrderThen { stays, is_done };
    /// Keeps what a try has come to. That it cannot be kept is not told: what
    /// matters is what the try has come to, and an order that is still known is gone on with.
    void note(const Attempt& attempt, OpenOrderThen then = OpenOrderThen::stays) const noexcept;
    /// The outcome of `work`, a try with the CA at `directory_url` that is kept
    /// when it ends, by return or by Failure. An empty outcome, of what turned
    /// out not to be a try, is not kept.
    template <class Work>
    auto attempt(const base::Clock& clock, const std::string& directory_url, const Work& work,
                 OpenOrderThen then = OpenOrderThen::stays) const {
        try {
            auto outcome = work();
            if constexpr (requires { outcome.has_value(); })
                if (!outcome.has_value()) return outcome;
            note({clock.now(), directory_url, std::nullopt}, then);
            return outcome;
        } catch (const Failure& failure) {
            note({clock.now(), directory_url, failure});
            throw;
        }
    }
    /// Sees to it that the file can be read: one that cannot is moved to a name
    /// beside it, which is returned. Throws Failure, also if a later version has
    /// written it.
    std::optional<std::filesystem::path> mend() const;

  private:
    /// What the file says.
    struct Kept {
        LineageFacts facts;
        bool is_whole = true;  ///< false: a line was cut off when it was added
    };
    [[nodiscard]] base::Result<std::optional<Kept>> kept() const;
    /// What is known when damage is out of the way. The caller holds the lock of the facts.
    std::optional<std::filesystem::path> move_damage_away() const;
    void write(const LineageFacts& facts) const;

    const StateDirectory& state_;
    LineageMember member_;
    LineageName name_;
};

/// The lineages that have no plan yet, for which a certificate may have been issued that is not in
/// place, in order, and those of which that cannot be read.
[[nodiscard]] std::vector<LineageName> planless_lineages_being_issued(const StateDirectory& state);

}  // namespace cairn::client
