#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "bench/child.h"

namespace cairn::bench {

/// A cairn-ca in a folder of its own, together with a Knot DNS server that answers 127.0.0.1 for
/// every name under bench.test, so that validation is real.
class AuthorityProcess {
  public:
    /// Throws std::runtime_error if one of them does not come up.
    explicit AuthorityProcess(const std::string& program);
    ~AuthorityProcess();
    AuthorityProcess(const AuthorityProcess&) = delete;
    AuthorityProcess& operator=(const AuthorityProcess&) = delete;

    [[nodiscard]] unsigned port() const { return port_; }
    /// Where the CA expects http-01 answers.
    [[nodiscard]] unsigned http_port() const { return http_port_; }
    [[nodiscard]] std::filesystem::path root_file() const { return folder_ / "ca/pki/root.pem"; }
    [[nodiscard]] std::string directory_url() const;
    [[nodiscard]] const Child& process() const { return *authority_; }

  private:
    std::filesystem::path folder_;
    unsigned port_, http_port_, dns_port_;
    std::unique_ptr<Child> dns_, authority_;
};

}  // namespace cairn::bench
