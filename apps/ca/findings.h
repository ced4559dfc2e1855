#pragma once

#include <stdexcept>
#include <string>
#include <vector>

namespace cairn::apps {

/// What is wrong with what an operator wants, all of it, so that one attempt tells everything.
class Findings {
  public:
    void add(std::string finding) { findings_.push_back(std::move(finding)); }
    /// Runs `part`, and keeps the words of the std::runtime_error that it throws.
    template <class Part>
    void attempt(Part part) {
        try {
            part();
        } catch (const std::runtime_error& error) {
            add(error.what());
        }
    }
    [[nodiscard]] bool empty() const { return findings_.empty(); }
    [[nodiscard]] std::size_t size() const { return findings_.size(); }
    /// Throws std::runtime_error with all of them, and that nothing was changed, if there are any.
    void throw_if_any() const;

  private:
    std::vector<std::string> findings_;
};

}  // namespace cairn::apps
