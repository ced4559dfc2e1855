#include "client/library/wanted_certificate.h"

#include <algorithm>

#include <fmt/format.h>

#include "client/certificate_authorities.h"
#include "client/failure.h"

namespace cairn::client {
namespace {

/// Collects what is wrong with one part after the other.
class PlanMaking {
  public:
    PlanMaking(const WantedCertificate& wanted, CertificatePlan& plan)
        : wanted_(wanted), plan_(plan) {}

    void run() {
        take_names();
        take_authorities();
        if (wanted_.key_types.empty()) find("there is no key type");
        limit(wanted_.key_types.size(), "key types");
        if (!wanted_.account_name.empty() && !LineageName::from_text(wanted_.account_name))
            find(fmt::format("\"{}\" cannot be the name of an account",
                             base::printable(wanted_.account_name)));
        if (!findings_.empty())
            throw Failure(
                fmt::format("plan the certificate for {}",
                            wanted_.names.empty() ? std::string("no name")
                                                  : base::printable(wanted_.names.front())),
                findings_, "mend this where the program says what it wants.");
    }

  private:
    void take_names() {
        plan_.names.clear();
        if (wanted_.names.empty()) find("there is no name");
        for (const auto& text : wanted_.names) {
            auto name = RequestedName::from_text(text, wanted_.solver);
            if (!name) {
                find(name.error().message);
                continue;
            }
            const auto is_there =
                std::ranges::find(plan_.names, name->identifier, &RequestedName::identifier);
            if (is_there == plan_.names.end()) plan_.names.push_back(std::move(*name));
        }
    }

    void take_authorities() {
        plan_.authorities.clear();
        limit(wanted_.authorities.size(), "CAs");
        for (const auto& authority : wanted_.authorities) {
            auto url = directory_url_from(authority.directory_url);
            if (url)
                plan_.authorities.push_back({std::move(*url), authority.root_file});
            else
                find(url.error().message);
        }
        if (wanted_.authorities.empty())
            plan_.authorities = {{std::string(known_authorities().front().directory_url)}};
    }

    void limit(std::size_t count, std::string_view of_what) {
        if (count > CertificatePlan::max_choices)
            find(fmt::format("{} are {}; at most {} may be wanted", of_what, count,
                             CertificatePlan::max_choices));
    }

    void find(const std::string& finding) {
        findings_ += (findings_.empty() ? "" : "; ") + finding;
    }

    const WantedCertificate& wanted_;
    CertificatePlan& plan_;
    std::string findings_;
};

}  // namespace

LineageName lineage_of(const WantedCertificate& wanted) {
    auto text = wanted.lineage;
    if (text.empty() && !wanted.names.empty()) {
        const auto name = RequestedName::from_text(wanted.names.front(), wanted.solver);
        text = name ? name->identifier.base_value() : wanted.names.front();
    }
    auto name = LineageName::from_text(text);
    if (!name)
        throw Failure(fmt::format("name the lineage \"{}\"", base::printable(text)),
                      name.error().message, "give the certificate another name of a lineage.");
    return std::move(*name);
}

CertificatePlan plan_of(const WantedCertificate& wanted,
                        const std::optional<CertificatePlan>& former) {
    auto plan = former.value_or(CertificatePlan{});
    PlanMaking(wanted, plan).run();
    plan.key_types = wanted.key_types;
    plan.key_reuse = wanted.key_reuse;
    plan.profile = wanted.profile;
    plan.profile_demand = wanted.profile_demand;
    plan.preferred_chain = wanted.preferred_chain;
    plan.account = wanted.account_name;
    plan.renew_before = wanted.renew_before;
    plan.csr.clear();
    return plan;
}

}  // namespace cairn::client
