#pragma once
// Private to client/deploy: a store elsewhere that speaks JSON over HTTPS.

#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>

#include "client/deploy/target.h"
#include "http/client.h"

namespace cairn::client {

/// Speaks with one server: bounded, with another try where it is busy or at fault, and never with
/// a secret in what is told. Plain http only to this machine.
class JsonService {
  public:
    struct Options {
        /// "Vault", in messages.
        std::string title;
        /// Scheme, host, port, and a path in front of every request's, without a final slash.
        std::string base_url;
        http::ClientOptions client{};
        /// The member of an answer that tells what is wrong: "message"; a list is joined.
        std::string error_member = "message";
        /// The option that names the root of its certificate, for advice: "ca-file".
        std::string root_option{};
    };
    explicit JsonService(Options options);

    struct Answer {
        int status = 0;
        boost::json::object body{};
        /// What it says is wrong, fit to be told; mostly empty.
        std::string said{};
    };
    /// The answer, which has a 2xx status or an accepted one. `aim`: "could not ...". Throws
    /// Failure with what the server said.
    [[nodiscard]] Answer ask(const TargetRun& run, const std::string& aim, std::string_view method,
                             const std::string& path, const std::string& body = {},
                             std::string_view type = "application/json",
                             const std::vector<int>& accepted = {});
    /// That an answer is not what was hoped for: what was attempted and what the server said.
    [[nodiscard]] Failure refusal(const std::string& aim, const Answer& answer) const;
    /// Why requests cannot go to this address: plain http to another machine. Empty if they can.
    [[nodiscard]] static std::string fault_of(const std::string& url);

  private:
    Options options_;
    http::Client client_;
};

}  // namespace cairn::client
