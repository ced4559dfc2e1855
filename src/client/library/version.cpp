#include "client/library/version.h"

namespace cairn::client {

std::string_view library_version() {
    return CAIRN_VERSION;
}

}  // namespace cairn::client
