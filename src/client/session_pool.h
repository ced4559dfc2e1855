#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <tuple>

#include "base/clock.h"
#include "client/session.h"
#include "client/timer.h"
#include "crypto/random.h"

namespace cairn::client {

/// The sessions of one run, one with each CA, which all of its jobs share. Thread-safe.
class SessionPool {
  public:
    /// `common` is what is the same for all CAs: its directory URL and roots are not read.
    SessionPool(SessionOptions common, const base::Clock& clock, Timer& timer,
                crypto::Random& random);
    SessionPool(const SessionPool&) = delete;
    SessionPool& operator=(const SessionPool&) = delete;

    /// The session with the CA at this directory, whose TLS is trusted by the roots in `root_file`
    /// (empty: the system's), in the name of one of several accounts there (`AccountStore`; empty:
    /// the one without a name). The same at every call, and good as long as the pool. Throws
    /// Failure for what is no URL of a directory.
    [[nodiscard]] Session& with(const std::string& directory_url, const std::string& root_file,
                                const std::string& account = {});

  private:
    const SessionOptions common_;
    const base::Clock& clock_;
    Timer& timer_;
    crypto::Random& random_;
    std::mutex mutex_;
    /// By directory URL, file of roots and name of the account.
    std::map<std::tuple<std::string, std::string, std::string>, std::unique_ptr<Session>> sessions_;
};

}  // namespace cairn::client
