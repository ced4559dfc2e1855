#pragma once
// For the tests of client: name servers that answer from a table, and a provider that keeps values.

#include <algorithm>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "client/dns/provider.h"
#include "client/dns/record_place.h"

namespace cairn::client::testing {

/// Answers by server, name and type; what is not in it is refused.
class FakeDns {
  public:
    struct Answer {
        int code = 0;
        bool is_authoritative = true;
        std::vector<dns::ResourceRecord> answers{}, authorities{}, additionals{};
    };
    void put(const std::string& server, const std::string& name, dns::RecordType type,
             Answer answer) {
        const std::scoped_lock lock(mutex_);
        table_[{server, name, type}] = std::move(answer);
    }
    void silence(const std::string& server) {
        const std::scoped_lock lock(mutex_);
        silent_.push_back(server);
    }
    AskServer ask() {
        return [this](const net::SocketAddress& server, std::string_view name, dns::RecordType type,
                      dns::Recursion) { return answer_of(server.to_string(), name, type); };
    }
    /// Called before each answer to a question for TXT.
    std::function<void()> before_txt;

  private:
    base::Result<dns::Response, dns::ServerError> answer_of(const std::string& server,
                                                            std::string_view name,
                                                            dns::RecordType type) {
        if (type == dns::RecordType::txt && before_txt) before_txt();
        const std::scoped_lock lock(mutex_);
        if (std::ranges::find(silent_, server) != silent_.end()) {
            dns::ServerError error;
            error.message = "it does not answer";
            error.kind = dns::ServerError::Kind::silent;
            return std::unexpected(error);
        }
        const auto found = table_.find({server, std::string(name), type});
        dns::Response response;
        if (found == table_.end()) {
            constexpr int refused = 5;
            response.response_code = refused;
            return response;
        }
        response.response_code = found->second.code;
        response.is_authoritative = found->second.is_authoritative;
        response.answers = found->second.answers;
        response.authorities = found->second.authorities;
        response.additionals = found->second.additionals;
        return response;
    }

    std::mutex mutex_;
    std::map<std::tuple<std::string, std::string, dns::RecordType>, Answer> table_;
    std::vector<std::string> silent_;
};

inline dns::ResourceRecord record(std::string owner, dns::RecordType type, std::string text) {
    return {.owner = std::move(owner), .type = type, .time_to_live = 60, .text = std::move(text)};
}

}  // namespace cairn::client::testing
