#pragma once

#include <atomic>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "apps/perspective/open_mpic_client.h"
#include "apps/va/configuration.h"
#include "apps/va/open_mpic_look.h"
#include "apps/va/open_mpic_quorum.h"
#include "base/log.h"
#include "base/task.h"
#include "crypto/digest.h"
#include "http/message.h"
#include "net/tls_identity.h"

namespace cairn::apps {

/// Serves the Open MPIC API. POST /mpic: this perspective looks itself, has its peers look at the
/// same time, and judges the votes as the request wants it. POST /dcv and /caa: it is one of the
/// perspectives of somebody's coordinator, and says what it sees. Thread-safe.
class OpenMpicService {
  public:
    /// What is lent outlives it; so do the loops that `next_executor` gives.
    struct Context {
        const PerspectiveConfiguration& configuration;
        std::filesystem::path folder;
        OpenMpicLook& look;
        const base::Clock& clock;
        base::Log& log;
        std::function<base::Executor()> next_executor;
        /// Shows the certificate of this service.
        std::shared_ptr<net::TlsIdentity> tls;
    };
    /// Throws std::runtime_error, naming the file and the reason, if a file cannot be used.
    explicit OpenMpicService(Context context);
    /// Ends what is under way with peers.
    ~OpenMpicService();
    OpenMpicService(const OpenMpicService&) = delete;
    OpenMpicService& operator=(const OpenMpicService&) = delete;

    [[nodiscard]] base::Task<http::Response> handle(http::Request request);
    /// Reads certificate, keys and the files of peers again. Throws as the constructor does; the
    /// former certificate and keys count then.
    void reload();

  private:
    /// What is known of those who may ask.
    struct Clients {
        std::vector<crypto::Sha256Digest> keys;
        /// For the choice of perspectives.
        base::Bytes choice_key;
    };
    [[nodiscard]] std::shared_ptr<const Clients> clients() const;
    [[nodiscard]] std::shared_ptr<const Clients> read_clients() const;
    void show_certificate() const;
    [[nodiscard]] bool is_known(const http::Request& request, const Clients& clients) const;
    [[nodiscard]] base::Task<http::Response> corroborate(const http::Request& request,
                                                         base::Bytes choice_key);
    [[nodiscard]] base::Task<http::Response> look_alone(const http::Request& request,
                                                        va::OpenMpicCheck check);
    /// What a request asks for, as far as this service carries it out.
    [[nodiscard]] base::Result<va::OpenMpicRequest> completed(
        base::Result<va::OpenMpicRequest> request) const;
    void log(const http::Request& request, const va::OpenMpicRequest& asked,
             const std::vector<va::OpenMpicVote>& votes, bool is_valid);
    [[nodiscard]] base::Task<std::vector<va::OpenMpicVote>> votes_of(std::vector<std::size_t> seats,
                                                                     va::OpenMpicRequest request);
    [[nodiscard]] base::Task<va::OpenMpicVote> vote_of(std::size_t seat,
                                                       va::OpenMpicRequest request);
    [[nodiscard]] base::Task<va::OpenMpicVote> vote_of_peer(std::size_t seat,
                                                            va::OpenMpicRequest request);

    const Context context_;
    /// This perspective, then its peers.
    std::vector<OpenMpicSeat> seats_;
    std::vector<std::unique_ptr<OpenMpicClient>> peers_;
    mutable std::mutex mutex_;
    std::shared_ptr<const Clients> clients_;
    std::atomic<std::size_t> in_flight_ = 0;
    base::TaskGroup looks_;
};

}  // namespace cairn::apps
