#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/ip_address.h"
#include "base/result.h"
#include "protocol/challenge_type.h"
#include "protocol/identifier.h"
#include "protocol/internet_registry.h"
#include "protocol/key_authorization.h"
#include "protocol/problem.h"
#include "va/validation.h"

namespace cairn::va {

/// The version of what a CA and its perspectives say to each other. A message of another one is not
/// read any further.
inline constexpr std::int64_t perspective_protocol = 1;
/// Octets of the largest message that is read.
inline constexpr std::size_t largest_perspective_message = 65536;

/// What a CA asks a remote perspective: POST /v1/validate.
struct PerspectiveQuestion {
    /// 128 bits that no other question has, so that no answer fits two questions. base64url.
    std::string nonce;
    /// Who is asked, as the CA's operator names it.
    std::string perspective;
    std::string account_url;
    std::string profile;
    protocol::Identifier identifier;
    protocol::ChallengeType method;
    protocol::Token token;
    std::string key_authorization;
    std::vector<std::string> caa_identities;
    std::vector<std::string> issuer_names;
    bool for_subdomains = false;
    Aim aim = Aim::control_and_caa;
    std::string caa_method{};

    [[nodiscard]] std::string to_json() const;
    /// Reads what `to_json` writes, within bounds. Members that are not known are ignored.
    [[nodiscard]] static base::Result<PerspectiveQuestion> from_json(base::BytesView json);
};

/// What a perspective answers: what it saw.
struct PerspectiveAnswer {
    /// base64url of SHA-256 of the JSON of the question.
    std::string question;
    std::string perspective;
    protocol::InternetRegistry region;
    base::Time begun, ended;
    std::vector<Evidence::Endpoint> endpoints{};
    std::vector<std::string> steps{};
    /// Why control was not proved, type and detail alone; none: it was.
    std::optional<protocol::Problem> problem{};
    Outlook outlook = Outlook::final;
    /// As Evidence has them.
    std::optional<base::Seconds> reliable_for{};
    std::optional<protocol::CaaFinding> caa{};

    [[nodiscard]] std::string to_json() const;
    /// Reads what `to_json` writes, within bounds: at most 64 steps and endpoints, no step or
    /// detail of more than 400 printable characters. Members that are not known are ignored.
    [[nodiscard]] static base::Result<PerspectiveAnswer> from_json(base::BytesView json);
};

/// What the answer to `question_json` must name.
[[nodiscard]] std::string digest_of_question(std::string_view question_json);

}  // namespace cairn::va
