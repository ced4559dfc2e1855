#include "bench/https_identity.h"

#include <fstream>

#include "base/clock.h"
#include "crypto/random.h"
#include "pki/certificate_builder.h"

namespace cairn::bench {

void write_https_identity(const std::filesystem::path& folder) {
    constexpr base::Seconds day{86400};
    crypto::SystemRandom random;
    const auto now = base::SystemClock().now();
    const pki::Validity validity{.not_before = now - day, .not_after = now + day};
    const auto root_key = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    const auto key = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    const auto root = pki::make_root_certificate({.serial = pki::SerialNumber::random(random),
                                                  .validity = validity,
                                                  .common_name = "Benchmark",
                                                  .organization = "Cairn",
                                                  .path_length = std::nullopt},
                                                 root_key);
    const auto leaf = pki::make_server_certificate(
        {.serial = pki::SerialNumber::random(random),
         .validity = validity,
         .public_key = key.public_key(),
         .names = {.dns_names = {"localhost"},
                   .ip_addresses = {base::IpAddress::from_text("127.0.0.1").value()}},
         .common_name = std::nullopt,
         .issuer_url = {}},
        root, root_key);
    std::ofstream(folder / "root.pem") << root.pem();
    std::ofstream(folder / "chain.pem") << leaf.pem();
    const auto pem = key.to_pem();
    std::ofstream(folder / "key.pem")
        .write(reinterpret_cast<const char*>(pem.data()), static_cast<std::streamsize>(pem.size()));
}

}  // namespace cairn::bench
