#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "client/certificate_plan.h"
#include "client/failure.h"
#include "client/state_directory.h"

namespace cairn::client {

/// What an order asks of a CA, as the CA's limits count: who orders, and for which names.
struct OrderSubject {
    std::string directory_url;
    /// As the plan names it; empty: the account without a name.
    std::string account;
    /// Sorted; empty: whatever the account orders.
    std::vector<std::string> names;

    /// Of an order by `plan` at one of its CAs.
    [[nodiscard]] static OrderSubject of(const Authority& authority, const CertificatePlan& plan);
    /// The same account with any names.
    [[nodiscard]] OrderSubject for_any_names() const { return {directory_url, account, {}}; }
    friend bool operator==(const OrderSubject&, const OrderSubject&) = default;
};

/// Which refusals of the past keep an order from being tried.
enum class LimitCaution {
    none,              ///< the CA is asked whatever it said
    limits,            ///< what the CA has limited
    limits_and_proofs  ///< also names that it was not convinced of again and again: nobody is there
                       ///< who may have mended them
};

/// What is known of the limits for one subject.
struct KnownLimit {
    OrderSubject subject;
    /// Not before this time the CA lets such an order pass, as far as is known.
    std::optional<base::Time> until{};
    /// How often it has limited them since the last certificate.
    unsigned refusals = 0;
    /// How many proofs of control in a row it was not convinced by, and until when such an order is
    /// not repeated unless somebody asks for it.
    unsigned failed_proofs = 0;
    std::optional<base::Time> proofs_until{};
    /// What came back the last time, for people.
    std::string came_back{};
    /// Of a subject with any names: what lately was limited for some of them, by digests.
    std::vector<std::string> limited_names{};

    /// One JSON object.
    [[nodiscard]] std::string to_json() const;
    [[nodiscard]] static base::Result<KnownLimit> from_json(base::BytesView json);
};

/// What CAs have refused because of their limits, so that no run spends an order on what is refused
/// again, and says when to come back. A file for each subject in the folder `limits` of the state,
/// of which there are few: those of which a CA has said something, until a certificate is obtained
/// or the time is long over. Thread-safe, also among processes.
class LimitLedger {
  public:
    /// Most files; the oldest are forgotten beyond that.
    static constexpr std::size_t max_subjects = 1000;

    LimitLedger(const StateDirectory& state, const base::Clock& clock)
        : state_(state), clock_(clock) {}

    /// Throws Failure, which tells when to come back, if the order would only be refused again.
    void require_admission(const OrderSubject& subject, LimitCaution caution) const;
    /// Keeps what the failure of such an order tells of limits, if it does: a limit that says when
    /// it ends is kept until then, but no longer than `longest_limit`; one that does not, for ten
    /// minutes and twice as long each further time, up to a day. From the fourth proof in a row
    /// that did not convince, for an hour and twice as long each time, up to a day. A limit that
    /// three different sets of names of one account meet at a time is taken for one of the account,
    /// for an hour.
    void note(const OrderSubject& subject, const Failure& failure) const noexcept;
    /// A certificate was obtained: nothing is known of its subject any more.
    void note_success(const OrderSubject& subject) const noexcept;
    /// All that is known and not over yet.
    [[nodiscard]] std::vector<KnownLimit> known() const;

    static constexpr base::Seconds longest_limit = std::chrono::days{8};

  private:
    [[nodiscard]] std::filesystem::path file_of(const OrderSubject& subject) const;
    [[nodiscard]] std::optional<KnownLimit> find(const OrderSubject& subject) const;
    void keep(const KnownLimit& limit) const;
    void note_limit(const OrderSubject& subject, const Failure& failure) const;
    void note_failed_proof(const OrderSubject& subject, const Failure& failure) const;
    void make_room() const;
    /// Whether the limit in the file of this name still holds.
    [[nodiscard]] bool is_in_force(const std::string& digest) const;

    const StateDirectory& state_;
    const base::Clock& clock_;
};

}  // namespace cairn::client
