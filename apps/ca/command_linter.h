#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

#include <boost/asio/thread_pool.hpp>

#include "ca/ports/linter.h"

namespace cairn::apps {

/// The operator's linter: a program such as pkilint or zlint, started once for each certificate,
/// without a shell. Its last argument is the path of a file with the certificate in PEM. It accepts
/// by exit status 0; with another, what it printed is what is wrong. Several run at once, each
/// awaited on a thread of its own, never on an event loop.
class CommandLinter : public ca::Linter {
  public:
    /// `words`: the program (sought in PATH if there is no slash in it) and its arguments, at least
    /// one word. A run that takes longer than `timeout` is killed, and counts as refused.
    CommandLinter(std::vector<std::string> words, std::chrono::milliseconds timeout);
    /// Waits for the runs that have begun.
    ~CommandLinter() override;

    [[nodiscard]] base::Task<std::optional<std::string>> finding(base::Bytes certificate) override;

  private:
    [[nodiscard]] std::optional<std::string> judge(const base::Bytes& certificate) const;

    const std::vector<std::string> words_;
    const std::chrono::milliseconds timeout_;
    boost::asio::thread_pool threads_;
};

}  // namespace cairn::apps
