#pragma once

#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "apps/ca/adapters.h"

namespace cairn::apps {

/// There is no store yet; the log says so.
class StoreAway : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// A running CA. It serves from the end of its constructor; its destructor drains.
class Server {
  public:
    /// Throws StoreAway while the store cannot be reached, std::runtime_error for what else keeps
    /// it from starting.
    Server(const std::filesystem::path& folder, const std::vector<std::string>& overrides,
           const Adapters& adapters);
    ~Server();
    Server(const Server&) = delete;
    Server& operator=(const Server&) = delete;

    /// Who wants the configuration to be read again.
    enum class Asker { operator_here, operator_elsewhere };
    /// Reads configuration and keys again. What cannot be used leaves the present ones in force.
    void reload(Asker asker);
    /// What is due every minute: the server's certificate, warnings, the believed time.
    void keep_up();
    /// Looks at the clock, every few seconds. True if it was set: then it is time to `keep_up`.
    bool look_at_clock();

  private:
    class Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace cairn::apps
