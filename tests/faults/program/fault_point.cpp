#include "tests/faults/program/fault_point.h"

#include <algorithm>
#include <charconv>
#include <csignal>
#include <stdexcept>

#include <unistd.h>

namespace cairn::faults {

const std::vector<std::string>& FaultPoint::steps() {
    static const std::vector<std::string> all{
        "create_account",
        "update_account",
        "create_external_key",
        "revoke_external_key",
        "deactivate_account",
        "replace_account_key",
        "create_order",
        "begin_validation",
        "validate",
        "note_failed_try",
        "finish_validation",
        "deactivate_authorization",
        "begin_issuance",
        "pin_issuance",
        "sign",
        "complete_issuance",
        "fail_issuance",
        "add_certificate",
        "revoke_certificate",
        "save_issuer",
        "record_key_compromise",
        "create_authorization",
        "remove_expired",
        "sign_crl",
        "save_crl",
        "mark_listed",
        "save_audit_head",
        "unfold_compromised_keys",
    };
    return all;
}

FaultPoint::FaultPoint(const std::string& text) {
    const auto colon = text.find(':');
    const auto dot = text.find('.');
    int count = 1;
    if (colon != std::string::npos) {
        const auto* end = text.data() + text.size();
        const auto [rest, error] = std::from_chars(text.data() + colon + 1, end, count);
        if (error != std::errc() || rest != end || count < 1)
            throw std::invalid_argument("\"" + text + "\" does not end in a count");
    }
    step_ = text.substr(0, dot);
    const auto moment =
        dot == std::string::npos ? std::string() : text.substr(dot + 1, colon - dot - 1);
    if (std::ranges::find(steps(), step_) == steps().end() ||
        (moment != "before" && moment != "after"))
        throw std::invalid_argument("there is no point \"" + text + "\"");
    moment_ = moment == "before" ? Moment::before : Moment::after;
    remaining_ = count;
}

void FaultPoint::reach(const std::string& step, Moment moment) {
    if (step != step_ || moment != moment_ || --remaining_ != 0) return;
    ::kill(::getpid(), SIGKILL);
    for (;;) ::pause();
}

}  // namespace cairn::faults
