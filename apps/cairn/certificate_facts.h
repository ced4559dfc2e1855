#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "base/clock.h"
#include "client/failure.h"
#include "client/lineage.h"
#include "crypto/key.h"
#include "pki/certificate.h"

namespace cairn {

/// "ec-p256", "rsa2048": as --key-type names it, where it does.
[[nodiscard]] std::string key_name(const crypto::PublicKey& key);
/// Text that somebody else chose, as JSON: what is not UTF-8 in it is replaced.
[[nodiscard]] boost::json::value json_text(std::string_view text);
/// Whole days until the certificate expires, negative afterwards.
[[nodiscard]] std::int64_t days_left(const pki::Certificate& certificate, base::Time now);
/// What --json tells of a certificate: names, validity, key, issuer, serial number.
[[nodiscard]] boost::json::object facts_of(const pki::Certificate& certificate);
/// What --json tells of a failure: as client::to_json, with an empty `next` where there is none.
[[nodiscard]] boost::json::object facts_of(const client::Failure& failure);
/// What --json tells of the files of a lineage.
[[nodiscard]] boost::json::object facts_of(const client::CertificateFiles& files);

}  // namespace cairn
