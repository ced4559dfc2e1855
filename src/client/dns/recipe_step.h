#pragma once
// Private to client: what a recipe computes for a request: digests, signatures, times.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "client/dns/recipe_template.h"
#include "crypto/random.h"

namespace cairn::client {

/// The most that a step may be applied to, in octets: steps that repeat what others yield would
/// grow without end.
inline constexpr std::size_t max_step = 65536;

/// Named functions of recipes. There are no others, and none calls another: a step names what it
/// takes, and comes after it.
enum class StepFunction {
    text,   ///< as it is, to be encoded
    join,   ///< several, with something between them
    now,    ///< the time
    nonce,  ///< random characters, 0-9 and a-f
    md5,
    sha1,
    sha256,
    sha512,
    hmac_md5,
    hmac_sha1,
    hmac_sha256,
    hmac_sha512,
    rsa_sha256,  ///< RSASSA-PKCS1-v1_5 (RFC 8017 section 8.2)
    rsa_sha512
};

/// How what comes out is written.
enum class StepForm {
    raw,  ///< octets; for other steps alone
    hex,
    base64,
    base64url,
    percent,  ///< all but letters, digits and - . _ ~ as %XX
    lower,
    upper
};

/// How the time is written, always in UTC.
enum class StepTime {
    unix,          ///< seconds since 1970
    unix_ms,       ///< milliseconds since 1970
    iso,           ///< 2026-11-30T12:00:00Z
    basic,         ///< 20261130T120000Z
    basic_offset,  ///< 20261130T12:00:00+0000
    date,          ///< 2026-11-30
    compact_date,  ///< 20261130
    http           ///< Mon, 30 Nov 2026 12:00:00 GMT (RFC 9110 section 5.6.7)
};

/// One of them: {name} is what it yields.
struct RecipeStep {
    std::string name;
    StepFunction function = StepFunction::text;
    /// What it takes: one template, or those that are joined.
    std::vector<std::string> parts{};
    std::string with{};
    /// Of an HMAC or a signature: a template.
    std::string key{};
    StepForm form = StepForm::raw;
    StepTime time = StepTime::unix;
    /// Added to the time.
    base::Seconds plus{0};
    /// Of a nonce, in characters.
    std::size_t length = 32;
    /// Whether it depends on a secret, so that nobody may see it.
    bool is_secret = false;
};

/// The reverse of the names in recipes: "hmac_sha256", "base64", "compact_date". The errors name
/// all of them.
[[nodiscard]] base::Result<StepFunction> step_function_from(std::string_view text);
[[nodiscard]] base::Result<StepForm> step_form_from(std::string_view text);
[[nodiscard]] base::Result<StepTime> step_time_from(std::string_view text);

/// Whether the function wants a key.
[[nodiscard]] bool is_keyed(StepFunction function);
/// How its result is written unless a recipe says it: digests and HMACs in hexadecimal, signatures
/// as base64, others as they are.
[[nodiscard]] StepForm usual_form(StepFunction function);

/// What the step yields, with placeholders filled by `value_of`. The error says what is wrong with
/// the key of a signature, or that it is applied to more than `max_step`.
[[nodiscard]] base::Result<std::string> result_of(const RecipeStep& step, const ValueOf& value_of,
                                                  base::Time now, crypto::Random& random);

}  // namespace cairn::client
