#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "apps/ca/configuration.h"
#include "ca/ports/perspectives.h"
#include "ca/ports/validator.h"
#include "va/open_mpic_request.h"
#include "va/open_mpic_response.h"

namespace cairn::apps {

/// The one place where what the CA asks of validators becomes requests of the Open MPIC API, and
/// responses become what validators answer. Pure.

/// How this CA calls a perspective of a service: "mpic/us-east-2".
[[nodiscard]] std::string seat_name(const Configuration::OpenMpicService& service,
                                    std::string_view code);

/// The request for the proof of control; none: it is not asked about. dns-account-01 becomes
/// dns-change with the label of the account. The wildcard of a name is left out, but for
/// dns-persist-01, whose record must say that it covers it.
[[nodiscard]] std::optional<va::OpenMpicRequest> proof_request_of(
    const ca::Validator::Question& question, const Configuration::OpenMpicService& service);
/// The request for CAA records; none: they are not asked for, or there are none, of addresses.
/// The API knows neither account nor method (RFC 8657): this CA's own look judges by them.
[[nodiscard]] std::optional<va::OpenMpicRequest> caa_request_of(
    const ca::Validator::Question& question, const Configuration::OpenMpicService& service);

/// What a service said; none: it was not asked that.
struct OpenMpicResponses {
    std::optional<va::OpenMpicResponse> proof, caa;
};
/// What the perspectives of `service` saw: one that is in a response must have passed in each. One
/// that is in none of them, could not find out, or looked long before it was asked, is
/// serverInternal (ca/ports/perspectives.h). `url`: who was asked.
[[nodiscard]] ca::Validator::Answer answer_of(const OpenMpicResponses& responses,
                                              const ca::Validator::Question& question,
                                              const Configuration::OpenMpicService& service,
                                              const std::string& url, base::Time begun,
                                              base::Time ended);

}  // namespace cairn::apps
