#pragma once
// Private to the tests of net, dns and va: a process that can open no socket.

#include <atomic>
#include <cerrno>

#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace cairn::net {

inline std::atomic<int> socket_error = 0;

/// As long as it lives, socket() fails with this error, for libraries too. A limit of descriptors
/// would not do: the sanitizers need some themselves.
class FailingSockets {
  public:
    explicit FailingSockets(int error) { socket_error = error; }
    ~FailingSockets() { socket_error = 0; }
    FailingSockets(const FailingSockets&) = delete;
    FailingSockets& operator=(const FailingSockets&) = delete;
};

}  // namespace cairn::net

/// Replaces the function of the C library.
extern "C" __attribute__((used)) inline int socket(int family, int type, int protocol) noexcept {
    if (const int error = cairn::net::socket_error) {
        errno = error;
        return -1;
    }
    return static_cast<int>(::syscall(SYS_socket, family, type, protocol));
}
