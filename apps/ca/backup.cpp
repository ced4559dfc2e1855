#include "apps/ca/backup.h"

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <set>
#include <stdexcept>
#include <system_error>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apps/ca/backup_manifest.h"
#include "apps/ca/backup_stream.h"
#include "apps/ca/configuration.h"
#include "apps/ca/findings.h"
#include "apps/ca/lost_store.h"
#include "apps/ca/node_audit.h"
#include "apps/ca/offline_audit.h"
#include "apps/command_line/files.h"
#include "base/bytes.h"
#include "crypto/pkcs11/uri.h"
#include "store/folder_owner.h"

namespace cairn::apps {

namespace fs = std::filesystem;

namespace {

/// A passphrase has at least so many octets: what encrypts a CA's keys must not be guessed.
constexpr std::size_t least_passphrase = 12;

/// As the store is called in a backup.
constexpr std::string_view sqlite_entry = "store.sqlite", postgres_entry = "store.pgdump";

/// A file or folder that is removed again unless it is kept.
class Draft {
  public:
    explicit Draft(fs::path path) : path_(std::move(path)) {}
    ~Draft() {
        if (path_.empty()) return;
        std::error_code ignored;
        fs::remove_all(path_, ignored);
    }
    Draft(const Draft&) = delete;
    Draft& operator=(const Draft&) = delete;
    [[nodiscard]] const fs::path& path() const { return path_; }
    void rename_to(const fs::path& target) {
        fs::rename(path_, target);
        path_.clear();
    }

  private:
    fs::path path_;
};

std::string reason() {
    return std::generic_category().message(errno);
}

// An empty file for its owner alone, which was not there.
void make_private(const fs::path& path) {
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                            S_IRUSR | S_IWUSR);
    if (file < 0) throw std::runtime_error("cannot create " + path.string() + ": " + reason());
    ::close(file);
}

void sync_file(const fs::path& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    const bool is_synced = file >= 0 && ::fsync(file) == 0;
    const auto why = reason();
    if (file >= 0) ::close(file);
    if (!is_synced) throw std::runtime_error("cannot sync " + path.string() + ": " + why);
}

fs::path folder_of(const fs::path& path) {
    return path.has_parent_path() ? path.parent_path() : fs::path(".");
}

// A name that nobody else uses, beside `path`.
fs::path beside(const fs::path& path, std::string_view purpose) {
    return folder_of(path) / ("." + path.filename().string() + "." + std::string(purpose) + "-" +
                              std::to_string(::getpid()));
}

// What the configuration names.
std::vector<std::string> files_named(const Configuration& configuration) {
    std::vector<std::string> files;
    for (const auto& [name, issuer] : configuration.issuers) {
        files.insert(files.end(), {issuer.certificate, issuer.root});
        // A key in a token is not in the backup, nor is a passphrase.
        if (!crypto::Pkcs11Uri::is_one(issuer.key)) files.push_back(issuer.key);
        if (!issuer.passphrase.file.empty()) files.push_back(issuer.passphrase.file);
        files.insert(files.end(), issuer.alternate_chains.begin(), issuer.alternate_chains.end());
    }
    const auto& policy = configuration.policy;
    files.insert(files.end(), policy.weak_keys.begin(), policy.weak_keys.end());
    const auto& validation = configuration.validation;
    for (const auto& file : {policy.top_level_domains, validation.dns_trust_anchor_file,
                             validation.dns_root_hints_file})
        if (!file.empty()) files.push_back(file);
    return files;
}

struct Sources {
    std::set<fs::path> inside;  ///< relative to the folder
    std::vector<std::string> outside;
};

Sources sources_of(const fs::path& folder, const Configuration& configuration) {
    Sources sources;
    sources.inside.emplace("ca.toml");
    std::error_code error;
    for (const auto* part : {"pki", "perspectives"})
        for (const auto& entry : fs::recursive_directory_iterator(folder / part, error))
            if (entry.is_regular_file()) sources.inside.insert(fs::relative(entry.path(), folder));
    for (const auto& file : files_named(configuration)) {
        const auto relative =
            (folder / file).lexically_normal().lexically_relative(folder.lexically_normal());
        if (relative.empty() || *relative.begin() == "..")
            sources.outside.push_back(file);
        else if (fs::is_regular_file(folder / relative, error))
            sources.inside.insert(relative);
    }
    return sources;
}

base::SecretBytes passphrase_of(const crypto::PassphraseSource& source, Findings& findings) {
    base::SecretBytes passphrase;
    findings.attempt([&] {
        passphrase = crypto::read_passphrase(source, fs::current_path(), least_passphrase);
    });
    return passphrase;
}

std::string length_prefix(std::size_t size) {
    std::string octets(4, '\0');
    for (std::size_t i = 0; i < octets.size(); ++i)
        octets[i] = static_cast<char>(size >> (8 * (3 - i)));
    return octets;
}

std::size_t length_from(std::string_view octets) {
    std::size_t length = 0;
    for (const char octet : octets) length = length << 8U | static_cast<std::uint8_t>(octet);
    return length;
}

// One moment of the store, in a file that nobody else can read.
void copy_store(const Configuration& configuration, const fs::path& folder,
                const fs::path& target) {
    const auto& store = configuration.store;
    std::error_code ignored;
    make_private(target);
    if (!store.postgres_url.empty())
        store::dump_postgres(store.postgres_url, store.schema, target);
    else if (fs::exists(folder / store.sqlite_path, ignored))
        store::copy_sqlite(folder / store.sqlite_path, target);
    else
        store::make_sqlite(target);
}

// Where files of a backup may lie: in the folder, and not above it.
fs::path place_in(const fs::path& folder, const std::string& path) {
    const auto place = folder / path;
    fs::create_directories(place.parent_path());
    return place;
}

void require_no_folder(const fs::path& folder) {
    std::error_code error;
    if (fs::exists(folder, error) && !fs::is_empty(folder, error))
        throw std::runtime_error(folder.string() +
                                 " is there and not empty: move it away first, or restore "
                                 "elsewhere");
}

// In the folder: the files of the backup with their modes, the store among them.
void unpack(BackupReader& reader, const BackupManifest& manifest, const fs::path& folder) {
    for (const auto& file : manifest.files) {
        const auto place = place_in(folder, file.path);
        make_private(place);
        reader.read_into(place, file.size);
        if (::chmod(place.c_str(), file.mode) != 0)
            throw std::runtime_error("cannot set the mode of " + place.string() + ": " + reason());
        sync_file(place);
    }
    reader.finish();
}

// All that root restores into a folder that is another user's is this user's.
void give_to_owner_of(const fs::path& folder, const fs::path& made) {
    std::error_code ignored;
    if (!fs::exists(folder, ignored)) return;
    for (const auto& entry : fs::recursive_directory_iterator(made, ignored))
        store::give_to_owner_of(folder, entry.path());
    store::give_to_owner_of(folder, made);
}

// With it the audit log of what was restored begins, or goes on if it lies outside the folder.
void record_restore(const RestoreRequest& request, base::Time created, const fs::path& log,
                    const base::Clock& clock) try {
    constexpr const char* operation = "restore";
    const auto arguments = boost::json::serialize(
        boost::json::object{{"text", "restore " + request.file.string() + ", as the CA was at " +
                                         base::to_rfc3339(created)}});
    record_offline(log, {offline_begin(operation, arguments), offline_end(operation)}, clock);
} catch (const std::exception& error) {
    throw std::runtime_error("it cannot be recorded in the audit log, so it is not done: " +
                             std::string(error.what()));
}

}  // namespace

BackupResult back_up(const BackupRequest& request, const base::Clock& clock,
                     crypto::Random& random) {
    Findings findings;
    const auto passphrase = passphrase_of(request.passphrase, findings);
    std::optional<Configuration> read;
    findings.attempt(
        [&] { read = load_configuration(request.folder, request.overrides, clock.now()); });
    if (const auto lost = read ? lost_store(*read, request.folder) : std::nullopt)
        findings.add(*lost + ": an empty store would be no backup");
    if (fs::exists(request.file))
        findings.add(request.file.string() + " is there already; a backup replaces no other");
    else if (!fs::is_directory(folder_of(request.file)))
        findings.add(request.file.string() +
                     ": there is no folder for it: No such file or directory");
    findings.throw_if_any();
    const auto& configuration = *read;
    if (request.before_writing) request.before_writing();
    BackupManifest manifest{.created = clock.now(), .program = CAIRN_VERSION};
    const bool is_shared = !configuration.store.postgres_url.empty();
    const auto sources = sources_of(request.folder, configuration);
    // In the CA's folder: it is not encrypted, and the file may lie on another machine's disk.
    const Draft copy(beside(request.folder / "store", "copy"));
    copy_store(configuration, request.folder, copy.path());
    for (const auto& file : sources.inside) {
        const auto path = request.folder / file;
        const auto mode = static_cast<unsigned>(fs::status(path).permissions()) & 0777U;
        manifest.files.push_back({file.generic_string(), mode, fs::file_size(path)});
    }
    manifest.files.push_back({std::string(is_shared ? postgres_entry : sqlite_entry), 0600U,
                              fs::file_size(copy.path())});
    Draft draft(beside(request.file, "backup"));
    make_private(draft.path());
    BackupWriter writer(draft.path(), passphrase, random);
    const auto text = manifest.to_json();
    writer.write(length_prefix(text.size()) + text);
    for (const auto& file : manifest.files) {
        const bool is_store = file.path == sqlite_entry || file.path == postgres_entry;
        writer.write_file(is_store ? copy.path() : request.folder / file.path, file.size);
    }
    writer.finish();
    sync_file(draft.path());
    draft.rename_to(request.file);
    sync_folder(folder_of(request.file));
    BackupResult result{.created = manifest.created,
                        .size = fs::file_size(request.file),
                        .files = {},
                        .outside = sources.outside};
    for (const auto& file : manifest.files) result.files.push_back(file.path);
    return result;
}

RestoreResult restore(const RestoreRequest& request, const base::Clock& clock) {
    Findings findings;
    const auto passphrase = passphrase_of(request.passphrase, findings);
    auto folder = request.folder;
    if (!folder.has_filename()) folder = folder.parent_path();
    findings.attempt([&] { require_no_folder(folder); });
    if (std::ifstream in(request.file, std::ios::binary); !in || fs::is_directory(request.file))
        findings.add("cannot read " + request.file.string());
    findings.throw_if_any();
    BackupReader reader(request.file, passphrase);
    const auto length = length_from(reader.read(4));
    if (length > BackupManifest::longest)
        throw std::runtime_error(request.file.string() + ": its list of files is too long");
    const auto manifest = BackupManifest::from_json(reader.read(length));
    if (!manifest)
        throw std::runtime_error(request.file.string() + ": " + manifest.error().message);
    const auto now = clock.now();
    if (now < manifest->created)
        throw std::runtime_error("this machine's clock shows " + base::to_rfc3339(now) +
                                 ", and the backup was made at " +
                                 base::to_rfc3339(manifest->created) +
                                 "; set the clock right: nothing was changed");
    Draft draft(beside(folder, "restore"));
    fs::create_directory(draft.path());
    fs::permissions(draft.path(), fs::perms::owner_all);
    unpack(reader, *manifest, draft.path());

    const auto configuration = load_configuration(draft.path(), request.overrides, now);
    const auto& store = configuration.store;
    RestoreResult result{.created = manifest->created, .restored = now, .settled = {}, .files = {}};
    const auto packed = draft.path() / sqlite_entry, dump = draft.path() / postgres_entry;
    if (store.postgres_url.empty() != fs::exists(packed))
        throw std::runtime_error(
            "the backup is of another kind of store than store.url of its "
            "configuration names; nothing was changed");
    if (store.postgres_url.empty() && fs::path(store.sqlite_path).is_absolute() &&
        fs::exists(store.sqlite_path))
        throw std::runtime_error(store.sqlite_path + " is there already; nothing was changed");
    record_restore(request, manifest->created, audit_folder(configuration.audit, draft.path()),
                   clock);
    if (store.postgres_url.empty()) {
        const auto place = draft.path() / store.sqlite_path;
        result.settled = store::settle_sqlite(packed, manifest->created, now);
        fs::create_directories(place.parent_path());
        fs::rename(packed, place);
        sync_folder(place.parent_path());
    } else {
        result.settled =
            store::restore_postgres(store.postgres_url, store.schema, dump, manifest->created, now);
        fs::remove(dump);
    }
    give_to_owner_of(folder, draft.path());
    sync_folder(draft.path());
    draft.rename_to(folder);
    sync_folder(folder_of(folder));
    for (const auto& file : manifest->files) result.files.push_back(file.path);
    return result;
}

}  // namespace cairn::apps
