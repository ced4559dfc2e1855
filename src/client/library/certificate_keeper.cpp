#include "client/library/certificate_keeper.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <stdexcept>
#include <stop_token>
#include <thread>

#include "client/library/keeper_rounds.h"
#include "client/timer.h"
#include "crypto/random.h"

namespace cairn::client {
namespace {

using namespace std::chrono_literals;

/// How long a wait is at most before the wall clock is read again: it may be set, and the machine
/// may sleep.
constexpr std::chrono::milliseconds longest_wait = 1min;
/// After a round that could not be held at all.
constexpr base::Seconds pause_after_fault = 5min;

}  // namespace

struct CertificateKeeper::Parts {
    explicit Parts(KeeperOptions options) : rounds(std::move(options), clock, timer, random) {}

    void hold_round() {
        const std::scoped_lock lock(round_mutex);
        if (is_asked.exchange(false)) rounds.forget_failures();
        next = clock.now() + pause_after_fault;
        rounds.run();
        next = rounds.next();
    }

    void run() {
        while (!stopping.stop_requested()) {
            if (is_asked || next.load() <= clock.now()) {
                try {
                    hold_round();
                } catch (const std::exception&) {
                    // What can be told is told as trouble; what is left is a shortage of this
                    // process, which may be over later.
                }
            }
            const auto left =
                std::chrono::duration_cast<std::chrono::milliseconds>(next.load() - clock.now());
            std::unique_lock lock(wait_mutex);
            wake.wait_for(lock, stopping.get_token(), std::clamp(left, 0ms, longest_wait),
                          [this] { return is_asked.load(); });
        }
    }

    base::SystemClock clock;
    crypto::SystemRandom random;
    std::stop_source stopping;
    SystemTimer timer{stopping.get_token()};
    mutable std::mutex round_mutex;
    KeeperRounds rounds;
    std::atomic<base::Time> next = base::Time{};
    std::atomic<bool> is_asked = false;
    std::mutex wait_mutex;
    std::condition_variable_any wake;
    std::mutex start_mutex;
    std::jthread thread;
};

CertificateKeeper::CertificateKeeper(KeeperOptions options)
    : parts_(std::make_unique<Parts>(std::move(options))) {}

CertificateKeeper::~CertificateKeeper() {
    stop();
}

std::vector<KeptCertificate> CertificateKeeper::obtain() {
    if (!parts_->stopping.stop_requested()) parts_->hold_round();
    const std::scoped_lock lock(parts_->round_mutex);
    parts_->rounds.require_standing();
    return parts_->rounds.standing();
}

std::vector<KeptCertificate> CertificateKeeper::standing() const {
    return parts_->rounds.standing();
}

void CertificateKeeper::start() {
    const std::scoped_lock lock(parts_->start_mutex);
    if (parts_->stopping.stop_requested())
        throw std::logic_error("a keeper of certificates that was stopped is not started again");
    if (!parts_->thread.joinable())
        parts_->thread = std::jthread([parts = parts_.get()] { parts->run(); });
}

void CertificateKeeper::stop() noexcept {
    parts_->stopping.request_stop();
}

void CertificateKeeper::look_now() noexcept {
    {
        const std::scoped_lock lock(parts_->wait_mutex);
        parts_->is_asked = true;
    }
    parts_->wake.notify_all();
}

base::Time CertificateKeeper::next_look() const {
    return parts_->next;
}

}  // namespace cairn::client
