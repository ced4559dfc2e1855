#pragma once

#include <string>
#include <vector>

#include "api/links.h"
#include "api/request_observer.h"
#include "api/request_rates.h"
#include "base/task.h"
#include "ca/ports/nonces.h"
#include "http/message.h"
#include "http/router.h"

namespace cairn::api {

/// Every request passes here: it finds the resource, turns problems into responses at one place,
/// and adds the header fields that all responses share (RFC 8555 sections 6.1, 6.5 and 7.1).
class FrontDoor {
  public:
    struct Options {
        /// Values of the Host header that name this server.
        std::vector<std::string> hosts;
        /// Complete Link value for the terms of service, or empty.
        std::string terms_of_service;
        RequestObserver* observer = &deaf_request_observer();
        /// Counts the requests of each client; null: nobody does. It outlives the door.
        RequestRates* rates = nullptr;
        /// URL of a page that explains the limits, or empty.
        std::string help{};
    };
    FrontDoor(const Links& links, ca::Nonces& nonces, http::Router router, Options options);

    /// Answers a request. Throws only what is a bug or an exhausted resource.
    [[nodiscard]] base::Task<http::Response> handle(http::Request request) const;
    /// The answer to a request that cannot be served, of which this much was understood.
    [[nodiscard]] http::Response refuse(const http::Request& understood,
                                        const http::Refusal& refusal) const;

  private:
    /// `kind` is set as soon as it is known.
    base::Task<http::Response> route(http::Request& request, RequestKind& kind) const;
    /// What decides which header fields an answer gets, kept while the request is worked on.
    struct Asked {
        explicit Asked(const http::Request& request);
        bool directory, new_nonce, post;
    };
    void add_common_fields(http::Response& response, Asked asked) const;
    /// Throws a problem if the client has sent too many of such requests.
    void require_rate(const http::Request& request, RequestKind kind) const;
    [[nodiscard]] bool is_for_us(const http::Request& request) const;

    ca::Nonces& nonces_;
    http::Router router_;
    Options options_;
    std::string index_link_;
};

}  // namespace cairn::api
