#include "http/client.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <filesystem>
#include <stdexcept>
#include <utility>

#include <curl/curl.h>

#include "net/ascii.h"
#include "net/url.h"

namespace cairn::http {
namespace {

constexpr std::size_t max_header = 65536;
constexpr std::size_t max_fields = 200;
constexpr base::Milliseconds connect_timeout{10000};

template <auto release>
struct Releases {
    template <class T>
    void operator()(T* object) const noexcept {
        release(object);
    }
};
using EasyHandle = std::unique_ptr<CURL, Releases<&curl_easy_cleanup>>;
using FieldList = std::unique_ptr<curl_slist, Releases<&curl_slist_free_all>>;

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

void append(FieldList& list, const char* field) {
    curl_slist* const longer = curl_slist_append(list.get(), field);
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

std::string_view trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(" \t\r\n") - first + 1);
}

}  // namespace

std::string_view Reply::field(std::string_view name) const {
    const auto found = std::ranges::find(fields, name, &std::pair<std::string, std::string>::first);
    return found == fields.end() ? std::string_view() : std::string_view(found->second);
}

std::vector<std::string_view> Reply::all_fields(std::string_view name) const {
    std::vector<std::string_view> values;
    for (const auto& [field_name, value] : fields) {
        if (field_name == name) values.emplace_back(value);
    }
    return values;
}

struct Client::State {
    enum class Method { get, head, post };

    explicit State(ClientOptions client_options);
    [[nodiscard]] base::Result<Reply> exchange(Method method, const std::string& url_text,
                                               std::string_view content_type,
                                               std::string_view body);
    [[nodiscard]] std::string reason_for(CURLcode code, const net::Url& url) const;
    static std::size_t take_body(char* data, std::size_t, std::size_t count, void* state);
    static std::size_t take_header(char* data, std::size_t, std::size_t count, void* state);

    const ClientOptions options;
    EasyHandle easy;
    std::array<char, CURL_ERROR_SIZE> error_text{};
    // Of the exchange under way:
    Reply reply;
    std::size_t header_octets = 0;
    std::string overflow;  ///< what was too large
    bool was_refused = false;
    bool was_unanswered = false;
};

Client::State::State(ClientOptions client_options) : options(std::move(client_options)) {
    start_libcurl();
    easy.reset(curl_easy_init());
    if (!easy) throw std::runtime_error("libcurl: no handle can be made");
    CURL* const raw = easy.get();
    set(raw, CURLOPT_ERRORBUFFER, error_text.data());
    set(raw, CURLOPT_NOSIGNAL, 1L);
    set(raw, CURLOPT_USERAGENT, options.user_agent.c_str());
    set(raw, CURLOPT_TIMEOUT_MS, static_cast<long>(options.timeout.count()));
    set(raw, CURLOPT_CONNECTTIMEOUT_MS,
        static_cast<long>(std::min(options.timeout, connect_timeout).count()));
    set(raw, CURLOPT_PROTOCOLS_STR,
        options.allow_plain_http || !options.local_path.empty() ? "https,http" : "https");
    if (!options.local_path.empty()) set(raw, CURLOPT_UNIX_SOCKET_PATH, options.local_path.c_str());
    set(raw, CURLOPT_FOLLOWLOCATION, 0L);
    set(raw, CURLOPT_PATH_AS_IS, 1L);
    set(raw, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    set(raw, CURLOPT_TCP_NODELAY, 1L);
    set(raw, CURLOPT_SSL_VERIFYPEER, 1L);
    set(raw, CURLOPT_SSL_VERIFYHOST, 2L);
    set(raw, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    set(raw, CURLOPT_WRITEFUNCTION, &State::take_body);
    set(raw, CURLOPT_WRITEDATA, static_cast<void*>(this));
    set(raw, CURLOPT_HEADERFUNCTION, &State::take_header);
    set(raw, CURLOPT_HEADERDATA, static_cast<void*>(this));
    const char* const no_file = nullptr;
    if (!options.root_file.empty()) {
        set(raw, CURLOPT_CAINFO, options.root_file.c_str());
        set(raw, CURLOPT_CAPATH, no_file);
    } else {
        // A bundle of all roots takes OpenSSL tens of milliseconds to read; a folder of hashed
        // roots is asked for the one that is needed.
        const char* folder = nullptr;
        if (curl_easy_getinfo(raw, CURLINFO_CAPATH, &folder) == CURLE_OK &&
            holds_hashed_roots(folder)) {
            set(raw, CURLOPT_CAINFO, no_file);
        }
    }
}

std::size_t Client::State::take_body(char* data, std::size_t, std::size_t count, void* state) {
    auto& self = *static_cast<State*>(state);
    if (count > self.options.max_body - self.reply.body.size()) {
        self.overflow = "body is larger than " + std::to_string(self.options.max_body) + " octets";
        return CURL_WRITEFUNC_ERROR;
    }
    self.reply.body.append(data, count);
    return count;
}

std::size_t Client::State::take_header(char* data, std::size_t, std::size_t count, void* state) {
    auto& self = *static_cast<State*>(state);
    const std::string_view line(data, count);
    self.header_octets += count;
    if (self.header_octets > max_header || self.reply.fields.size() == max_fields) {
        self.overflow = "header is too large";
        return CURL_WRITEFUNC_ERROR;
    }
    if (line.starts_with("HTTP/")) {
        self.reply.fields.clear();  // of an interim response
    } else if (const auto colon = line.find(':'); colon != std::string_view::npos) {
        self.reply.fields.emplace_back(net::ascii_lower(trimmed(line.substr(0, colon))),
                                       trimmed(line.substr(colon + 1)));
    }
    return count;
}

base::Result<Reply> Client::State::exchange(Method method, const std::string& url_text,
                                            std::string_view content_type, std::string_view body) {
    const std::string verb = method == Method::get    ? "GET"
                             : method == Method::head ? "HEAD"
                                                      : "POST";
    const auto url = net::Url::from_text(url_text);
    if (!url) return std::unexpected(url.error().within(verb));
    const auto failed = [&](std::string_view reason) {
        return base::fail(verb + " " + base::printable(url->to_string()) + ": " +
                          std::string(reason));
    };
    if (!url->is_https() && !options.allow_plain_http && options.local_path.empty()) {
        return failed("only https is spoken with a CA");
    }

    CURL* const raw = easy.get();
    set(raw, CURLOPT_URL, url->to_string().c_str());
    FieldList fields;
    append(fields, "Accept-Language: en");  // RFC 8555 section 6.1
    if (method == Method::post) {
        set(raw, CURLOPT_POST, 1L);
        set(raw, CURLOPT_POSTFIELDS, body.data());
        set(raw, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
        append(fields, ("Content-Type: " + std::string(content_type)).c_str());
        append(fields, "Expect:");  // no wait for "100 Continue"
    } else {
        set(raw, CURLOPT_HTTPGET, 1L);
        if (method == Method::head) set(raw, CURLOPT_NOBODY, 1L);
    }
    set(raw, CURLOPT_HTTPHEADER, fields.get());

    reply = Reply();
    header_octets = 0;
    overflow.clear();
    was_refused = false;
    was_unanswered = false;
    error_text[0] = '\0';
    const CURLcode code = curl_easy_perform(raw);
    set(raw, CURLOPT_HTTPHEADER, static_cast<curl_slist*>(nullptr));
    if (code != CURLE_OK) {
        long system_error = 0;
        curl_easy_getinfo(raw, CURLINFO_OS_ERRNO, &system_error);
        was_refused = code == CURLE_COULDNT_CONNECT && system_error == ECONNREFUSED;
        was_unanswered = code == CURLE_COULDNT_RESOLVE_PROXY ||
                         code == CURLE_COULDNT_RESOLVE_HOST || code == CURLE_COULDNT_CONNECT ||
                         (code == CURLE_OPERATION_TIMEDOUT && header_octets == 0);
        return failed(reason_for(code, *url));
    }
    long status = 0;
    curl_easy_getinfo(raw, CURLINFO_RESPONSE_CODE, &status);
    reply.status = static_cast<int>(status);
    return std::move(reply);
}

std::string Client::State::reason_for(CURLcode code, const net::Url& url) const {
    std::string words =
        base::printable(error_text[0] != '\0' ? error_text.data() : curl_easy_strerror(code));
    switch (code) {
        case CURLE_COULDNT_RESOLVE_HOST:
            return "the name " + url.host() + " was not found in the DNS (" + words + ")";
        case CURLE_COULDNT_RESOLVE_PROXY:
            return "the name of the proxy was not found (" + words +
                   "); look at the variables https_proxy and no_proxy";
        case CURLE_COULDNT_CONNECT:
            return "no connection to " + url.authority() + " (" + words + ")";
        case CURLE_OPERATION_TIMEDOUT:
            return "no complete answer in time (" + words + ")";
        case CURLE_PEER_FAILED_VERIFICATION:
            return "the server's certificate is not trusted (" + words + "); if " + url.host() +
                   " is a private CA, name the file of its root: --ca-root FILE";
        case CURLE_SSL_CACERT_BADFILE:
            return "the file of roots " + options.root_file + " cannot be read (" + words + ")";
        case CURLE_WRITE_ERROR:
            if (!overflow.empty()) return "the answer's " + overflow;
            break;
        default:
            break;
    }
    return words;
}

Client::Client(ClientOptions options) : state_(std::make_unique<State>(std::move(options))) {}
Client::~Client() = default;
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;

bool Client::was_refused() const {
    return state_->was_refused;
}

bool Client::was_unanswered() const {
    return state_->was_unanswered;
}

base::Result<Reply> Client::get(const std::string& url) {
    return state_->exchange(State::Method::get, url, {}, {});
}

base::Result<Reply> Client::head(const std::string& url) {
    return state_->exchange(State::Method::head, url, {}, {});
}

base::Result<Reply> Client::post(const std::string& url, std::string_view content_type,
                                 std::string_view body) {
    return state_->exchange(State::Method::post, url, content_type, body);
}

}  // namespace cairn::http
