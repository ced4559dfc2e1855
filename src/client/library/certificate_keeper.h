#pragma once

#include <memory>
#include <vector>

#include "base/clock.h"
#include "client/library/keeper_options.h"
#include "client/library/kept_certificate.h"
#include "client/library/wanted_certificate.h"

namespace cairn::client {

/// Keeps certificates of a program fresh: obtains what is missing, renews by the CA's advice
/// (RFC 9773) or by the share of life that is left, tries again what has failed, after a pause that
/// grows, and tells the program of each new certificate. All is kept in one folder, so that a
/// program that is started again, or dies in the middle, goes on with what is there.
///
///     CertificateKeeper keeper({.state_folder = "/var/lib/example",
///                               .certificates = {{.names = {"example.com"},
///                                                 .account = {.terms = Terms::agreed}}},
///                               .on_certificate = [&](const KeptCertificate& certificate) {
///                                   server.use(certificate.chain_pem, certificate.key_text());
///                               }});
///     keeper.obtain();
///     keeper.start();
///
/// Thread-safe. Rounds are held one at a time: by `obtain` in the caller's thread, after `start` in
/// one of the keeper's. The callbacks of KeeperOptions and solvers of the program's own are called
/// in that thread; a callback may call `look_now`, `stop` and `next_look`, and no other function.
class CertificateKeeper {
  public:
    /// Asks nobody and writes nothing yet. Throws Failure for options that cannot be: all that is
    /// wrong with a certificate at once.
    explicit CertificateKeeper(KeeperOptions options);
    /// As `stop`, and waits for the round that is under way: at most as long as one request to the
    /// CA or one call of a solver of the program's own takes. Not called from a callback.
    ~CertificateKeeper();
    CertificateKeeper(const CertificateKeeper&) = delete;
    CertificateKeeper& operator=(const CertificateKeeper&) = delete;

    /// Holds a round now and returns what stands. Nobody is asked for what stands already and is
    /// not due. Throws Failure if a certificate does not stand as it is wanted, or is not valid any
    /// more, after all others were tried; that one which is still valid could not be renewed is
    /// trouble alone.
    std::vector<KeptCertificate> obtain();
    /// What stands in the folder at this moment, whether or not it is still valid; nobody is asked.
    [[nodiscard]] std::vector<KeptCertificate> standing() const;

    /// From now on rounds are held by themselves, when something is due, and after an hour at the
    /// latest. Does nothing if they are held already. Throws std::logic_error after `stop`.
    void start();
    /// Asks what is under way to end soon; an order that is cut off is gone on with by the next
    /// keeper. Does not wait. No round is held afterwards, by `obtain` neither.
    void stop() noexcept;
    /// Has the next round held at once, also of what waits because it has failed: for a signal, or
    /// after something was mended. Does not wait.
    void look_now() noexcept;
    /// When the next round is to be.
    [[nodiscard]] base::Time next_look() const;

  private:
    struct Parts;
    std::unique_ptr<Parts> parts_;
};

}  // namespace cairn::client
