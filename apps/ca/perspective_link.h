#pragma once

#include <string>

#include "apps/ca/configuration.h"
#include "apps/ca/perspective_authority.h"
#include "apps/perspective/question_client.h"
#include "base/task.h"
#include "va/enrolment_message.h"

namespace cairn::apps {

/// The way to one remote perspective, by mutual TLS. Thread-safe.
class PerspectiveLink {
  public:
    /// What all links have in common; it outlives them.
    struct Context {
        const PerspectiveAuthority& authority;
        std::string ca_url;
        /// For one exchange.
        base::Milliseconds timeout;
        /// Questions under way at once; further ones fail.
        std::size_t in_flight = 4096;
    };
    PerspectiveLink(Configuration::Perspective perspective, Context context,
                    base::Executor executor);

    [[nodiscard]] const Configuration::Perspective& perspective() const { return perspective_; }
    /// Sends, and returns the body of an answer 200. Throws std::runtime_error with what was asked
    /// of whom and what came back.
    [[nodiscard]] base::Task<std::string> exchange(std::string method, std::string path,
                                                   std::string body);
    /// What it says of itself. Throws std::runtime_error as well if it is another one, or of
    /// another version.
    [[nodiscard]] base::Task<va::PerspectiveStatus> status();
    /// Gives it a certificate, as the one that it has proves who it is.
    [[nodiscard]] base::Task<va::PerspectiveStatus> renew();
    /// Gives it its first one, with the code that its operator brought.
    [[nodiscard]] base::Task<va::PerspectiveStatus> enrol(const va::EnrolmentCode& code);
    /// Shows another certificate of the CA from now on; called before the former one ends.
    void show_another();

  private:
    [[nodiscard]] base::Task<std::string> exchange_by(const QuestionClient& client,
                                                      std::string method, std::string path,
                                                      std::string body) const;
    [[nodiscard]] base::Task<va::PerspectiveStatus> certify_by(const QuestionClient& client,
                                                               std::string secret) const;
    [[nodiscard]] va::PerspectiveStatus require_same(const std::string& body) const;
    [[nodiscard]] http::ClientOptions options_of_link() const;

    const Configuration::Perspective perspective_;
    const Context context_;
    const base::Executor executor_;
    QuestionClient client_;
};

}  // namespace cairn::apps
