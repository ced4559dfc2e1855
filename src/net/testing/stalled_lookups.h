#pragma once
// For the tests of net, http and client: look-ups in the DNS that take as long as a test wants.

#include <condition_variable>
#include <mutex>
#include <string_view>

#include <dlfcn.h>
#include <netdb.h>

namespace cairn::net {

/// As long as it lives, getaddrinfo() does not answer for names that end in ".stalled.test"; at its
/// end it waits for those who have asked.
class StalledLookups {
  public:
    StalledLookups() { the_one = this; }
    ~StalledLookups() {
        std::unique_lock lock(mutex_);
        ended_ = true;
        changed_.notify_all();
        changed_.wait(lock, [&] { return waiting_ == 0; });
        the_one = nullptr;
    }
    StalledLookups(const StalledLookups&) = delete;
    StalledLookups& operator=(const StalledLookups&) = delete;

    /// Keeps a caller until the end.
    void wait() {
        std::unique_lock lock(mutex_);
        ++waiting_;
        changed_.wait(lock, [&] { return ended_; });
        --waiting_;
        changed_.notify_all();
    }
    static inline StalledLookups* the_one = nullptr;

  private:
    std::mutex mutex_;
    std::condition_variable changed_;
    bool ended_ = false;
    int waiting_ = 0;
};

}  // namespace cairn::net

/// In the place of the C library's.
extern "C" __attribute__((used)) inline int getaddrinfo(const char* name, const char* service,
                                                        const addrinfo* hints, addrinfo** found) {
    if (cairn::net::StalledLookups::the_one != nullptr && name != nullptr &&
        std::string_view(name).ends_with(".stalled.test")) {
        cairn::net::StalledLookups::the_one->wait();
        return EAI_AGAIN;
    }
    using Function = int (*)(const char*, const char*, const addrinfo*, addrinfo**);
    static const auto real = reinterpret_cast<Function>(::dlsym(RTLD_NEXT, "getaddrinfo"));
    return real(name, service, hints, found);
}
