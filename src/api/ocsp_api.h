#pragma once

#include <string>

#include "base/clock.h"
#include "base/task.h"
#include "ca/work/ocsp_responder.h"
#include "http/router.h"

namespace cairn::api {

/// OCSP over plain http (RFC 6960 appendix A, RFC 5019 sections 5 and 6): POST of a question, and
/// GET with the question in base64 at the end of the path.
class OcspApi {
  public:
    OcspApi(ca::OcspResponder& responder, const base::Clock& clock);
    void add_to(http::Router& router);

  private:
    base::Task<http::Response> answer(base::Bytes question, bool is_cacheable);

    ca::OcspResponder& responder_;
    const base::Clock& clock_;
};

/// The question at the end of a path: base64 with whatever a client has percent-encoded of it, with
/// or without padding. Empty if it is none.
[[nodiscard]] base::Bytes ocsp_question_in(std::string_view text);

}  // namespace cairn::api
