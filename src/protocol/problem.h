#pragma once

#include <cstdint>
#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"

namespace cairn::protocol {

/// The error types that are registered under urn:ietf:params:acme:error: (RFC 8555 section 6.7 and
/// later registrations).
enum class ProblemType {
    account_does_not_exist,
    already_replaced,
    already_revoked,
    bad_csr,
    bad_nonce,
    bad_public_key,
    bad_revocation_reason,
    bad_signature_algorithm,
    caa,
    compound,
    connection,
    dns,
    external_account_required,
    incorrect_response,
    invalid_contact,
    invalid_profile,
    malformed,
    order_not_ready,
    rate_limited,
    rejected_identifier,
    server_internal,
    tls,
    unauthorized,
    unsupported_contact,
    unsupported_identifier,
    user_action_required,
    unknown,  ///< read from a peer: a type that is not in this list
};
/// The name behind the URN prefix: "badNonce".
[[nodiscard]] std::string_view to_string(ProblemType type);
/// The usual HTTP status of a type.
[[nodiscard]] int default_status(ProblemType type);

struct Subproblem {
    ProblemType type = ProblemType::malformed;
    std::string detail;
    /// Type and value of the identifier that the problem is about.
    std::optional<std::pair<std::string, std::string>> identifier;
};

/// A problem document (RFC 9457 as RFC 8555 section 6.7 uses it). Workflows throw it for every
/// error that a peer can cause.
class Problem : public std::exception {
  public:
    Problem(ProblemType problem_type, std::string problem_detail)
        : type(problem_type),
          detail(std::move(problem_detail)),
          status(default_status(problem_type)) {}
    Problem(ProblemType problem_type, std::string problem_detail, int http_status)
        : type(problem_type), detail(std::move(problem_detail)), status(http_status) {}

    ProblemType type;
    std::string detail;
    int status;
    std::vector<Subproblem> subproblems;
    /// For badSignatureAlgorithm: what is taken instead (RFC 8555 section 6.2).
    std::vector<std::string> algorithms;
    std::string instance;
    /// The whole type URI as a peer sent it, where `type` is `unknown`.
    std::string type_uri;
    // Header fields of the response; not part of the document.
    std::optional<base::Seconds> retry_after;
    std::string location;
    std::vector<std::string> links;  ///< complete Link header values
    std::string allow;

    [[nodiscard]] const char* what() const noexcept override { return detail.c_str(); }
    /// The JSON document.
    [[nodiscard]] std::string to_json() const;
    /// Reads a document from a peer: bounded, unknown members ignored, unknown types kept.
    [[nodiscard]] static base::Result<Problem> from_json(base::BytesView json);
};

/// What protocol parsers return: the value or the problem document to answer with.
template <class T>
using OrProblem = std::expected<T, Problem>;

}  // namespace cairn::protocol
