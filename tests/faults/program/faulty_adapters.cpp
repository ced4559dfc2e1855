#include "tests/faults/program/faulty_adapters.h"

#include "tests/faults/program/faulty_repository.h"

namespace cairn::faults {

namespace {

/// A validator with a fault point before and after each validation.
class FaultyValidator final : public ca::Validator {
  public:
    FaultyValidator(std::unique_ptr<ca::Validator> validator, FaultPoint& point)
        : validator_(std::move(validator)), point_(point) {}

    base::Task<Answer> validate(Question question) override {
        return around(point_, "validate", validator_->validate(std::move(question)));
    }

  private:
    std::unique_ptr<ca::Validator> validator_;
    FaultPoint& point_;
};

/// A signer with a fault point before and after each signature, and one that may be away.
class FaultySigner final : public ca::Signer {
  public:
    FaultySigner(std::unique_ptr<ca::Signer> signer, FaultPoint& point, SignerFaults faults)
        : signer_(std::move(signer)), point_(point), faults_(std::move(faults)) {}

    [[nodiscard]] const crypto::PublicKey& public_key() const override {
        return signer_->public_key();
    }
    [[nodiscard]] Place place() const override { return faults_.place; }
    base::Task<base::Bytes> sign(ca::Draft draft) override {
        if (std::filesystem::exists(faults_.away))
            throw ca::SignerUnavailable("the signer is away");
        // Lists are signed when their time has come, whatever clients do.
        const bool is_list = draft.kind() == ca::Draft::Kind::crl;
        return around(point_, is_list ? "sign_crl" : "sign", signer_->sign(std::move(draft)));
    }

  private:
    std::unique_ptr<ca::Signer> signer_;
    FaultPoint& point_;
    SignerFaults faults_;
};

}  // namespace

apps::OpenedStore FaultyAdapters::open_store(const apps::Configuration& configuration,
                                             const std::filesystem::path& folder,
                                             apps::StoreContext context) const {
    auto opened = Adapters::open_store(configuration, folder, std::move(context));
    opened.repository = std::make_unique<FaultyRepository>(std::move(opened.repository), point_);
    return opened;
}

std::unique_ptr<ca::Validator> FaultyAdapters::make_validator(
    const apps::Configuration& configuration, const std::function<base::Executor()>& next_executor,
    const base::Clock& clock) const {
    return std::make_unique<FaultyValidator>(
        Adapters::make_validator(configuration, next_executor, clock), point_);
}

std::unique_ptr<ca::Signer> FaultyAdapters::make_signer(std::unique_ptr<ca::SigningKey> key,
                                                        const base::Executor& slow_signing) const {
    return std::make_unique<FaultySigner>(Adapters::make_signer(std::move(key), slow_signing),
                                          point_, signer_faults_);
}

std::vector<std::string> FaultyAdapters::missing_for_public(
    const apps::Configuration& configuration, base::Time now) const {
    return serves_public_ ? std::vector<std::string>()
                          : apps::Adapters::missing_for_public(configuration, now);
}

}  // namespace cairn::faults
