#pragma once

#include <string>
#include <string_view>
#include <utility>

namespace cairn::client {

/// Whoever wants to know how a job is getting on. Thread-safe.
class Progress {
  public:
    virtual ~Progress() = default;
    /// One plain sentence about what is being done.
    virtual void say(std::string_view sentence) = 0;
    /// Something that did not stop the job but should be known.
    virtual void warn(std::string_view sentence) = 0;
};

/// Tells `listener` everything with the name of the job in front, for jobs that run side by side.
class NamedProgress final : public Progress {
  public:
    NamedProgress(Progress& listener, std::string_view name)
        : listener_(listener), prefix_(std::string(name) + ": ") {}
    void say(std::string_view sentence) override { listener_.say(prefix_ + std::string(sentence)); }
    void warn(std::string_view sentence) override {
        listener_.warn(prefix_ + std::string(sentence));
    }

  private:
    Progress& listener_;
    std::string prefix_;
};

}  // namespace cairn::client
