#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "ca/facts/audit_entry.h"
#include "crypto/digest.h"
#include "crypto/key.h"

// The audit log is a chain of lines, one for each node of a CA, in files one after the other. Each
// line is a JSON object with its number, and with the SHA-256 of the line before it; so a line
// cannot be changed, taken out or moved without all lines behind it. What they come to, a head, is
// signed with a key of the node and kept in the store.
namespace cairn::ca {

/// Names a chain: SHA-256 of the SubjectPublicKeyInfo of the key that signs its heads.
using AuditChainId = crypto::Sha256Digest;

/// How far a chain has come.
struct AuditPosition {
    /// The number of its last line; the first one is 1.
    std::uint64_t sequence = 0;
    /// SHA-256 of that line, without its line feed; of none, zeros.
    crypto::Sha256Digest hash{};
    friend bool operator==(const AuditPosition&, const AuditPosition&) = default;
};

/// A position of a chain at a time, signed by the node whose chain it is.
struct AuditHead {
    AuditChainId chain;
    AuditPosition position;
    base::Time at;
    /// DER SubjectPublicKeyInfo.
    base::Bytes key;
    /// In the form of JOSE (crypto/signature.h).
    base::Bytes signature;

    [[nodiscard]] static AuditHead signed_by(const crypto::PrivateKey& key, AuditPosition position,
                                             base::Time at);
    /// The octets that are signed.
    [[nodiscard]] std::string to_be_signed() const;
    /// Whether the key is that of the chain, and the signature the key's.
    [[nodiscard]] bool is_genuine() const;
    friend bool operator==(const AuditHead&, const AuditHead&) = default;
};

/// A line's frame: what makes it a line of a chain. What it tells is JSON between.
struct AuditLine {
    /// A line has no more octets than this, without its line feed.
    static constexpr std::size_t most = AuditEntry::most + 512;

    std::uint64_t sequence;
    base::Time time;
    std::string_view event;
    crypto::Sha256Digest previous;

    /// Reads a line, without its line feed: the frame alone, exactly as `write` makes it. `event`
    /// is a view of `text`.
    [[nodiscard]] static base::Result<AuditLine> from_text(std::string_view text);
    /// Appends the line that follows `position`, and moves `position` to it. `time`: as to_rfc3339
    /// has it.
    static void write(std::string& text, AuditPosition& position, std::string_view time,
                      const AuditEntry& entry);
};

}  // namespace cairn::ca
