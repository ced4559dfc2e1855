#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace cairn::client {

/// HAProxy's runtime API for certificates, over its stats socket (level admin): each command on a
/// connection of its own.
class HaproxySocket {
  public:
    /// A path of a socket in the file system.
    HaproxySocket(std::string path, std::chrono::milliseconds patience)
        : path_(std::move(path)), patience_(patience) {}

    /// The serial number, hexadecimal in upper case, of the certificate that it has by the name of
    /// `file`; nothing if it has none.
    [[nodiscard]] base::Result<std::optional<std::string>> serial_of(const std::string& file) const;
    /// Has it take `pem`, key and chain, in the place of what it has by this name, in one step. Of
    /// a name that it does not know yet, `new` comes first. The error has its words.
    [[nodiscard]] base::Result<void> replace(const std::string& file, base::BytesView pem,
                                             bool is_new) const;
    /// Adds a certificate that it has to a list (crt-list) that it has, unless it is there.
    [[nodiscard]] base::Result<void> add_to_list(const std::string& list,
                                                 const std::string& file) const;

  private:
    [[nodiscard]] base::Result<std::string> ask(std::string_view command) const;
    std::string path_;
    std::chrono::milliseconds patience_;
};

/// The serial number in an answer to "show ssl cert FILE", in upper case; nothing if the
/// certificate is not known; an error for an answer of another form.
[[nodiscard]] base::Result<std::optional<std::string>> haproxy_serial_from(std::string_view answer);
/// Nothing if the answer to "set", "new", "commit" or "add" says that it was done; else its words.
[[nodiscard]] base::Result<void> haproxy_success_from(std::string_view command,
                                                      std::string_view answer);

}  // namespace cairn::client
