#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "base/clock.h"
#include "client/account.h"
#include "client/certificate_plan.h"
#include "client/environment.h"
#include "client/limit_ledger.h"
#include "client/lineage.h"
#include "client/lineage_member.h"
#include "client/order_record.h"
#include "client/progress.h"
#include "client/session.h"
#include "client/session_pool.h"
#include "client/solver.h"
#include "client/state_directory.h"
#include "client/timer.h"
#include "crypto/random.h"
#include "pki/chain.h"

namespace cairn::client {

/// Whether a certificate is put in place, or only obtained and then dropped.
enum class Installing { yes, dry_run };

/// What is to be obtained for a lineage.
struct IssuanceOrder {
    LineageName lineage;
    CertificatePlan plan;
    AccountOptions account;
    /// RFC 9773's identifier of the certificate that is replaced, or empty.
    std::string replaces;
    /// The CA that issued that one, which alone is told.
    std::string replaced_at{};
    Installing installing = Installing::yes;
    /// The further key type of the plan that a single certificate is for; none: the first one.
    std::optional<crypto::KeyType> further{};
    /// What earlier refusals count for.
    LimitCaution caution = LimitCaution::limits;
    /// Of several certificates, those that stand as they are wanted.
    std::vector<LineageMember> left_alone{};
    /// The plan that stood when this one was made of it; nothing: there was none.
    std::optional<CertificatePlan> former{};

    /// The certificate of the lineage that a single one is to be.
    [[nodiscard]] LineageMember member() const { return {lineage, further}; }
    /// The type of its key.
    [[nodiscard]] crypto::KeyType key_type() const { return member().key_type(plan); }
};

/// A certificate with its chain, and the CA that it was obtained from.
struct IssuedCertificate {
    pki::Chain chain;
    std::string directory_url;
};

/// Obtains one certificate of the lineage and puts it in place with what is needed to renew it. The
/// CAs of the plan are asked in order: the next one where one cannot be asked, refuses, or limits.
/// What a CA would refuse again because of a limit is not ordered (`LimitLedger`).
/// An order for the same that an earlier run began is gone on with first; one that may have led to
/// a certificate is not given up for another CA. The caller holds the lock of the lineage, and lets
/// the deploy targets learn of the certificate. Throws Failure; until the certificate is whole and
/// in place the one before it stays live. The plan is kept with it, as `keep_plan` does.
[[nodiscard]] IssuedCertificate obtain_certificate(const Environment& environment,
                                                   const IssuanceOrder& order, Progress& progress);

/// Goes on with an order that may have led to a certificate already, as `obtain_certificate` does;
/// nothing if it has come to nothing. The record of the order is gone in both cases. Throws
/// Failure; the record then stays for the next run. The caller holds the lock of the lineage.
[[nodiscard]] std::optional<pki::Chain> finish_certificate(const Environment& environment,
                                                           const LineageMember& member,
                                                           const OpenOrder& begun,
                                                           Progress& progress);

/// The account options for one CA of several: an external account belongs to those that ask for
/// one. Throws Failure if the CA cannot be asked.
[[nodiscard]] AccountOptions options_at(Session& session, const CertificatePlan& plan,
                                        AccountOptions options);

}  // namespace cairn::client
