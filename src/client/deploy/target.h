#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "client/certificate_plan.h"
#include "client/failure.h"
#include "client/lineage.h"
#include "client/lineage_member.h"
#include "client/progress.h"
#include "client/timer.h"
#include "net/tls_probe.h"

// A target is what learns of a new certificate: a server, a store, a program. What it says here is
// run by `deploy/transaction.h`, in this order, for each target on its own:
//
//     obstacles   before anything is ordered or changed
//     files       what is to stand where; these are put in place, all in one step
//     place       a change that is no file (a store elsewhere), after `undo_note`
//     check       the server's own look at its configuration
//     activate    reload
//     probes      looked at until each shows the new certificate
//
// If anything fails or is killed, the files are put back as they were, `take_back` gets the note,
// live/NAME leads to the former certificate again if the server reads it there, and `activate` runs
// again if it had run. To add a target: one file with a class and a function
// that makes it, and one line in the table of `target.cpp`.

namespace cairn::client {

/// The lineage that a target is for, also before there is a certificate.
struct DeploySubject {
    LineageName lineage;
    CertificatePlan plan;
    /// live/NAME.
    std::filesystem::path live;
};

/// One of its certificates, verified: key, names, chain and dates.
struct DeployCertificate {
    crypto::KeyType key_type;
    /// Its number in the archive.
    unsigned long number = 0;
    Generation generation;
    /// The files in live/NAME.
    CertificateFiles files;

    /// PEM.
    [[nodiscard]] std::string leaf() const;
    [[nodiscard]] std::string chain() const;
    [[nodiscard]] std::string full_chain() const;
    /// PKCS #8, PEM. Throws Failure if the key is in no file: see `KeyNeed`.
    [[nodiscard]] const base::SecretBytes& private_key() const;
};

/// What is deployed.
struct DeployMaterial {
    DeploySubject subject;
    /// At least one, one for each key type of the plan, in its order.
    std::vector<DeployCertificate> certificates;
    [[nodiscard]] const DeployCertificate& first() const { return certificates.front(); }
};

/// Who owns a file, and who may read it. What is not said is as it was with the file that stood
/// there, or else root's (that is, of whoever runs this), 0600 with a key in it and 0644 without.
struct FileRights {
    std::optional<uid_t> owner{};
    std::optional<gid_t> group{};
    std::optional<mode_t> mode{};
};

/// A file that is to stand somewhere.
struct DeployFile {
    std::filesystem::path path;
    base::SecretBytes contents;
    FileRights rights{};
    enum class Holds { certificate, key, other };
    Holds holds = Holds::other;
};

/// Files of a target. Nobody sees some of `matched` new and others old: they are links through one
/// switch, unless there is only one. Those of `single` are each replaced by themselves, through a
/// link if one stands there, and put back as they were if something fails.
struct DeployFiles {
    std::vector<DeployFile> matched{};
    std::vector<DeployFile> single{};
};

/// Where a server shows its certificate.
struct DeployProbe {
    /// "127.0.0.1", "::1", "mail.example".
    std::string host;
    std::uint16_t port = 443;
    net::StartTls start_tls = net::StartTls::none;
    /// For SNI; empty: a name of the certificate.
    std::string server_name{};
    /// Which certificate of the material it should show; nothing: any of them.
    std::optional<crypto::KeyType> key_type{};
    [[nodiscard]] std::string to_string() const;
};

/// What a target works with while it is being deployed.
struct TargetRun {
    Timer& timer;
    Progress& progress;
    /// How long each command may take.
    std::chrono::milliseconds patience;
    /// Variables for commands: CAIRN_LINEAGE, RENEWED_LINEAGE and so on.
    std::vector<std::pair<std::string, std::string>> variables;

    /// Runs `line` (`CommandWords`), tells of it, and keeps its output with the attempt. Throws
    /// Failure, with its output, if it does not end with status 0. `purpose` is one word for what
    /// it is: "check", "reload".
    void command(const std::string& line, std::string_view purpose) const;
};

/// What a target needs of private keys. One that needs their text is not given a certificate whose
/// key is in a device or was never here.
enum class KeyNeed { text, none };

/// Something that learns of new certificates. Used by one thread at a time. Everything that goes
/// wrong is thrown as Failure.
class Target {
  public:
    virtual ~Target() = default;
    /// As `find_target` takes it, in a form that does not depend on the working directory or PATH.
    [[nodiscard]] virtual std::string text() const = 0;
    [[nodiscard]] virtual KeyNeed key_need() const { return KeyNeed::text; }
    /// True if its server reads live/NAME itself. Where it refuses a renewal, the lineage goes back
    /// to the certificate that it showed before (ADR 110).
    [[nodiscard]] virtual bool reads_live() const { return false; }
    /// All that stands in the way at this moment, as far as it can be seen from here: a program, a
    /// folder or an account that is missing. Leaves everything as it was.
    [[nodiscard]] virtual std::vector<Failure> obstacles(const DeploySubject& subject) {
        static_cast<void>(subject);
        return {};
    }
    /// Files that it reads besides the certificate: credentials, configurations.
    [[nodiscard]] virtual std::vector<std::filesystem::path> files_read() const { return {}; }

    /// The files that are to stand, which may be none. Changes nothing. Where one stands with these
    /// contents already, it stays.
    [[nodiscard]] virtual DeployFiles files(const DeployMaterial& material) {
        static_cast<void>(material);
        return {};
    }
    /// Sentences on what would be done besides the files and probes, for --dry-run.
    [[nodiscard]] virtual std::vector<std::string> outline(const DeploySubject& subject) = 0;
    /// What `take_back` needs to undo `place`. It is kept on the disk, mode 0600, before `place`.
    [[nodiscard]] virtual std::string undo_note(const DeployMaterial& material,
                                                const TargetRun& run) {
        static_cast<void>(material);
        static_cast<void>(run);
        return {};
    }
    /// Makes a change that is no file. To be repeated without harm.
    virtual void place(const DeployMaterial& material, const TargetRun& run) {
        static_cast<void>(material);
        static_cast<void>(run);
    }
    /// Has the server look at what is in place, before it is told to read it.
    virtual void check(const DeployMaterial& material, const TargetRun& run) {
        static_cast<void>(material);
        static_cast<void>(run);
    }
    /// Has the server read what is in place: the new, or after a roll back the former.
    virtual void activate(const DeployMaterial& material, const TargetRun& run) {
        static_cast<void>(material);
        static_cast<void>(run);
    }
    /// Where the server is looked at; none: it is believed.
    [[nodiscard]] virtual std::vector<DeployProbe> probes(const DeployMaterial& material) {
        static_cast<void>(material);
        return {};
    }
    /// How long the probes may take to show the new certificate.
    [[nodiscard]] virtual std::chrono::milliseconds probe_patience() const {
        return std::chrono::seconds{30};
    }
    /// Undoes `place`, of this run or of one that died in it.
    virtual void take_back(const std::string& note, const DeployMaterial& material,
                           const TargetRun& run) {
        static_cast<void>(note);
        static_cast<void>(material);
        static_cast<void>(run);
    }
};

/// What targets are made with.
struct TargetContext {
    const base::Clock& clock;
    /// Where settings, credentials and recipes of one's own are.
    std::filesystem::path settings_folder{};
    /// As requests over HTTP name this program.
    std::string user_agent{};
};

/// What follows the kind in a target's text: "site.pem,reload=systemctl reload x".
class TargetOptions;

/// A kind of target that can be named on the command line.
struct TargetKind {
    std::string_view name;
    std::string_view usage;    ///< "files:DIR"
    std::string_view summary;  ///< half a sentence for --help
    /// Makes a target; nothing is opened yet. Options that are left over are refused by the caller.
    base::Result<std::unique_ptr<Target>> (*make)(TargetOptions& options,
                                                  const TargetContext& context);
};

/// The table of all kinds, apart from recipes.
[[nodiscard]] std::span<const TargetKind> target_kinds();

/// The target for "KIND", "KIND:ARGUMENT" or "KIND[:ARGUMENT],KEY=VALUE...": a kind of the table,
/// else the recipe of that name. The error says all that is wrong with the text.
[[nodiscard]] base::Result<std::unique_ptr<Target>> find_target(std::string_view text,
                                                                const TargetContext& context);

/// The target of a plan: a program, or what `find_target` finds.
[[nodiscard]] base::Result<std::unique_ptr<Target>> find_target(const DeployTarget& target,
                                                                const TargetContext& context);

}  // namespace cairn::client
