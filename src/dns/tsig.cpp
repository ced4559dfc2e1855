#include "dns/tsig.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "crypto/digest.h"
#include "dns/message_reader.h"
#include "dns/message_writer.h"

namespace cairn::dns {
namespace {

constexpr std::uint16_t type_tsig = 250;
/// How far two clocks may be apart, in seconds (section 10).
constexpr std::uint16_t fudge = 300;
constexpr std::size_t header_size = 12;
constexpr std::size_t additional_count_at = 10;
constexpr std::string_view old_md5_name = "hmac-md5.sig-alg.reg.int";

std::string algorithm_name(crypto::HashFunction function) {
    if (function == crypto::HashFunction::md5) return std::string(old_md5_name);
    return "hmac-" + std::string(to_string(function));
}

/// What a TSIG record holds, and where it begins.
struct TsigRecord {
    std::size_t start = 0;
    std::string name, algorithm;
    std::uint64_t time = 0;
    std::uint16_t fudge = 0;
    base::BytesView mac;
    std::uint16_t original_id = 0;
    std::uint16_t error = 0;
    base::BytesView other;
};

/// The part of the record that is signed (section 4.3.3).
base::Result<base::Bytes> signed_variables(const TsigRecord& record) {
    MessageWriter writer;
    if (auto written = writer.name(net::ascii_lower(record.name)); !written)
        return std::unexpected(written.error());
    writer.u16(class_any);
    writer.u32(0);
    if (auto written = writer.name(record.algorithm); !written)
        return std::unexpected(written.error());
    writer.u48(record.time);
    writer.u16(record.fudge);
    writer.u16(record.error);
    writer.u16(record.other.size());
    writer.octets(record.other);
    return writer.take();
}

std::uint64_t number_of(base::BytesView octets) {
    std::uint64_t number = 0;
    for (const auto octet : octets) number = number << 8U | octet;
    return number;
}

/// Skips one record. False if the message is broken.
bool skip_record(MessageReader& reader) {
    if (!reader.name() || !reader.take(8)) return false;
    const auto size = reader.u16();
    return size && reader.take(*size);
}

/// The TSIG record of a message, which is the last; nothing if there is none.
base::Result<std::optional<TsigRecord>> find_record(base::BytesView message) {
    const auto broken = [] { return base::fail("the DNS message ends early or is broken"); };
    MessageReader reader(message);
    if (!reader.u32()) return broken();
    const auto questions = reader.u16();
    const auto answers = reader.u16();
    const auto authorities = reader.u16();
    const auto additionals = reader.u16();
    if (!questions || !answers || !authorities || !additionals) return broken();
    if (*additionals == 0) return std::optional<TsigRecord>();
    for (unsigned i = 0; i < *questions; ++i)
        if (!reader.name() || !reader.u32()) return broken();
    for (unsigned i = 0; i + 1 < unsigned{*answers} + *authorities + *additionals; ++i)
        if (!skip_record(reader)) return broken();
    TsigRecord record;
    record.start = reader.position();
    auto name = reader.name();
    const auto type = reader.u16();
    const auto fixed = reader.take(8);
    if (!name || !type || !fixed) return broken();
    if (*type != type_tsig) return std::optional<TsigRecord>();
    auto algorithm = reader.name();
    const auto time = reader.take(6);
    const auto record_fudge = reader.u16();
    const auto mac_size = reader.u16();
    if (!algorithm || !time || !record_fudge || !mac_size) return broken();
    const auto mac = reader.take(*mac_size);
    const auto original_id = reader.u16();
    const auto error = reader.u16();
    const auto other_size = reader.u16();
    if (!mac || !original_id || !error || !other_size) return broken();
    const auto other = reader.take(*other_size);
    if (!other) return broken();
    record.name = std::move(*name);
    record.algorithm = std::move(*algorithm);
    record.time = number_of(*time);
    record.fudge = *record_fudge;
    record.mac = *mac;
    record.original_id = *original_id;
    record.error = *error;
    record.other = *other;
    return record;
}

/// By the secret that both have.
class SecretSigner final : public TsigSigner {
  public:
    explicit SecretSigner(const TsigKey& key) : key_(key) {}
    const std::string& key_name() const override { return key_.name; }
    std::string algorithm() const override { return algorithm_name(key_.function); }
    base::Result<base::Bytes> mac_of(base::BytesView text) override {
        return crypto::hmac(key_.function, key_.secret, text);
    }
    bool is_mac_of(base::BytesView text, base::BytesView mac) override {
        return crypto::equal_in_constant_time(crypto::hmac(key_.function, key_.secret, text), mac);
    }

  private:
    const TsigKey& key_;
};

}  // namespace

base::Result<crypto::HashFunction> tsig_function_from(std::string_view text) {
    auto name = net::ascii_lower(text);
    if (name.ends_with('.')) name.pop_back();
    if (name == old_md5_name) return crypto::HashFunction::md5;
    if (name.starts_with("hmac-"))
        if (auto function = crypto::hash_function_from(name.substr(5))) return function;
    return base::fail("\"" + base::printable(text) +
                      "\" is none of hmac-md5, hmac-sha1, hmac-sha224, hmac-sha256, hmac-sha384, "
                      "hmac-sha512");
}

base::Result<SignedMessage> sign(base::BytesView message, const TsigKey& key, base::Time now) {
    SecretSigner signer(key);
    return sign(message, signer, now);
}

base::Result<SignedMessage> sign(base::BytesView message, TsigSigner& signer, base::Time now) {
    TsigRecord record;
    record.name = signer.key_name();
    record.algorithm = signer.algorithm();
    record.time = static_cast<std::uint64_t>(now.time_since_epoch().count());
    record.fudge = fudge;
    const auto variables = signed_variables(record);
    if (!variables) return std::unexpected(variables.error());
    auto text = base::copy_of(message);
    text.insert(text.end(), variables->begin(), variables->end());
    auto made = signer.mac_of(text);
    if (!made) return std::unexpected(made.error());
    auto mac = std::move(*made);

    MessageWriter writer;
    writer.octets(message);
    if (auto written = writer.name(record.name); !written) return std::unexpected(written.error());
    writer.u16(type_tsig);
    writer.u16(class_any);
    writer.u32(0);
    MessageWriter data;
    if (auto written = data.name(record.algorithm); !written)
        return std::unexpected(written.error());
    data.u48(record.time);
    data.u16(fudge);
    data.u16(mac.size());
    data.octets(mac);
    data.octets(message.first(2));
    data.u16(0);
    data.u16(0);
    const auto octets = data.take();
    writer.u16(octets.size());
    writer.octets(octets);
    auto whole = writer.take();
    const auto count = number_of(base::BytesView(whole).subspan(additional_count_at, 2)) + 1;
    whole[additional_count_at] = static_cast<std::uint8_t>(count >> 8U & 0xffU);
    whole[additional_count_at + 1] = static_cast<std::uint8_t>(count & 0xffU);
    return SignedMessage{std::move(whole), std::move(mac)};
}

base::Result<TsigVerdict> verify(base::BytesView response, const TsigKey& key,
                                 base::BytesView request_mac, base::Time now) {
    SecretSigner signer(key);
    return verify(response, signer, request_mac, now);
}

base::Result<TsigVerdict> verify(base::BytesView response, TsigSigner& signer,
                                 base::BytesView request_mac, base::Time now) {
    if (response.size() < header_size) return base::fail("the DNS message ends early or is broken");
    const auto record = find_record(response);
    if (!record) return std::unexpected(record.error());
    TsigVerdict verdict;
    if (!*record) return verdict;
    const auto& tsig = **record;
    verdict.error = tsig.error;
    if (tsig.other.size() == 6)
        verdict.server_time =
            base::Time(base::Seconds(static_cast<std::int64_t>(number_of(tsig.other))));
    auto key_name = net::ascii_lower(signer.key_name());
    if (key_name.ends_with('.')) key_name.pop_back();
    if (tsig.name != key_name || tsig.algorithm != signer.algorithm()) return verdict;

    // The message as it was before it was signed.
    auto bare = base::copy_of(response.first(tsig.start));
    const auto count = number_of(response.subspan(additional_count_at, 2)) - 1;
    bare[additional_count_at] = static_cast<std::uint8_t>(count >> 8U & 0xffU);
    bare[additional_count_at + 1] = static_cast<std::uint8_t>(count & 0xffU);
    bare[0] = static_cast<std::uint8_t>(tsig.original_id >> 8U);
    bare[1] = static_cast<std::uint8_t>(tsig.original_id & 0xffU);
    const auto variables = signed_variables(tsig);
    if (!variables) return std::unexpected(variables.error());
    MessageWriter text;
    if (!request_mac.empty()) {
        text.u16(request_mac.size());
        text.octets(request_mac);
    }
    text.octets(bare);
    text.octets(*variables);
    const bool is_right = signer.is_mac_of(text.take(), tsig.mac);
    const auto seconds = static_cast<std::uint64_t>(now.time_since_epoch().count());
    const auto apart = seconds > tsig.time ? seconds - tsig.time : tsig.time - seconds;
    verdict.is_authentic = is_right && apart <= tsig.fudge;
    return verdict;
}

}  // namespace cairn::dns
