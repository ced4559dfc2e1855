#pragma once

#include <string>
#include <vector>

#include "api/links.h"
#include "api/request_observer.h"
#include "base/task.h"
#include "ca/nonces.h"
#include "net/http_message.h"
#include "net/router.h"

namespace cairn::api {

/// What every request passes through: it finds the resource, turns problems into responses at one
/// place, and adds the header fields that all responses share (RFC 8555 sections 6.1, 6.5 and 7.1).
class FrontDoor {
  public:
    struct Options {
        /// Values of the Host header that name this server.
        std::vector<std::string> hosts;
        /// Complete Link value for the terms of service, or empty.
        std::string terms_of_service;
        RequestObserver* observer = &deaf_request_observer();
    };
    FrontDoor(const Links& links, ca::Nonces& nonces, net::Router router, Options options);

    /// Answers a request. Throws only what is a bug or an exhausted resource.
    [[nodiscard]] base::Task<net::HttpResponse> handle(net::HttpRequest request) const;
    /// The answer to a request that cannot be served, of which this much was understood.
    [[nodiscard]] net::HttpResponse refuse(const net::HttpRequest& understood,
                                           const net::HttpRefusal& refusal) const;

  private:
    /// `kind` is set as soon as it is known.
    base::Task<net::HttpResponse> route(net::HttpRequest& request, RequestKind& kind) const;
    /// What decides which header fields an answer gets, kept while the request is worked on.
    struct Asked {
        explicit Asked(const net::HttpRequest& request);
        bool directory, new_nonce, post;
    };
    void add_common_fields(net::HttpResponse& response, Asked asked) const;
    [[nodiscard]] bool is_for_us(const net::HttpRequest& request) const;

    ca::Nonces& nonces_;
    net::Router router_;
    Options options_;
    std::string index_link_;
};

}  // namespace cairn::api
