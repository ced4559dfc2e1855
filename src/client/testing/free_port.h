#pragma once
// For the tests of client.

#include <cstdint>
#include <stdexcept>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "client/durable_file.h"

namespace cairn::client::testing {

/// A port of 127.0.0.1 that nobody listens at.
inline std::uint16_t free_port() {
    const FileDescriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* const raw = reinterpret_cast<sockaddr*>(&address);
    if (::bind(socket.number(), raw, size) != 0 || ::getsockname(socket.number(), raw, &size) != 0)
        throw std::runtime_error("no free port");
    return ntohs(address.sin_port);
}

}  // namespace cairn::client::testing
