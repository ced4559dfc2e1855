#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/task.h"
#include "crypto/key.h"
#include "protocol/directory.h"

namespace cairn::bench {

/// The tokens that the http-01 responder answers for. Thread-safe.
class ChallengeBoard {
  public:
    void put(const std::string& token, std::string key_authorization);
    void remove(const std::string& token);
    [[nodiscard]] std::string find(const std::string& token);

  private:
    std::mutex mutex_;
    std::unordered_map<std::string, std::string> answers_;
};

enum class Connections { kept, fresh };

struct LoadOptions {
    unsigned port;
    std::string root_file;
    Connections connections = Connections::kept;
    std::size_t names = 1;
};

/// One simulated client with an account of its own: it orders, proves, finalizes and downloads as
/// fast as the CA answers, polling at once.
class LoadClient {
  public:
    LoadClient(LoadOptions options, protocol::Directory directory, ChallengeBoard& board,
               std::size_t number);
    ~LoadClient();

    /// Makes the account. Throws std::runtime_error if the CA refuses.
    [[nodiscard]] base::Task<void> register_account();
    /// Gets one certificate; how long it took, in milliseconds. Throws std::runtime_error.
    [[nodiscard]] base::Task<double> obtain();

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace cairn::bench
