#pragma once
// Private to http: one exchange by libcurl, as both clients make it.

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <curl/curl.h>

#include "http/exchange.h"
#include "net/url.h"

namespace cairn::http {

template <auto release>
struct CurlReleases {
    template <class T>
    void operator()(T* object) const noexcept {
        static_cast<void>(release(object));
    }
};
using EasyHandle = std::unique_ptr<CURL, CurlReleases<&curl_easy_cleanup>>;
using MultiHandle = std::unique_ptr<CURLM, CurlReleases<&curl_multi_cleanup>>;
using FieldList = std::unique_ptr<curl_slist, CurlReleases<&curl_slist_free_all>>;

/// A handle of libcurl with the client's options, and what it receives, within bounds. May be used
/// for one exchange after the other. TLS is verified unless the options say otherwise, and no
/// redirect is followed.
class Transfer {
  public:
    /// `options` outlive it. Throws std::runtime_error if libcurl fails to start.
    explicit Transfer(const ClientOptions& options);
    Transfer(const Transfer&) = delete;
    Transfer& operator=(const Transfer&) = delete;

    /// Makes the handle ready to send the request; the error if it cannot be sent as it is. The
    /// request lives until `finish`.
    [[nodiscard]] std::optional<ExchangeError> prepare(const ClientRequest& request);
    /// When what was prepared must have ended.
    void set_deadline(std::chrono::steady_clock::time_point deadline);
    /// What came of it. Leaves the handle ready for another `prepare`.
    [[nodiscard]] ExchangeResult finish(CURLcode code);

    [[nodiscard]] CURL* handle() { return easy_.get(); }
    /// An error about the request that was prepared last: "GET https://a.test/x: reason".
    [[nodiscard]] ExchangeError failure(ExchangeError::Kind kind, std::string_view reason) const;
    /// "https://a.test:444", of the request that was prepared last.
    [[nodiscard]] std::string origin() const;

  private:
    using Kind = ExchangeError::Kind;
    void set_roots();
    [[nodiscard]] std::optional<ExchangeError> set_request(const ClientRequest& request);
    void aim_at(const std::optional<net::SocketAddress>& place);
    /// What is wrong with how the reply ends; empty if nothing.
    [[nodiscard]] std::string_view framing_fault() const;
    [[nodiscard]] bool is_in_header() const;
    [[nodiscard]] ExchangeError failure_for(CURLcode code);
    [[nodiscard]] ExchangeError connection_failure(const std::string& words);
    void take_line(std::string_view line);
    static std::size_t take_body(char* data, std::size_t, std::size_t count, void* transfer);
    static std::size_t take_header(char* data, std::size_t, std::size_t count, void* transfer);
    void take_field(std::string_view name, std::string_view value);
    static CURLcode use_client_identity(CURL*, void* context, void* transfer);

    const ClientOptions& options_;
    EasyHandle easy_;
    std::array<char, CURL_ERROR_SIZE> error_text_{};
    // Of the exchange under way:
    FieldList fields_;
    FieldList places_;  ///< where the connection goes instead
    std::optional<net::Url> url_;
    std::string what_;
    Reply reply_;
    std::size_t header_octets_ = 0;
    std::size_t header_fields_ = 0;
    /// What of the response comes next.
    enum class Phase { status_line, fields, trailers } phase_ = Phase::status_line;
    std::string overflow_;  ///< what was too large
    bool is_head_ = false;
    bool is_misframed_ = false;  ///< where it ends can be read in two ways
    bool lacks_memory_ = false;
};

}  // namespace cairn::http
