#pragma once
// Private to http: how a client follows redirects.

#include <optional>

#include "http/exchange.h"

namespace cairn::http {

/// The requests that one exchange takes: the one that was asked for, and those that redirects lead
/// to (RFC 9110 section 15.4). Pure.
///
/// 303 turns every method but HEAD into GET, 301 and 302 turn POST into GET. Another origin than
/// the first one sees neither the fields nor the body of the request: they may hold what only the
/// first one may know. So a request with a body is not led there, and Accept and Accept-Language
/// are all that it is told.
class Redirection {
  public:
    /// `limit`: how many redirects are followed; 0: none, and what redirects is the answer.
    Redirection(ClientRequest request, int limit) : request_(std::move(request)), limit_(limit) {}

    /// What to ask next.
    [[nodiscard]] const ClientRequest& request() const { return request_; }
    /// Takes what `request` came to. The exchange's result, unless `request` is now another one,
    /// which is to be asked.
    [[nodiscard]] std::optional<ExchangeResult> take(ExchangeResult result);

  private:
    [[nodiscard]] ExchangeError not_followed(const std::string& reason) const;
    [[nodiscard]] std::optional<ExchangeError> turn_to(const Reply& reply);

    ClientRequest request_;
    int limit_;
    int followed_ = 0;
};

}  // namespace cairn::http
