#pragma once

#include <memory>

#include "base/result.h"
#include "client/deploy/target.h"

namespace cairn::client {

/// Installs the certificate in the Apache httpd of this machine: the virtual hosts that answer its
/// names show the files of live/NAME from then on. The configuration is changed as little as that
/// needs (`apache::plan_installation`), tested by the server, and read by it without breaking off
/// what it is answering; a renewal only has it read again. The argument is that of apache::Place;
/// a module that TLS needs is enabled as Debian's a2enmod does.
[[nodiscard]] base::Result<std::unique_ptr<Target>> make_apache_target(
    TargetOptions& options, const TargetContext& context);

}  // namespace cairn::client
