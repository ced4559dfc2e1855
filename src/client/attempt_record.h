#pragma once

#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "client/attempt_history.h"
#include "client/durable_file.h"
#include "client/environment.h"
#include "client/failure.h"
#include "client/progress.h"
#include "client/state_directory.h"

namespace cairn::client {

/// Keeps what one attempt at a lineage tells, step by step, and passes it on. Each step is in the
/// file when `tell` returns, so that it is there after a kill. What cannot be kept is left out: the
/// attempt itself matters more. An attempt begins with the first thing that is told of a CA, a hook
/// or an order; what never gets as far is not kept. Thread-safe.
class AttemptRecord final : public Progress {
  public:
    /// All outlive it. The caller holds the lock of the lineage.
    AttemptRecord(const Environment& environment, const LineageName& lineage, AttemptWork work,
                  Progress& listener)
        : environment_(environment), lineage_(lineage), work_(work), listener_(listener) {}

    /// Where a proof has failed, also looks from here at what the CA was not convinced of, and
    /// tells what there is (`Environment::evidence`).
    void tell(const ProgressEvent& event) override;
    /// It has come to what it was to; nothing is kept of what has not begun.
    void succeed();
    /// It has failed, begun or not. Tells where that is kept.
    void fail(const Failure& failure);
    /// Begins the attempt, if it has not begun; its id, empty if it cannot be kept.
    std::string begin();
    /// Names the attempt; empty while it has not begun or cannot be kept.
    [[nodiscard]] std::string id() const;

  private:
    void keep(const ProgressEvent& event);
    void open();
    void end(AttemptState state, const Failure* failure);
    void append(const std::string& line);
    [[nodiscard]] std::string elapsed() const;

    const Environment& environment_;
    const LineageName& lineage_;
    const AttemptWork work_;
    Progress& listener_;

    mutable std::mutex mutex_;
    bool has_begun_ = false;
    std::string id_;
    Timer::TimePoint started_;
    /// Locked as long as the attempt runs.
    FileDescriptor file_;
    std::size_t octets_ = 0;
    std::size_t left_out_ = 0;
    /// What was told before it began.
    std::vector<ProgressEvent> prelude_;
};

/// What is told after the end of attempts that it belongs to. Used by one thread.
class AttemptAppendix final : public Progress {
  public:
    explicit AttemptAppendix(Progress& listener) : listener_(listener) {}
    void tell(const ProgressEvent& event) override;
    /// Adds it to what is kept of this attempt, and a failure that it has come to after all.
    /// Nothing happens if none is kept.
    void keep(const StateDirectory& state, const LineageName& lineage, const std::string& id,
              const Failure* failure) const noexcept;

  private:
    Progress& listener_;
    std::vector<ProgressEvent> events_;
};

}  // namespace cairn::client
