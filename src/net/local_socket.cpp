#include "net/local_socket.h"

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

namespace cairn::net {
namespace asio = boost::asio;
using asio::local::stream_protocol;

namespace {

[[noreturn]] void fail(const std::string& path, const std::string& reason) {
    throw std::runtime_error("cannot listen on the local socket " + path + ": " + reason);
}

/// Removes a socket that a process which was killed left behind.
void remove_abandoned(const asio::any_io_executor& executor, const std::string& path) {
    struct ::stat status{};
    if (::lstat(path.c_str(), &status) != 0) {
        if (errno == ENOENT) return;
        fail(path, std::strerror(errno));
    }
    if (!S_ISSOCK(status.st_mode)) fail(path, "something that is no socket is there");
    stream_protocol::socket probe(executor);
    boost::system::error_code error;
    probe.connect(stream_protocol::endpoint(path), error);
    if (!error) fail(path, "another server listens on it");
    if (error != asio::error::connection_refused) fail(path, error.message());
    if (::unlink(path.c_str()) != 0 && errno != ENOENT) fail(path, std::strerror(errno));
}

stream_protocol::acceptor listen(const asio::any_io_executor& executor, const std::string& path) {
    if (path.size() >= sizeof(sockaddr_un::sun_path))
        fail(path, "the path is longer than " + std::to_string(sizeof(sockaddr_un::sun_path) - 1) +
                       " octets, which the system does not allow; use a shorter folder");
    remove_abandoned(executor, path);
    stream_protocol::acceptor acceptor(executor);
    boost::system::error_code error;
    acceptor.open(stream_protocol(), error);
    // Linux makes the file with the mode of the socket, so it is never open to others.
    if (!error && ::fchmod(acceptor.native_handle(), S_IRUSR | S_IWUSR) != 0)
        error.assign(errno, boost::system::system_category());
    if (!error) acceptor.bind(stream_protocol::endpoint(path), error);
    if (!error) acceptor.listen(asio::socket_base::max_listen_connections, error);
    if (error) fail(path, error.message());
    return acceptor;
}

}  // namespace

LocalListener::LocalListener(const asio::any_io_executor& executor, std::string path)
    : path_(std::move(path)), acceptor_(listen(executor, path_)) {}

LocalListener::~LocalListener() {
    ::unlink(path_.c_str());
}

std::optional<std::uint32_t> user_of_peer(int local_socket) {
    ::ucred credentials{};
    socklen_t size = sizeof credentials;
    if (::getsockopt(local_socket, SOL_SOCKET, SO_PEERCRED, &credentials, &size) != 0)
        return std::nullopt;
    return credentials.uid;
}

}  // namespace cairn::net
