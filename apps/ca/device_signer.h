#pragma once

#include <memory>

#include "ca/ports/signer.h"
#include "ca/ports/signing_key.h"

namespace cairn::apps {

/// Signs with a key in a device, on a few threads that serve nothing else: a device that is slow,
/// or that hangs, makes its own signatures wait and no others. A call into a device cannot be
/// broken off, so one that does not return in some seconds at the end is left to itself.
class DeviceSigner final : public ca::Signer {
  public:
    explicit DeviceSigner(std::unique_ptr<ca::SigningKey> key);
    ~DeviceSigner() override;
    DeviceSigner(const DeviceSigner&) = delete;
    DeviceSigner& operator=(const DeviceSigner&) = delete;

    [[nodiscard]] const crypto::PublicKey& public_key() const override;
    [[nodiscard]] Place place() const override;
    [[nodiscard]] base::Task<base::Bytes> sign(ca::Draft draft) override;

  private:
    struct Device;
    std::shared_ptr<Device> device_;
};

}  // namespace cairn::apps
