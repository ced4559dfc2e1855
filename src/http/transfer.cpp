#include "http/transfer.h"

#include <algorithm>
#include <cerrno>
#include <exception>
#include <filesystem>
#include <new>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "base/shortage.h"
#include "http/field_syntax.h"
#include "net/ascii.h"
#include "net/tls_identity_state.h"

namespace cairn::http {
namespace {

constexpr std::size_t max_response_fields = 200;
constexpr base::Milliseconds connect_timeout{10000};

/// Fields by which a request could say otherwise than the client where it ends and who hears it.
constexpr std::string_view own_fields[] = {
    "Connection", "Content-Length",    "Expect", "Host", "Keep-Alive", "Proxy-Connection", "TE",
    "Trailer",    "Transfer-Encoding", "Upgrade"};

/// libcurl's own start, once for the process; it is not thread-safe by itself everywhere.
void start_libcurl() {
    static const CURLcode started = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (started != CURLE_OK) {
        throw std::runtime_error(std::string("libcurl: ") + curl_easy_strerror(started));
    }
}

template <class Value>
void set(CURL* easy, CURLoption option, Value value) {
    const CURLcode result = curl_easy_setopt(easy, option, value);
    if (result != CURLE_OK) {
        throw std::runtime_error(std::string("libcurl: ") + curl_easy_strerror(result));
    }
}

void append(FieldList& list, const std::string& field) {
    curl_slist* const longer = curl_slist_append(list.get(), field.c_str());
    if (longer == nullptr) throw std::bad_alloc();
    // The longer list begins with the former one.
    [[maybe_unused]] const curl_slist* const former = list.release();
    list.reset(longer);
}

/// True if OpenSSL can look roots up in the folder by their hashes.
bool holds_hashed_roots(const char* folder) {
    if (folder == nullptr) return false;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
        const std::string name = entry.path().filename().string();
        if (name.size() == 10 && name.ends_with(".0")) return true;
    }
    return false;
}

/// Whether an empty body is sent as such, with Content-Length: 0 (RFC 9110 section 8.6).
bool expects_body(const std::string& method) {
    return method == "POST" || method == "PUT" || method == "PATCH";
}

/// OpenSSL's words for a signature that was not made by the key of the issuer's name.
bool tells_of_signature(std::string_view words) {
    return words.contains("asn1 encoding routines::EVP lib") || words.contains("rsa routines::") ||
           words.contains("provider signature failure");
}

std::string_view fault_of(const Fields& fields) {
    for (const auto& [name, value] : fields) {
        if (name.empty() || !consists_of(token_octets, name))
            return "a field's name is not a token";
        if (!consists_of(value_octets, value)) return "a field's value holds a control character";
        for (const auto own : own_fields) {
            if (net::same_ignoring_case(name, own)) return "a field is the client's own to write";
        }
    }
    return {};
}

}  // namespace

Transfer::Transfer(const ClientOptions& options) : options_(options) {
    start_libcurl();
    easy_.reset(curl_easy_init());
    if (!easy_) throw std::runtime_error("libcurl: no handle can be made");
    CURL* const raw = easy_.get();
    set(raw, CURLOPT_ERRORBUFFER, error_text_.data());
    set(raw, CURLOPT_NOSIGNAL, 1L);
    // A look-up in the DNS that takes too long is left to its thread: nobody waits for it.
    set(raw, CURLOPT_QUICK_EXIT, 1L);
    set(raw, CURLOPT_USERAGENT, options.user_agent.c_str());
    const bool may_be_plain = options.allow_plain_http || !options.local_path.empty();
    set(raw, CURLOPT_PROTOCOLS_STR, may_be_plain ? "https,http" : "https");
    if (!options.local_path.empty()) set(raw, CURLOPT_UNIX_SOCKET_PATH, options.local_path.c_str());
    set(raw, CURLOPT_FOLLOWLOCATION, 0L);
    set(raw, CURLOPT_PATH_AS_IS, 1L);
    set(raw, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    set(raw, CURLOPT_TCP_NODELAY, 1L);
    const bool is_proven = options.server_proof == ServerProof::required;
    set(raw, CURLOPT_SSL_VERIFYPEER, is_proven ? 1L : 0L);
    set(raw, CURLOPT_SSL_VERIFYHOST, is_proven ? 2L : 0L);
    set(raw, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    set(raw, CURLOPT_WRITEFUNCTION, &Transfer::take_body);
    set(raw, CURLOPT_WRITEDATA, static_cast<void*>(this));
    set(raw, CURLOPT_HEADERFUNCTION, &Transfer::take_header);
    set(raw, CURLOPT_HEADERDATA, static_cast<void*>(this));
    if (!options.pinned_key.empty())
        set(raw, CURLOPT_PINNEDPUBLICKEY, ("sha256//" + options.pinned_key).c_str());
    if (options.identity) {
        set(raw, CURLOPT_SSL_CTX_FUNCTION, &Transfer::use_client_identity);
        set(raw, CURLOPT_SSL_CTX_DATA, static_cast<void*>(this));
    }
    set_roots();
}

void Transfer::set_roots() {
    CURL* const raw = easy_.get();
    const char* const no_file = nullptr;
    if (!options_.root_file.empty()) {
        set(raw, CURLOPT_CAINFO, options_.root_file.c_str());
        set(raw, CURLOPT_CAPATH, no_file);
        return;
    }
    // A bundle of all roots takes OpenSSL tens of milliseconds to read; a folder of hashed roots is
    // asked for the one that is needed.
    const char* folder = nullptr;
    if (curl_easy_getinfo(raw, CURLINFO_CAPATH, &folder) == CURLE_OK &&
        holds_hashed_roots(folder)) {
        set(raw, CURLOPT_CAINFO, no_file);
    }
}

CURLcode Transfer::use_client_identity(CURL*, void* context, void* transfer) {
    const auto& identity = *static_cast<Transfer*>(transfer)->options_.identity;
    try {
        net::use_identity(static_cast<SSL_CTX*>(context), identity.chain_pem, identity.key);
        return CURLE_OK;
    } catch (const std::exception&) {
        return CURLE_SSL_CERTPROBLEM;
    }
}

std::optional<ExchangeError> Transfer::prepare(const ClientRequest& request) {
    reply_ = Reply();
    header_octets_ = header_fields_ = 0;
    phase_ = Phase::status_line;
    overflow_.clear();
    lacks_memory_ = is_misframed_ = false;
    error_text_[0] = '\0';
    what_ = base::printable(request.method) + " " + base::printable(request.url);
    return set_request(request);
}

void Transfer::set_deadline(std::chrono::steady_clock::time_point deadline) {
    const auto rest =
        std::chrono::ceil<base::Milliseconds>(deadline - std::chrono::steady_clock::now());
    // 0 would be no bound at all.
    const auto time = std::max(rest, base::Milliseconds(1));
    set(handle(), CURLOPT_TIMEOUT_MS, static_cast<long>(time.count()));
    set(handle(), CURLOPT_CONNECTTIMEOUT_MS,
        static_cast<long>(std::min(time, connect_timeout).count()));
}

std::string Transfer::origin() const {
    return (url_->is_https() ? "https://" : "http://") + url_->authority();
}

std::optional<ExchangeError> Transfer::set_request(const ClientRequest& request) {
    auto url = net::Url::from_text(request.url);
    if (!url) return failure(Kind::bad_request, url.error().message);
    url_ = std::move(*url);
    if (!url_->is_https() && !options_.allow_plain_http && options_.local_path.empty())
        return failure(Kind::bad_request, "only https is spoken here");
    if (request.method.empty() || !consists_of(token_octets, request.method))
        return failure(Kind::bad_request, "the method is not a token");
    fields_.reset();
    for (const Fields* fields : {&options_.fields, &request.fields}) {
        if (const auto fault = fault_of(*fields); !fault.empty())
            return failure(Kind::bad_request, fault);
        // libcurl's own way to say that a field is there and empty.
        for (const auto& [name, value] : *fields)
            append(fields_, value.empty() ? name + ";" : name + ": " + value);
    }

    CURL* const raw = handle();
    const char* const usual = nullptr;
    set(raw, CURLOPT_URL, url_->to_string().c_str());
    aim_at(request.connect_to);
    set(raw, CURLOPT_HTTPGET, 1L);  // undoes what the former request asked for
    set(raw, CURLOPT_CUSTOMREQUEST, usual);
    is_head_ = request.method == "HEAD";
    if (is_head_) {
        if (!request.body.empty()) return failure(Kind::bad_request, "HEAD has no body");
        set(raw, CURLOPT_NOBODY, 1L);
    } else if (!request.body.empty() || expects_body(request.method)) {
        set(raw, CURLOPT_POST, 1L);
        set(raw, CURLOPT_POSTFIELDS, request.body.data());
        set(raw, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(request.body.size()));
        append(fields_, "Expect:");  // no wait for "100 Continue"
        const bool has_type = std::ranges::any_of(request.fields, [](const auto& field) {
            return net::same_ignoring_case(field.first, "Content-Type");
        });
        if (!has_type) append(fields_, "Content-Type:");  // not the one of HTML's forms
        set(raw, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    } else {
        set(raw, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    }
    set(raw, CURLOPT_HTTPHEADER, fields_.get());
    return std::nullopt;
}

void Transfer::aim_at(const std::optional<net::SocketAddress>& place) {
    const char* const usual = nullptr;
    set(handle(), CURLOPT_CONNECT_TO, static_cast<curl_slist*>(nullptr));
    set(handle(), CURLOPT_NOPROXY, place ? "*" : usual);
    places_.reset();
    if (!place) return;
    // An empty host and port stand for any.
    append(places_, "::" + place->address.to_url_host() + ":" + std::to_string(place->port));
    set(handle(), CURLOPT_CONNECT_TO, places_.get());
}

std::size_t Transfer::take_body(char* data, std::size_t, std::size_t count, void* transfer) {
    auto& self = *static_cast<Transfer*>(transfer);
    try {
        self.phase_ = Phase::trailers;
        if (count > self.options_.max_body - self.reply_.body.size()) {
            self.overflow_ =
                "body is larger than " + std::to_string(self.options_.max_body) + " octets";
            return CURL_WRITEFUNC_ERROR;
        }
        self.reply_.body.append(data, count);
        return count;
    } catch (const std::bad_alloc&) {
        self.lacks_memory_ = true;
        return CURL_WRITEFUNC_ERROR;
    }
}

std::size_t Transfer::take_header(char* data, std::size_t, std::size_t count, void* transfer) {
    auto& self = *static_cast<Transfer*>(transfer);
    try {
        self.header_octets_ += count;
        if (self.header_octets_ > self.options_.max_header ||
            ++self.header_fields_ > max_response_fields) {
            self.overflow_ = "header is too large";
            return CURL_WRITEFUNC_ERROR;
        }
        self.take_line({data, count});
        return count;
    } catch (const std::bad_alloc&) {
        self.lacks_memory_ = true;
        return CURL_WRITEFUNC_ERROR;
    }
}

/// A line of the header, or of the trailers, line end included.
void Transfer::take_line(std::string_view line) {
    while (line.ends_with('\n') || line.ends_with('\r')) line.remove_suffix(1);
    switch (phase_) {
        case Phase::status_line:
            if (!line.starts_with("HTTP/")) {
                phase_ = Phase::trailers;  // of an empty body
                return;
            }
            reply_.fields.clear();  // of an interim response
            phase_ = Phase::fields;
            return;
        case Phase::fields:
            if (line.empty()) {
                phase_ = Phase::status_line;
            } else if (const auto colon = line.find(':'); colon != std::string_view::npos) {
                take_field(trimmed(line.substr(0, colon)), trimmed(line.substr(colon + 1)));
            }
            return;
        case Phase::trailers:
            return;
    }
}

void Transfer::take_field(std::string_view name, std::string_view value) {
    std::string lower = net::ascii_lower(name);
    if (lower == "content-length") {
        // libcurl reads "5x" as 5, and the last one of several (RFC 9112 section 6.3).
        const auto former = reply_.field(lower);
        is_misframed_ = is_misframed_ || value.empty() ||
                        !std::ranges::all_of(value, net::is_ascii_digit) ||
                        (!former.empty() && former != value);
    }
    reply_.fields.emplace_back(std::move(lower), value);
}

// libcurl takes the end of the connection for the end of what was sent, also where TLS did not end.
std::string_view Transfer::framing_fault() const {
    if (phase_ == Phase::fields) return "the answer's header is cut short";
    if (is_misframed_) return "the answer's Content-Length is not one number";
    long version = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_HTTP_VERSION, &version);
    const bool has_body = !is_head_ && reply_.status != 204 && reply_.status != 304;
    const bool ends_by_itself = version > CURL_HTTP_VERSION_1_1 ||
                                !reply_.field("content-length").empty() ||
                                !reply_.field("transfer-encoding").empty();
    if (url_->is_https() && has_body && !ends_by_itself)
        return "the answer does not say where it ends";  // RFC 9112 section 9.8
    return {};
}

/// Something has come, and the header has not ended. libcurl has a bound of its own for one line of
/// it, and says then that there is no memory.
bool Transfer::is_in_header() const {
    curl_off_t began = 0;
    curl_easy_getinfo(easy_.get(), CURLINFO_STARTTRANSFER_TIME_T, &began);
    return began > 0 && phase_ != Phase::trailers;
}

ExchangeResult Transfer::finish(CURLcode code) {
    long status = 0;
    curl_easy_getinfo(handle(), CURLINFO_RESPONSE_CODE, &status);
    reply_.status = static_cast<int>(status);
    set(handle(), CURLOPT_HTTPHEADER, static_cast<curl_slist*>(nullptr));
    set(handle(), CURLOPT_POSTFIELDS, static_cast<char*>(nullptr));
    std::optional<ExchangeError> error;
    if (code != CURLE_OK) {
        error = failure_for(code);
    } else if (const auto fault = framing_fault(); !fault.empty()) {
        error = failure(Kind::broken, fault);
    }
    if (!error) return std::move(reply_);
    error->answer_began = header_octets_ > 0;
    return std::unexpected(std::move(*error));
}

ExchangeError Transfer::failure(Kind kind, std::string_view reason) const {
    return {{what_ + ": " + std::string(reason)}, kind};
}

ExchangeError Transfer::connection_failure(const std::string& words) {
    long number = 0;
    curl_easy_getinfo(handle(), CURLINFO_OS_ERRNO, &number);
    const std::error_code error(static_cast<int>(number), std::system_category());
    const auto kind = error.value() == ECONNREFUSED ? Kind::refused
                      : base::is_shortage(error)    ? Kind::shortage
                                                    : Kind::unreachable;
    return failure(kind, "no connection to " + url_->authority() + " (" + words + ")");
}

ExchangeError Transfer::failure_for(CURLcode code) {
    if (lacks_memory_) return failure(Kind::shortage, "there is no memory left");
    const std::string words =
        base::printable(error_text_[0] != '\0' ? error_text_.data() : curl_easy_strerror(code));
    switch (code) {
        case CURLE_COULDNT_RESOLVE_HOST:
            return failure(Kind::no_such_host, "the name " + url_->host() +
                                                   " was not found in the DNS (" + words + ")");
        case CURLE_COULDNT_RESOLVE_PROXY:
            return failure(Kind::no_such_host,
                           "the name of the proxy was not found (" + words +
                               "); look at the variables https_proxy and no_proxy");
        case CURLE_COULDNT_CONNECT:
            return connection_failure(words);
        case CURLE_OPERATION_TIMEDOUT:
            return failure(Kind::timed_out, "no complete answer in time (" + words + ")");
        case CURLE_PEER_FAILED_VERIFICATION:
            return failure(Kind::not_trusted,
                           "the server's certificate is not trusted (" + words + ")");
        case CURLE_SSL_CONNECT_ERROR:  // libcurl sees no certificate in it
            if (!tells_of_signature(words)) break;
            return failure(Kind::not_trusted,
                           "the server's certificate is not trusted: a root with the name of its "
                           "issuer has another key (" +
                               words + ")");
        case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
            return failure(Kind::not_trusted, "the server has another key than the one expected");
        case CURLE_SSL_CACERT_BADFILE:
            return failure(Kind::bad_request, "the file of roots " + options_.root_file +
                                                  " cannot be read (" + words + ")");
        case CURLE_SSL_CERTPROBLEM:
            return failure(Kind::bad_request,
                           "the client's own certificate cannot be used (" + words + ")");
        case CURLE_OUT_OF_MEMORY:
            if (is_in_header()) return failure(Kind::too_large, "the answer's header is too large");
            return failure(Kind::shortage, words);
#if LIBCURL_VERSION_NUM >= 0x080600
        case CURLE_TOO_LARGE:  // of a line of the header
            return failure(Kind::too_large, "the answer's header is too large");
#endif
        case CURLE_WRITE_ERROR:
            if (!overflow_.empty()) return failure(Kind::too_large, "the answer's " + overflow_);
            break;
        default:
            break;
    }
    return failure(Kind::broken, words);
}

}  // namespace cairn::http
