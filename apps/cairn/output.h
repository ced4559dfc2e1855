#pragma once

#include <chrono>
#include <string_view>

namespace cairn {

/// How long a reader may keep a writer waiting.
enum class ReaderPatience {
    brief,   ///< some seconds in all; what nobody takes by then is dropped
    endless  ///< a person who pages through it is waited for
};

/// What happens to data that standard output does not accept.
enum class Delivery {
    attempted,  ///< they are dropped: the command has done something, and its exit code tells of
                ///< that
    required    ///< the command fails: to tell is all that it does
};

/// A descriptor that words go to, which may be full, closed or read by nobody. Writing never
/// throws, never ends the program and, with `ReaderPatience::brief`, never blocks for long. Not
/// thread-safe.
class Output {
  public:
    explicit Output(int descriptor) : descriptor_(descriptor) {}
    /// Zero, or the error number that says why not all of it was taken.
    int write(std::string_view text, ReaderPatience patience) noexcept;

  private:
    [[nodiscard]] bool can_take(ReaderPatience patience) noexcept;
    int descriptor_;
    /// What is left of the brief patience with this reader.
    std::chrono::milliseconds left_ = std::chrono::seconds{3};
};

/// To be called before anything is opened: puts /dev/null where standard input, output or error is
/// closed, so that no file gets their numbers and is written to as if it was one of them. A reader
/// that has gone and a file that may not grow become errors of write(2) instead of signals that
/// kill.
void make_outputs_harmless() noexcept;

}  // namespace cairn
