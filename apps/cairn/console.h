#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "apps/cairn/output.h"
#include "client/progress.h"

namespace cairn {

/// What becomes of data that standard output does not take.
enum class Delivery {
    attempted,  ///< they are dropped: the command has done something, and its exit code tells of
                ///< that
    required    ///< the command fails: to tell is all that it does
};

/// The terminal: data go to standard output, everything said about the work to standard error, in
/// colour only where a person reads it and has not asked for none (NO_COLOR). What is said never
/// decides what is done: words that nobody takes are dropped.
class Console final : public client::Progress {
  public:
    Console();
    void say(std::string_view sentence) override;
    void warn(std::string_view sentence) override;
    /// What made the command fail.
    void fail(std::string_view text);
    /// Data, with a line end, to standard output. Throws Failure if their delivery is required and
    /// they cannot be written.
    void print(std::string_view data, Delivery delivery);
    /// Rows under a heading, in columns as wide as they must be, in the same way.
    void print_table(const std::vector<std::vector<std::string>>& rows, Delivery delivery);

  private:
    void write(std::string_view colour, std::string_view label, std::string_view text);
    std::mutex mutex_;
    Output output_, errors_;
    bool is_coloured_;
};

}  // namespace cairn
