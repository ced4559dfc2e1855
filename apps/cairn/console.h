#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "apps/cairn/output.h"
#include "apps/cairn/status_line.h"
#include "client/failure.h"
#include "client/progress.h"

namespace cairn {

/// What is said about the work: sentences for people, or for programs a line of JSON for each, as
/// client::to_json writes it.
enum class Messages { sentences, json };

/// How much is said about it.
enum class Verbosity {
    quiet,    ///< what went wrong, and what a person is asked to do
    usual,    ///< also each step
    detailed  ///< also what each request came to
};

/// The terminal: data go to standard output, messages to standard error, in colour only on a
/// terminal without NO_COLOR. There the step that is being taken is the last line, which moves, and
/// becomes a line like all others when the next step begins; elsewhere there are those lines alone,
/// and nothing moves the cursor. Output never affects the work: messages that cannot be written are
/// dropped.
class Console final : public client::Progress {
  public:
    Console(Messages messages, Verbosity verbosity);
    ~Console() override;
    Console(const Console&) = delete;
    Console& operator=(const Console&) = delete;
    void tell(const client::ProgressEvent& event) override;
    void count(std::size_t settled, std::size_t all) override;
    /// One plain sentence about what is being done.
    void say(std::string_view sentence);
    /// The same of what only those want to know who look for a fault.
    void detail(std::string_view sentence);
    /// Something that did not stop the command but should be known.
    void warn(std::string_view sentence);
    /// What made the command fail, or the work on one lineage, if there were several.
    void fail(const client::Failure& failure, const std::string& lineage = {});
    /// Data, with a line end, to standard output. Throws Failure if their delivery is required and
    /// they cannot be written. A quiet console leaves out those whose delivery is not.
    void print(std::string_view data, Delivery delivery);
    /// The same of data that were asked for by --json.
    void print_answer(std::string_view data, Delivery delivery);
    /// Rows under a heading, in columns as wide as they must be, in the same way.
    void print_table(const std::vector<std::vector<std::string>>& rows, Delivery delivery);

  private:
    enum class Weight { note, warning, failure };
    void write(Weight weight, std::string_view text);
    void write_line(const std::string& line);
    /// Shows a step in the line that moves.
    void show_step(const std::string& line);
    /// Makes the step that is shown a line like all others. The caller holds the mutex.
    void settle_step();
    void draw();
    void keep_drawing(const std::stop_token& stop);
    Messages messages_;
    Verbosity verbosity_;
    std::mutex mutex_;
    Output output_, errors_;
    bool is_coloured_;
    /// Whether there is a line that moves.
    bool is_drawn_on_;
    StatusFrame frame_;
    std::chrono::steady_clock::time_point step_began_;
    bool is_step_shown_ = false;
    std::condition_variable_any changed_;
    /// Draws; begun with the first step, and the last member: it uses all others.
    std::jthread painter_;
};

}  // namespace cairn
