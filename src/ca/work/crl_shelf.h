#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "base/task.h"
#include "ca/ports/crl_store.h"

namespace cairn::ca {

/// The revocation lists in force, as this node serves them: out of memory, and the same octets as
/// every other node. The store is looked at when a list was saved anywhere, and every few seconds.
/// A list never gives way to an older one. `find` and `all` are thread-safe.
class CrlShelf {
  public:
    /// A list in force.
    struct Crl {
        CrlList list;
        CrlHead head;
        std::string der;
    };
    using Pointer = std::shared_ptr<const Crl>;

    CrlShelf(CrlStore& store, base::Announcements& announcements, base::Log& log);

    /// Keeps up with the store, on an executor that runs one handler at a time.
    void start(const base::Executor& executor);
    void stop();
    /// Takes over what the store has now. Before `start`, or by itself.
    [[nodiscard]] base::Task<void> refresh();

    /// The list that is served under this path (`crl_path`); null if there is none.
    [[nodiscard]] Pointer find(std::string_view path) const;
    [[nodiscard]] std::vector<Pointer> all() const;

  private:
    base::Task<void> keep_up();

    CrlStore& store_;
    base::Announcements& announcements_;
    base::Log& log_;
    mutable std::mutex mutex_;
    std::map<std::string, Pointer, std::less<>> by_path_;
    bool waits_for_store_ = false;
    base::TaskGroup tasks_;
};

}  // namespace cairn::ca
