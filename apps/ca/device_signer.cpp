#include "apps/ca/device_signer.h"

#include <chrono>
#include <future>
#include <thread>
#include <utility>

#include <boost/asio/thread_pool.hpp>

#include "ca/work/key_signer.h"

namespace cairn::apps {

namespace {

// More than one, for devices that do several things at once; those that do not, queue by
// themselves.
constexpr std::size_t threads_of_device = 4;
constexpr std::chrono::seconds patience{5};

}  // namespace

struct DeviceSigner::Device {
    explicit Device(std::unique_ptr<ca::SigningKey> key)
        : threads(threads_of_device), signer(std::move(key), threads.get_executor()) {}
    boost::asio::thread_pool threads;
    ca::KeySigner signer;
};

DeviceSigner::DeviceSigner(std::unique_ptr<ca::SigningKey> key)
    : device_(std::make_shared<Device>(std::move(key))) {}

DeviceSigner::~DeviceSigner() {
    std::promise<void> ended;
    const auto end = ended.get_future();
    std::thread([device = std::move(device_), ended = std::move(ended)]() mutable {
        device->threads.stop();
        device->threads.join();
        device.reset();
        ended.set_value();
    }).detach();
    (void)end.wait_for(patience);
}

const crypto::PublicKey& DeviceSigner::public_key() const {
    return device_->signer.public_key();
}

ca::Signer::Place DeviceSigner::place() const {
    return device_->signer.place();
}

base::Task<base::Bytes> DeviceSigner::sign(ca::Draft draft) {
    return device_->signer.sign(std::move(draft));
}

}  // namespace cairn::apps
