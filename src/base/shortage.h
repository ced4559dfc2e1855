#pragma once

#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <system_error>

namespace cairn::base {

/// This process or machine lacks what a piece of work needs: descriptors, memory, threads, ports,
/// buffers, its network interface. The input is not to blame, and the same work may succeed later
/// (ADR 27).
class Shortage : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

/// True for one of these errors of the system: EMFILE, ENFILE, ENOBUFS, ENOMEM, ENOSPC,
/// EADDRNOTAVAIL, EAGAIN, ENETDOWN. No peer can cause them.
[[nodiscard]] bool is_shortage(const std::error_code& error);

/// What was lacking, if the exception is a Shortage, a bad_alloc, or an error of the system for
/// which `is_shortage` is true.
[[nodiscard]] std::optional<std::string> shortage_in(const std::exception_ptr& exception);

}  // namespace cairn::base
