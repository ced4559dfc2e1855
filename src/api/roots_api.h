#pragma once

#include <map>
#include <string>
#include <vector>

#include "base/task.h"
#include "crypto/digest.h"
#include "http/router.h"
#include "pki/certificate.h"

namespace cairn::api {

/// The roots below which this CA issues, in PEM: all of them at /roots.pem, and one by its SHA-256
/// fingerprint at /roots/HEX.pem, with what caches want to know. Over plain http, too: who fetches
/// a root trusts nobody yet, and compares the fingerprint.
class RootsApi {
  public:
    explicit RootsApi(const std::vector<pki::Certificate>& roots);
    void add_to(http::Router& router);

  private:
    [[nodiscard]] base::Task<http::Response> all(http::Request request) const;
    /// `name`: 64 hexadecimal digits of any case, with or without colons, and ".pem".
    [[nodiscard]] base::Task<http::Response> one(http::Request request, std::string name) const;

    std::string pem_;
    std::map<crypto::Sha256Digest, std::string> by_fingerprint_;
};

}  // namespace cairn::api
