#include "apps/cairn/certificate_facts.h"

#include <chrono>
#include <filesystem>

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <fmt/format.h>

#include "base/json_quoted.h"
#include "client/report_json.h"

namespace cairn {

std::string key_name(const crypto::PublicKey& key) {
    switch (key.algorithm()) {
        case crypto::KeyAlgorithm::rsa:
            return fmt::format("rsa{}", key.bits());
        case crypto::KeyAlgorithm::ec_p256:
            return "ec-p256";
        case crypto::KeyAlgorithm::ec_p384:
            return "ec-p384";
        case crypto::KeyAlgorithm::ec_p521:
            return "ec-p521";
        case crypto::KeyAlgorithm::ed25519:
            return "ed25519";
    }
    return {};
}

boost::json::value json_text(std::string_view text) {
    return boost::json::parse(base::json_quoted(text));
}

std::int64_t days_left(const pki::Certificate& certificate, base::Time now) {
    return std::chrono::floor<std::chrono::days>(certificate.not_after() - now).count();
}

boost::json::object facts_of(const pki::Certificate& certificate) {
    boost::json::array names;
    for (const auto& name : certificate.names().dns_names) names.emplace_back(json_text(name));
    for (const auto& address : certificate.names().ip_addresses)
        names.emplace_back(address.to_string());
    return {{"names", std::move(names)},
            {"not_before", base::to_rfc3339(certificate.not_before())},
            {"not_after", base::to_rfc3339(certificate.not_after())},
            {"key_type", key_name(certificate.public_key())},
            {"issuer", json_text(certificate.issuer_common_name())},
            {"serial", certificate.serial().to_hex()}};
}

boost::json::object facts_of(const client::Failure& failure) {
    auto facts = boost::json::parse(client::to_json(failure)).as_object();
    facts.emplace("next", "");
    return facts;
}

boost::json::object facts_of(const client::CertificateFiles& files) {
    boost::json::object facts{{"certificate", files.certificate.string()},
                              {"chain", files.chain.string()},
                              {"fullchain", files.full_chain.string()}};
    // Where a request has come from elsewhere, the key has stayed there.
    if (!std::filesystem::exists(files.request) || std::filesystem::exists(files.private_key))
        facts["private_key"] = files.private_key.string();
    return facts;
}

}  // namespace cairn
