#include "apps/ca/node_audit.h"

#include <stdexcept>
#include <system_error>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include "apps/ca/offline_audit.h"
#include "apps/command_line/files.h"
#include "base/bytes.h"
#include "store/audit/audit_files.h"
#include "store/folder_owner.h"

namespace cairn::apps {

namespace fs = std::filesystem;

namespace {

constexpr const char* key_file = "key.pem";

// The farther of the two.
std::optional<ca::AuditHead> head_before(std::optional<ca::AuditHead> own,
                                         const std::optional<ca::AuditHead>& offline) {
    const bool is_offline_farther =
        offline && (!own || offline->position.sequence > own->position.sequence);
    return is_offline_farther ? offline : own;
}

std::optional<ca::AuditHead> last_head(ca::Repository& store, const base::Executor& executor,
                                       const ca::AuditChainId& chain) {
    return boost::asio::co_spawn(executor, store.find_audit_head(chain), boost::asio::use_future)
        .get();
}

}  // namespace

struct NodeAudit::Beginning {
    store::AuditLogOptions options;
    /// What is wrong with what stands there already, as the server's log calls it, and in words.
    struct Damage {
        std::string_view event;
        std::string reason;
    };
    std::vector<Damage> damages{};
    crypto::PrivateKey key;
    /// Of what was written before there was this key (offline_audit.h).
    std::optional<ca::AuditHead> offline_head{};
    bool has_offline_head = false;

    Beginning(const Configuration::Audit& configuration, const fs::path& folder)
        : options{.folder = audit_folder(configuration, folder),
                  .rotate_size = configuration.rotate_size,
                  .rotate_after = configuration.rotate_after,
                  .keep = configuration.keep},
          key(key_in(options.folder)) {
        has_offline_head = apps::has_offline_head(options.folder);
        if (has_offline_head) take_offline_head();
    }

  private:
    // Nobody else compares it any more once this node has signed what it is about.
    void take_offline_head() {
        constexpr std::string_view event = "lines of the audit log are missing or changed";
        auto head = apps::offline_head(options.folder);
        if (!head) {
            damages.push_back({event, head.error().message});
            return;
        }
        offline_head = *std::move(head);
        const auto report = check_audit(options.folder, {*offline_head});
        for (const auto& finding : report.findings) damages.push_back({event, finding.text});
    }
    crypto::PrivateKey key_in(const fs::path& place) {
        make_audit_folder(place);
        const auto path = place / key_file;
        if (fs::exists(path)) {
            auto kept = crypto::PrivateKey::from_pem(read_file(path));
            if (kept) return *std::move(kept);
            throw std::runtime_error(path.string() + ": " + kept.error().message);
        }
        if (store::end_of_audit(place).position.sequence > 0 &&
            (!apps::has_offline_head(place) || was_served(place)))
            damages.push_back(
                {"the key of the audit log is gone", "the key that signed its heads was gone"});
        auto fresh = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
        write_file(path, base::text_of(fresh.to_pem()), 0600);
        return fresh;
    }
};

void make_audit_folder(const fs::path& place) {
    std::error_code error;
    if (fs::create_directories(place, error)) {
        fs::permissions(place, fs::perms::owner_all, error);
        store::give_to_owner_of(place.parent_path(), place);
    }
    if (error)
        throw std::runtime_error(place.string() +
                                 " cannot be made for the audit log: " + error.message());
}

bool has_audit_key(const fs::path& place) {
    std::error_code ignored;
    return fs::exists(place / key_file, ignored);
}

fs::path audit_folder(const Configuration::Audit& configuration, const fs::path& folder) {
    return folder / configuration.folder;
}

NodeAudit::NodeAudit(const Configuration::Audit& configuration, const fs::path& folder,
                     ca::Repository& store, const base::Executor& executor,
                     const base::Clock& clock, base::Log& log, ca::Observer& observer)
    : NodeAudit(Beginning(configuration, folder), store, executor, clock, log, observer) {}

NodeAudit::NodeAudit(Beginning beginning, ca::Repository& store, const base::Executor& executor,
                     const base::Clock& clock, base::Log& log, ca::Observer& observer)
    : chain_(crypto::sha256(beginning.key.public_key().spki())),
      log_(beginning.options,
           head_before(last_head(store, executor, chain_), beginning.offline_head), clock, log,
           observer),
      heads_(beginning.key, [this] { return log_.position(); }, store, clock, log) {
    for (const auto& damage : beginning.damages) {
        log.error(damage.event, {{"reason", damage.reason},
                                 {"action",
                                  "a new key signs its heads; heads that a former one signed "
                                  "cannot be compared any more"}});
        ca::AuditEntry told(ca::AuditEvent::log_damaged);
        told.add("reason", std::string_view(damage.reason));
        log_.note(std::move(told));
    }
    if (!beginning.has_offline_head) return;
    // From now on the store has a head of what was written before, and a copy of this folder has
    // none that somebody else's key has signed.
    boost::asio::co_spawn(executor, save_head(), boost::asio::use_future).get();
    remove_offline_head(beginning.options.folder);
}

base::Task<void> NodeAudit::save_head() {
    co_await log_.flush();
    co_await heads_.save();
}

}  // namespace cairn::apps
