#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "va/open_mpic_request.h"
#include "va/validation.h"

namespace cairn::va {

/// Octets of the largest response that is read.
inline constexpr std::size_t largest_open_mpic_response = std::size_t{256} << 10U;
/// A response of more perspectives is not read.
inline constexpr std::size_t most_open_mpic_perspectives = 64;

/// Whether this can be the code of a perspective: 1 to 64 letters, digits and `-_.:`.
[[nodiscard]] bool is_open_mpic_code(std::string_view text);

/// What one perspective reports (an element of `perspectives`). All text is printable.
struct OpenMpicVote {
    struct Fault {
        /// "type:subtype", as "validation:acme-dns-01".
        std::string type{};
        std::string message{};
        friend bool operator==(const Fault&, const Fault&) = default;
    };
    std::string code;
    bool has_passed = false;
    /// False: it could not find out, so that `has_passed` says nothing about the target.
    bool is_completed = true;
    /// When, since 1970; none: it does not say.
    std::optional<std::int64_t> nanoseconds{};
    std::vector<Fault> faults{};

    // `details`, of which a response has those of its check alone.
    /// Of http-01.
    std::optional<Evidence::WebAnswer> web{};
    std::optional<std::string> resolved_address{};
    /// Of methods by the DNS.
    std::optional<Evidence::TextAnswer> texts{};
    /// Of tls-alpn-01.
    std::optional<std::string> common_name{};
    /// Of CAA.
    struct Caa {
        bool is_present = false;
        std::string owner{};
        std::vector<std::string> records{};
        friend bool operator==(const Caa&, const Caa&) = default;
    };
    std::optional<Caa> caa{};
    friend bool operator==(const OpenMpicVote&, const OpenMpicVote&) = default;
};

/// What a service answers.
struct OpenMpicResponse {
    OpenMpicCheck check = OpenMpicCheck::dcv;
    /// As it was asked.
    std::string target{};
    /// Whether so many perspectives passed as the service's own rule wants.
    bool is_valid = false;
    bool is_completed = true;
    /// What took place, in the end; not what was asked for.
    OpenMpicCounts counts{};
    std::optional<std::string> trace{};
    std::vector<OpenMpicVote> votes{};
    /// The votes of attempts before the last one.
    std::vector<std::vector<OpenMpicVote>> former{};

    /// As the schema DCVResponse or CAAResponse has it, and open-mpic-core reads it; `request`: to
    /// which it is the answer.
    [[nodiscard]] std::string to_json(const OpenMpicRequest& request) const;
    /// Reads a response within bounds, whatever else is in it. Of `former` nothing is read. The
    /// results of a perspective may stand in `check_response`, where the schema has them, or beside
    /// its code, where the specification's examples have them. Details that are null or of another
    /// kind are none.
    [[nodiscard]] static base::Result<OpenMpicResponse> from_json(base::BytesView json);
};

/// The answer of one perspective to a coordinator: what a response has of it as `check_response`.
[[nodiscard]] std::string check_response_json(const OpenMpicVote& vote,
                                              const OpenMpicRequest& request);

/// Why this is no answer to that question, or one that contradicts itself; nothing if it is one.
[[nodiscard]] std::optional<base::Error> fault_of(const OpenMpicResponse& response,
                                                  const OpenMpicRequest& request);

}  // namespace cairn::va
