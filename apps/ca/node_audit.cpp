#include "apps/ca/node_audit.h"

#include <stdexcept>
#include <system_error>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include "apps/command_line/files.h"
#include "base/bytes.h"
#include "store/audit/audit_files.h"

namespace cairn::apps {

namespace fs = std::filesystem;

namespace {

std::optional<ca::AuditHead> last_head(ca::Repository& store, const base::Executor& executor,
                                       const ca::AuditChainId& chain) {
    return boost::asio::co_spawn(executor, store.find_audit_head(chain), boost::asio::use_future)
        .get();
}

}  // namespace

struct NodeAudit::Beginning {
    store::AuditLogOptions options;
    /// Whether there are lines whose heads another key has signed.
    bool is_key_gone = false;
    crypto::PrivateKey key;

    Beginning(const Configuration::Audit& configuration, const fs::path& folder)
        : options{.folder = audit_folder(configuration, folder),
                  .rotate_size = configuration.rotate_size,
                  .rotate_after = configuration.rotate_after,
                  .keep = configuration.keep},
          key(key_in(options.folder)) {}

  private:
    crypto::PrivateKey key_in(const fs::path& place) {
        std::error_code error;
        if (fs::create_directories(place, error))
            fs::permissions(place, fs::perms::owner_all, error);
        if (error)
            throw std::runtime_error(place.string() +
                                     " cannot be made for the audit log: " + error.message());
        const auto path = place / "key.pem";
        if (fs::exists(path)) {
            auto kept = crypto::PrivateKey::from_pem(read_file(path));
            if (kept) return *std::move(kept);
            throw std::runtime_error(path.string() + ": " + kept.error().message);
        }
        is_key_gone = store::end_of_audit(place).position.sequence > 0;
        auto fresh = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
        write_file(path, base::text_of(fresh.to_pem()), 0600);
        return fresh;
    }
};

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
      log_(beginning.options, last_head(store, executor, chain_), clock, log, observer),
      heads_(beginning.key, [this] { return log_.position(); }, store, clock, log) {
    if (!beginning.is_key_gone) return;
    log.error("the key of the audit log is gone",
              {{"action",
                "a new one signs its heads; heads that the former one signed cannot be "
                "compared any more"}});
    ca::AuditEntry gone(ca::AuditEvent::log_damaged);
    gone.add("reason", "the key that signed its heads was gone");
    log_.note(std::move(gone));
}

base::Task<void> NodeAudit::save_head() {
    co_await log_.flush();
    co_await heads_.save();
}

}  // namespace cairn::apps
