#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "client/certificate_plan.h"
#include "client/failure.h"
#include "client/lineage_key.h"
#include "client/lineage_member.h"
#include "client/renewal_info.h"
#include "protocol/revocation.h"

namespace cairn::client {

/// How far an order at the CA has come, by what a later run needs to know.
struct OrderPosition {
    std::string order_url;        ///< empty: it has not been placed, as far as is known
    std::string certificate_url;  ///< empty: not known
    /// The CA may have been asked to issue: what it issued must be fetched, not ordered again.
    bool is_finalizing = false;

    friend bool operator==(const OrderPosition&, const OrderPosition&) = default;
};

/// An order that is under way for a lineage.
struct OpenOrder {
    /// What was asked for, whatever the plan of the lineage has become since.
    CertificatePlan plan;
    LineageKey key;
    OrderPosition position;
    /// The CA it is placed at; empty, in what earlier versions kept: the only one of the plan.
    std::string directory_url{};
    /// The plan that stood when it was begun; nothing: none, as far as is known.
    std::optional<CertificatePlan> former{};

    /// The same, with the roots that the plan names for it.
    [[nodiscard]] Authority authority() const;
};

/// One try to get a certificate, or to deploy one.
struct Attempt {
    base::Time ended;
    std::string directory_url;
    /// None: it came to its end.
    std::optional<Failure> failure;
};

/// What a CA has said of when one certificate should be renewed (RFC 9773).
struct RenewalAdvice {
    /// The renewal identifier of the certificate.
    std::string certificate;
    /// Nothing: the CA has not answered with one yet.
    std::optional<RenewalWindow> window;
    /// Not before this time the CA is asked again.
    base::Time next_question;
};

/// A renewal that was begun sooner than the certificate's age asks for, because its CA suggested
/// so.
struct Hastening {
    /// The certificate to be replaced: the SHA-256 digest of its DER form, in hexadecimal.
    std::string certificate;
    base::Time time;
};

/// A certificate that somebody has gone back to, and until when it is not replaced by itself.
struct RenewalPin {
    /// The SHA-256 digest of its DER form, in hexadecimal.
    std::string certificate;
    base::Time until;
};

/// A revocation that was asked for from here.
struct RevocationNote {
    base::Time time;
    protocol::RevocationReason reason = protocol::RevocationReason::unspecified;
};

/// The same, and of which certificate: the SHA-256 digest of its DER form, in hexadecimal.
struct KnownRevocation {
    std::string certificate;
    RevocationNote note;
};

/// A certificate in the archive of the lineage, by its number there, and since when it is what it
/// is said to be.
struct GenerationFact {
    unsigned long number = 0;
    base::Time since;
    /// The CA that it was obtained from; empty: not known.
    std::string directory_url{};
    /// The profile that its plan named, which may be none; nothing: not known.
    std::optional<std::string> profile{};
};

/// The last try to let a deploy target learn of a certificate, which failed.
struct DeploymentFailure {
    base::Time time;
    Failure failure;
    /// Since when each try has failed; before any is noted: the same as `time`.
    base::Time since = time;
};

/// A certificate in the archive that one deploy target has learnt of.
struct DeploymentFact {
    DeployTarget target;
    /// 0: of none yet.
    unsigned long number = 0;
    base::Time since{};
    /// Since then.
    std::optional<DeploymentFailure> failure{};
};

/// A deployment to one target that is under way: what is needed to undo it, or to clear up behind
/// it (`DeployTransaction`).
struct OpenDeployment {
    DeployTarget target;
    /// Of its files, as JSON (`Placement`).
    std::string files;
    /// Of what is no file (`Target::undo_note`): it may hold secrets.
    std::string note{};
    /// How far it has come.
    enum class Step {
        placing,    ///< its server has not been told to read anything
        activated,  ///< it may have been
        done        ///< only what was kept for undoing it has to go
    };
    Step step = Step::placing;
};

struct FurtherFacts;

/// What has become of one certificate of a lineage, apart from the plan, which says what is wanted;
/// and, with those of the first certificate, what has become of the further ones. All of a lineage
/// are kept as one file.
struct LineageFacts {
    static constexpr std::size_t max_attempts = 10;
    static constexpr std::size_t max_revocations = 100;

    std::optional<OpenOrder> order;
    std::optional<RenewalAdvice> advice;
    /// The last one.
    std::optional<Hastening> hastening{};
    std::optional<RenewalPin> pin{};
    std::vector<Attempt> attempts;             ///< the newest last
    std::vector<KnownRevocation> revocations;  ///< the newest last
    /// The certificate that was put in place last.
    std::optional<GenerationFact> obtained;
    /// The one that all deploy targets have learnt of, or that had none.
    std::optional<GenerationFact> deployed;
    /// A newer certificate than the one that is live: a server has refused it, and it is tried
    /// again (`return_lineage`). While it is live it is being tried.
    std::optional<GenerationFact> withheld{};
    /// What single targets have learnt of; of programs, only where others have not yet.
    std::vector<DeploymentFact> deployments;
    /// Of the whole lineage, kept with its first certificate; each target once.
    std::vector<OpenDeployment> open_deployments{};
    /// The certificates of further key types, each type once.
    std::vector<FurtherFacts> further;
    /// Members of the file that this version does not know, each as name and JSON text.
    std::vector<std::pair<std::string, std::string>> unknown;

    /// The CA of the plan that issued the certificate in place, as far as is known: else the one
    /// that the plan prefers.
    [[nodiscard]] const Authority& issuing_authority(const CertificatePlan& plan) const;
    /// True if a deploy target has still to learn of what is in place.
    [[nodiscard]] bool is_deployment_pending() const;
    /// True if this one has, which is a program.
    [[nodiscard]] bool is_deployment_pending(const DeployTarget& target) const;
    /// True if this one, of another kind, has still to learn of the certificate with this number.
    [[nodiscard]] bool is_deployment_pending(const DeployTarget& target,
                                             unsigned long number) const;
    /// What is known of the revocation of the certificate with this digest.
    [[nodiscard]] std::optional<RevocationNote> revocation_of(std::string_view certificate) const;
    /// True if an order for this certificate, or for a further one, may have led to it already.
    [[nodiscard]] bool is_being_issued() const;
    /// Notes that this certificate is put in place, and whether a hook has to run
    /// for it.
    enum class DeployHook { none, has_to_run };
    void obtain(const GenerationFact& generation, DeployHook hook);
    /// What is known of this target; null if nothing is.
    [[nodiscard]] const DeploymentFact* deployment_of(const DeployTarget& target) const;
    /// True if a certificate is withheld, and `live` is not its number.
    [[nodiscard]] bool is_withheld(std::optional<unsigned long> live) const {
        return withheld && live && *live != withheld->number;
    }
    /// Notes that this program has learnt at this time of what is in place.
    void deploy(const DeployTarget& target, base::Time time);
    /// Notes that this target has learnt of the certificate with this number.
    void deploy(const DeployTarget& target, unsigned long number, base::Time time);
    /// Notes that a try with this target has failed.
    void fail_to_deploy(const DeployTarget& target, DeploymentFailure failure);
    /// Has this target learn anew of what it has learnt of.
    void forget_deployment(const DeployTarget& target);
    /// Forgets what is known of targets that are none of these.
    void keep_deployments(const std::vector<DeployTarget>& targets);
    /// Notes that all of them have.
    void deploy(base::Time time);

    /// The facts of one certificate of the lineage; of none if nothing is known of it.
    [[nodiscard]] const LineageFacts& of(const LineageMember& member) const;
    /// The same, to be changed.
    [[nodiscard]] LineageFacts& of(const LineageMember& member);
    /// Adds one, and forgets the oldest beyond `max_attempts`. What a failure
    /// tells at excessive length is shortened.
    void add(Attempt attempt);
    /// Adds one, unless one of that certificate is known.
    void add(KnownRevocation revocation);

    /// One JSON object; it holds a private key's text if an order is under way.
    [[nodiscard]] std::string to_json() const;
    /// The lines that say, behind the JSON of `former`, what these facts do: how far its orders
    /// have come since. None if they say the same; nothing if they say more than lines can.
    [[nodiscard]] std::optional<std::string> lines_behind(const LineageFacts& former) const;
    /// Reads what `to_json` wrote, in this version or an earlier one, with lines behind it. A last
    /// line without its end was cut off by a crash, and says nothing.
    [[nodiscard]] static base::Result<LineageFacts> from_json(base::BytesView json);
    /// True if `json` was written by a later version, whose meaning is not known here.
    [[nodiscard]] static bool is_of_later_version(base::BytesView json);
};

/// What has become of the certificate of a further key type.
struct FurtherFacts {
    crypto::KeyType type;
    LineageFacts facts;
};

}  // namespace cairn::client
