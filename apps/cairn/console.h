#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "apps/cairn/output.h"
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
/// terminal without NO_COLOR. Output never affects the work: messages that cannot be written are
/// dropped.
class Console final : public client::Progress {
  public:
    Console(Messages messages, Verbosity verbosity);
    void tell(const client::ProgressEvent& event) override;
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
    Messages messages_;
    Verbosity verbosity_;
    std::mutex mutex_;
    Output output_, errors_;
    bool is_coloured_;
};

}  // namespace cairn
