#pragma once

#include <filesystem>
#include <string>

#include "apps/perspective/open_mpic_endpoint.h"
#include "apps/perspective/question_client.h"
#include "base/task.h"
#include "va/open_mpic_request.h"
#include "va/open_mpic_response.h"

namespace cairn::apps {

/// Asks one service that speaks the Open MPIC API, by https. Thread-safe.
class OpenMpicClient {
  public:
    struct Context {
        /// What the files of the endpoint are relative to.
        std::filesystem::path folder;
        std::string user_agent;
        /// For one exchange.
        base::Milliseconds timeout;
        /// Requests under way at once; further ones fail.
        std::size_t in_flight = 4096;
    };
    /// Throws std::runtime_error, naming the file and the reason, if a file cannot be used.
    OpenMpicClient(OpenMpicEndpoint endpoint, Context context, base::Executor executor);

    [[nodiscard]] const OpenMpicEndpoint& endpoint() const { return endpoint_; }
    /// Where requests go.
    [[nodiscard]] std::string url() const { return endpoint_.url + "/mpic"; }
    /// Sends the request, and returns an answer to it. Throws std::runtime_error, saying what was
    /// asked of whom and what came back, if there is none that can be used, and base::Shortage if
    /// this machine lacks something.
    [[nodiscard]] base::Task<va::OpenMpicResponse> ask(va::OpenMpicRequest request);
    /// Reads the files again. Throws as the constructor does; the former ones count then.
    void reload();

  private:
    [[nodiscard]] http::ClientOptions read_options() const;

    const OpenMpicEndpoint endpoint_;
    const Context context_;
    QuestionClient client_;
};

}  // namespace cairn::apps
