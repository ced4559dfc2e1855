#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "client/progress.h"

namespace cairn {

/// The terminal: data go to standard output, everything said about the work to standard error, in
/// colour only where a person reads it and has not asked for none (NO_COLOR).
class Console final : public client::Progress {
  public:
    Console();
    void say(std::string_view sentence) override;
    void warn(std::string_view sentence) override;
    /// What made the command fail.
    void fail(std::string_view text);
    /// Data, with a line end, to standard output.
    void print(std::string_view data);
    /// Rows under a heading, in columns as wide as they must be, to standard output.
    void print_table(const std::vector<std::vector<std::string>>& rows);

  private:
    void write(std::string_view colour, std::string_view label, std::string_view text);
    std::mutex mutex_;
    bool is_coloured_;
};

}  // namespace cairn
