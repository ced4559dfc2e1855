#pragma once

#include <memory>

#include "apps/ca/configuration.h"
#include "apps/perspective/open_mpic_client.h"
#include "base/clock.h"
#include "ca/ports/validator.h"

namespace cairn::apps {

/// The perspectives of a service that speaks the Open MPIC API, as one validator: asks for the
/// proof and for CAA records at the same time, and answers with evidence for each perspective.
class OpenMpicValidator final : public ca::Validator {
  public:
    /// The clock outlives it.
    OpenMpicValidator(Configuration::OpenMpicService service,
                      std::shared_ptr<OpenMpicClient> client, const base::Clock& clock)
        : service_(std::move(service)), client_(std::move(client)), clock_(clock) {}

    [[nodiscard]] const Configuration::OpenMpicService& service() const { return service_; }
    /// As OpenMpicClient.
    void reload() { client_->reload(); }
    /// Where it is asked.
    [[nodiscard]] std::string url() const { return client_->url(); }
    /// What each of its perspectives says about the CAA records of a name, as evidence: to see
    /// whether they answer. Throws as OpenMpicClient::ask.
    [[nodiscard]] base::Task<std::vector<ca::Evidence>> look_at(protocol::DnsName name);
    /// Throws as OpenMpicClient::ask if either has no answer that can be used.
    [[nodiscard]] base::Task<Answer> validate(Question question) override;

  private:
    const Configuration::OpenMpicService service_;
    const std::shared_ptr<OpenMpicClient> client_;
    const base::Clock& clock_;
};

}  // namespace cairn::apps
