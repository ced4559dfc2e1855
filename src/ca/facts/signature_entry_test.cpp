#include "ca/facts/signature_entry.h"

#include <chrono>

#include <gtest/gtest.h>

#include "crypto/key.h"
#include "pki/certificate_builder.h"

namespace cairn::ca::signature_entry_test {
namespace {

TEST(SignatureEntry, NamesTheSignerOfARootByItself) {
    const auto key = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    const auto begin = base::from_rfc3339("2026-12-01T00:00:00Z").value();
    const auto root = pki::make_root_certificate(
        {.serial = pki::SerialNumber::from_hex("0123").value(),
         .validity = {begin, begin + base::Seconds(std::chrono::days(10))},
         .common_name = "Root",
         .organization = "Cairn",
         .path_length = std::nullopt},
        key);
    const auto digest = base::to_hex(crypto::sha256(key.public_key().spki()));
    const auto text = signature_entry(root).members();
    for (const auto& part :
         {std::string(R"("kind":"root certificate")"), R"("signer":")" + digest + '"',
          R"("key":")" + digest + '"', std::string(R"("serial":"0123")"),
          std::string(R"("subject":"Root")"), std::string(R"("not_after":"2026-12-11T)"),
          R"("sha256":")" + base::to_hex(crypto::sha256(root.der())) + '"'})
        EXPECT_NE(text.find(part), std::string::npos) << part << " in " << text;
}

}  // namespace
}  // namespace cairn::ca::signature_entry_test
