#include "va/examination.h"

#include <exception>

#include <boost/asio/experimental/awaitable_operators.hpp>

#include "va/caa.h"

namespace cairn::va {

namespace {

Evidence& evidence_of(OrFailure<Evidence>& outcome) {
    return outcome ? *outcome : outcome.error().evidence;
}

/// What one of the two came to, which run side by side. What it throws is kept until both have
/// ended: of two exceptions at once neither would be known again.
struct Ended {
    OrFailure<Evidence> outcome;
    std::exception_ptr error{};
};

base::Task<Ended> ended(base::Task<OrFailure<Evidence>> task) {
    Ended result;
    try {
        result.outcome = co_await std::move(task);
    } catch (...) {
        result.error = std::current_exception();
    }
    co_return result;
}

// RFC 8659 is about names.
bool wants_caa(const Validation& validation) {
    return !validation.caa_identities.empty() &&
           validation.identifier.type() == protocol::IdentifierType::dns;
}

}  // namespace

base::Task<OrFailure<Evidence>> examine(const Validation& validation,
                                        protocol::ChallengeType method, const Settings& settings,
                                        dns::Resolver& resolver) {
    using namespace boost::asio::experimental::awaitable_operators;
    const std::string caa_method =
        validation.caa_method.empty() ? std::string(to_string(method)) : validation.caa_method;
    if (validation.aim == Aim::caa_alone) {
        if (!wants_caa(validation)) co_return Evidence();
        co_return co_await check_caa(validation, caa_method, settings, resolver);
    }
    if (!wants_caa(validation))
        co_return co_await validators[method](validation, settings, resolver);

    auto proving = ended(validators[method](validation, settings, resolver));
    auto asking = ended(check_caa(validation, caa_method, settings, resolver));
    auto [proved, asked] = co_await (std::move(proving) && std::move(asking));
    for (const auto& error : {proved.error, asked.error})
        if (error) std::rethrow_exception(error);
    auto& control = proved.outcome;
    auto& caa = asked.outcome;
    auto& outcome = control ? caa : control;
    auto& proof = evidence_of(control);
    auto& permission = evidence_of(caa);
    proof.steps.insert(proof.steps.end(), permission.steps.begin(), permission.steps.end());
    proof.caa = std::move(permission.caa);
    auto seen = std::move(proof);
    evidence_of(outcome) = std::move(seen);
    co_return std::move(outcome);
}

}  // namespace cairn::va
