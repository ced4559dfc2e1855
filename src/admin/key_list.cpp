#include "admin/key_list.h"

#include <optional>

#include "crypto/digest.h"
#include "crypto/key.h"
#include "crypto/pem_key.h"
#include "pki/certificate.h"

namespace cairn::admin {

namespace {

constexpr std::string_view begin_mark = "-----BEGIN ";
constexpr std::string_view end_mark = "-----END ";

base::Result<crypto::PublicKey> key_of_block(std::string_view block, std::string_view label) {
    if (label.starts_with("CERTIFICATE-----")) {
        const auto certificate = pki::Certificate::from_pem(block);
        if (!certificate) return std::unexpected(certificate.error());
        return certificate->public_key();
    }
    if (label.starts_with("PUBLIC KEY-----")) return crypto::public_key_from_pem(block);
    if (label.contains("PRIVATE KEY-----")) {
        const auto key = crypto::PrivateKey::from_pem(block);
        if (!key) return std::unexpected(key.error());
        return key->public_key();
    }
    return base::fail("it is no certificate, public key or private key");
}

/// Goes through the lines of a text.
class Lines {
  public:
    explicit Lines(std::string_view text) : rest_(text) {}
    /// Nothing at the end.
    std::optional<std::string_view> next() {
        if (rest_.empty()) return std::nullopt;
        ++number_;
        const auto end = rest_.find('\n');
        auto line = rest_.substr(0, end);
        rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
        if (line.ends_with('\r')) line.remove_suffix(1);
        return line;
    }
    [[nodiscard]] std::size_t number() const { return number_; }

  private:
    std::string_view rest_;
    std::size_t number_ = 0;
};

/// From a BEGIN line to its END line; nothing if there is none.
std::optional<std::string> read_block(std::string_view begin, Lines& lines) {
    std::string block(begin);
    block += '\n';
    while (const auto line = lines.next()) {
        block.append(*line) += '\n';
        if (line->starts_with(end_mark)) return block;
    }
    return std::nullopt;
}

base::Result<std::string> digest_of_line(std::string_view line) {
    const auto octets = base::from_hex(line);
    if (!octets || octets->size() != std::tuple_size_v<crypto::Sha256Digest>)
        return base::fail("it is neither 64 hexadecimal digits nor the begin of a PEM block");
    return base::to_hex(*octets);
}

}  // namespace

base::Result<std::vector<std::string>> read_key_list(std::string_view text) {
    std::vector<std::string> keys;
    Lines lines(text);
    while (const auto line = lines.next()) {
        if (line->empty() || line->starts_with('#')) continue;
        const auto where = "line " + std::to_string(lines.number());
        if (!line->starts_with(begin_mark)) {
            auto digest = digest_of_line(*line);
            if (!digest) return std::unexpected(digest.error().within(where));
            keys.push_back(*std::move(digest));
            continue;
        }
        const auto block = read_block(*line, lines);
        if (!block) return base::fail(where + ": the PEM block has no end");
        const auto key = key_of_block(*block, line->substr(begin_mark.size()));
        if (!key) return std::unexpected(key.error().within(where));
        keys.push_back(base::to_hex(crypto::sha256(key->spki())));
    }
    if (keys.empty()) return base::fail("there is no key in it");
    return keys;
}

}  // namespace cairn::admin
