#include "crypto/testing/soft_token.h"

#include <cstdlib>
#include <fstream>
#include <stdexcept>

#include <fcntl.h>
#include <unistd.h>

#include "base/child_process.h"

namespace cairn::crypto::testing {

namespace fs = std::filesystem;

SoftToken::SoftToken() {
    std::string pattern = fs::temp_directory_path() / "cairn-token-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("no folder for a token");
    folder_ = pattern;
    fs::create_directory(folder_ / "tokens");
    std::ofstream(folder_ / "softhsm2.conf")
        << "directories.tokendir = " << (folder_ / "tokens").string() << "\n";
    ::setenv("SOFTHSM2_CONF", (folder_ / "softhsm2.conf").c_str(), 1);
    write_pin(pin);
    const int nowhere = ::open("/dev/null", O_WRONLY | O_CLOEXEC);
    auto made = base::ChildProcess::start(
        "softhsm2-util",
        {"--init-token", "--free", "--label", "unit", "--pin", pin, "--so-pin", "so-4711"}, {},
        nowhere);
    std::optional<int> status;
    while (made && !(status = made->ended())) ::usleep(10000);
    ::close(nowhere);
    if (!status || *status != 0) throw std::runtime_error("softhsm2-util made no token");
}

SoftToken::~SoftToken() {
    std::error_code ignored;
    fs::remove_all(folder_, ignored);
}

std::string SoftToken::uri(const std::string& more) const {
    return "pkcs11:token=unit" + more +
           "?module-name=softhsm2&pin-source=file:" + (folder_ / "pin").string();
}

void SoftToken::write_pin(const std::string& text) const {
    std::ofstream(folder_ / "pin") << text << "\n";
    fs::permissions(folder_ / "pin", fs::perms::owner_read | fs::perms::owner_write);
}

}  // namespace cairn::crypto::testing
