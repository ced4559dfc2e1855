#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/task.h"
#include "ca/facts/crl.h"

namespace cairn::ca {

/// What the CA keeps of revocation lists. Which certificates are revoked stands in the
/// CertificateStore; here is what lists tell of it. Any node may call anything at any time: two
/// that sign the same list at once do no harm, since the store takes a list with a greater number
/// than its present one alone.
class CrlStore {
  public:
    virtual ~CrlStore() = default;

    /// Makes those of these lists of an issuer that are not there yet: its complete one, and a
    /// shard for each URL. The complete one first, then the shards in the order of `urls`.
    [[nodiscard]] virtual base::Task<std::vector<CrlList>> add_crl_lists(
        IssuerId issuer, std::vector<std::string> urls) = 0;
    /// All lists of all issuers, in the order of their ids.
    [[nodiscard]] virtual base::Task<std::vector<CrlState>> crl_states() = 0;

    /// Revocations of this issuer's certificates that lists do not tell yet, at most `limit`, in
    /// the order of their serial numbers, behind `after`.
    [[nodiscard]] virtual base::Task<std::vector<UnlistedRevocation>> unlisted_revocations(
        IssuerId issuer, std::optional<pki::SerialNumber> after, std::size_t limit) = 0;
    /// Records that lists tell of these now. One whose reason has changed since stays unlisted.
    [[nodiscard]] virtual base::Task<void> mark_listed(
        std::vector<UnlistedRevocation> revocations) = 0;
    struct KeysStep {
        /// Where the next step goes on; none: all were looked at.
        std::optional<crypto::Sha256Digest> next{};
    };
    /// One step of making revocations of compromised keys (OperatorStore::record_key_compromise),
    /// each for the certificates that have it: looks at `most_keys` keys behind `after`, and makes
    /// `most` revocations, about. A key is looked at again until all its certificates have one and
    /// none with it is being issued.
    [[nodiscard]] virtual base::Task<KeysStep> unfold_compromised_keys(
        std::optional<crypto::Sha256Digest> after, std::size_t most_keys, std::size_t most) = 0;

    /// What `list` has to tell: the revocations of certificates that had not ended at
    /// `ended_after`, at most `limit`, in the order of their serial numbers, behind `after`.
    [[nodiscard]] virtual base::Task<std::vector<ListedRevocation>> revocations_of(
        CrlList list, base::Time ended_after, std::optional<pki::SerialNumber> after,
        std::size_t limit) = 0;
    /// Puts a signed list in the place of the present one, if its number is greater. Whether it is
    /// the present one now.
    [[nodiscard]] virtual base::Task<bool> save_crl(SignedCrl crl) = 0;
    [[nodiscard]] virtual base::Task<std::optional<SignedCrl>> find_crl(CrlId list) = 0;

    /// An operator wants new lists, of one issuer or of all: how many lists that are.
    [[nodiscard]] virtual base::Task<std::size_t> wish_for_crls(std::optional<IssuerId> issuer) = 0;
};

/// What nodes tell each other, and whoever waits at a node is told (base::Announcements), when a
/// list was saved.
inline constexpr const char* crl_announcement = "crl";

}  // namespace cairn::ca
