#include "client/notices/mail.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

#include <curl/curl.h>
#include <fmt/format.h>

#include "base/ip_address.h"
#include "client/child_process.h"
#include "client/command_words.h"

namespace cairn::client {
namespace {

constexpr std::chrono::milliseconds patience = std::chrono::seconds{30};
constexpr std::uint16_t submission_port = 587, submissions_port = 465;

struct EasyCleanup {
    void operator()(CURL* handle) const noexcept { curl_easy_cleanup(handle); }
};
struct ListCleanup {
    void operator()(curl_slist* list) const noexcept { curl_slist_free_all(list); }
};

/// "Mon, 30 Nov 2026 09:15:00 +0000" (RFC 5322 section 3.3).
std::string mail_date(base::Time time) {
    static constexpr std::array days = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr std::array months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date(day);
    const std::chrono::hh_mm_ss clock(time - day);
    return fmt::format(
        "{}, {:02} {} {} {:02}:{:02}:{:02} +0000", days.at(std::chrono::weekday(day).c_encoding()),
        static_cast<unsigned>(date.day()), months.at(static_cast<unsigned>(date.month()) - 1),
        static_cast<int>(date.year()), clock.hours().count(), clock.minutes().count(),
        clock.seconds().count());
}

/// A host's name as the part of an address behind the @.
std::string domain_of(const std::string& host) {
    std::string domain;
    for (const char c : host)
        domain += (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                          c == '.' || c == '-'
                      ? c
                      : '-';
    return domain.empty() ? "localhost" : domain;
}

std::string sender_of(const MailSettings& settings, const std::string& host) {
    return settings.from.empty() ? "cairn@" + domain_of(host) : settings.from;
}

bool is_this_machine(const std::string& host) {
    return host == "localhost" || host == "::1" ||
           (host.starts_with("127.") && base::IpAddress::from_lenient_text(host));
}

struct Reading {
    const std::string& text;
    std::size_t taken = 0;
};

std::size_t give(char* buffer, std::size_t size, std::size_t count, void* context) {
    auto& reading = *static_cast<Reading*>(context);
    const auto length = std::min(size * count, reading.text.size() - reading.taken);
    std::memcpy(buffer, reading.text.data() + reading.taken, length);
    reading.taken += length;
    return length;
}

std::size_t drop(char*, std::size_t size, std::size_t count, void*) {
    return size * count;
}

base::Result<void> hand_to_server(const MailSettings& settings, const std::string& sender,
                                  const std::string& text) {
    const bool is_tls_from_start = settings.server.starts_with("smtps://");
    const auto scheme_end = settings.server.find("://") + 3;
    auto place = ServedPlace::from_text(std::string_view(settings.server).substr(scheme_end));
    if (!place) return std::unexpected(place.error());
    const auto rest = std::string_view(settings.server).substr(scheme_end);
    const bool has_port = rest.ends_with(fmt::format(":{}", place->port));
    if (!has_port) place->port = is_tls_from_start ? submissions_port : submission_port;
    const auto password = settings.password.read();
    if (!password) return std::unexpected(password.error());

    const std::unique_ptr<CURL, EasyCleanup> easy(curl_easy_init());
    if (!easy) return base::fail("libcurl cannot be started");
    CURL* const raw = easy.get();
    const auto url =
        fmt::format("{}://{}", is_tls_from_start ? "smtps" : "smtp", place->to_string());
    Reading reading{text};
    std::unique_ptr<curl_slist, ListCleanup> recipients;
    for (const auto& address : settings.to) {
        auto* longer = curl_slist_append(recipients.get(), fmt::format("<{}>", address).c_str());
        if (longer == nullptr) return base::fail("there is not enough memory");
        [[maybe_unused]] const auto* former = recipients.release();
        recipients.reset(longer);
    }
    std::array<char, CURL_ERROR_SIZE> words{};
    CURLcode code = CURLE_OK;
    const auto set = [&](CURLoption option, auto value) {
        if (code == CURLE_OK) code = curl_easy_setopt(raw, option, value);
    };
    const bool is_plain = !is_tls_from_start && is_this_machine(place->host);
    set(CURLOPT_ERRORBUFFER, words.data());
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    set(CURLOPT_URL, url.c_str());
    set(CURLOPT_PROXY, "");
    set(CURLOPT_USE_SSL, static_cast<long>(is_plain ? CURLUSESSL_NONE : CURLUSESSL_ALL));
    set(CURLOPT_SSL_VERIFYPEER, 1L);
    set(CURLOPT_SSL_VERIFYHOST, 2L);
    set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
    if (!settings.root_file.empty()) set(CURLOPT_CAINFO, settings.root_file.c_str());
    if (!settings.user.empty()) {
        set(CURLOPT_USERNAME, settings.user.c_str());
        set(CURLOPT_PASSWORD, password->c_str());
    }
    set(CURLOPT_MAIL_FROM, fmt::format("<{}>", sender).c_str());
    set(CURLOPT_MAIL_RCPT, recipients.get());
    set(CURLOPT_READFUNCTION, &give);
    set(CURLOPT_READDATA, static_cast<void*>(&reading));
    set(CURLOPT_WRITEFUNCTION, &drop);
    set(CURLOPT_UPLOAD, 1L);
    set(CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(text.size()));
    set(CURLOPT_TIMEOUT_MS, static_cast<long>(patience.count()));
    if (code == CURLE_OK) code = curl_easy_perform(raw);
    if (code == CURLE_OK) return {};
    const std::string_view reason =
        words.front() != '\0' ? std::string_view(words.data()) : curl_easy_strerror(code);
    return base::fail(fmt::format("{}: {}", url, base::printable(reason, 500)));
}

base::Result<void> hand_to_program(const MailSettings& settings, const std::string& text,
                                   Timer& timer) {
    const auto command = CommandWords::find(settings.program);
    if (!command) return std::unexpected(command.error().within(settings.program));
    const auto result = run_program({.path = command->program(),
                                     .arguments = command->arguments(),
                                     .environment = {},
                                     .deadline = patience,
                                     .input = text},
                                    timer);
    if (!result) return std::unexpected(result.error());
    if (result->status == 0) return {};
    return base::fail(fmt::format("{} ended with status {}: \"{}\"", settings.program,
                                  result->status, base::printable(result->output, 500)));
}

}  // namespace

std::string mail_text(const MailSettings& settings, const NoticeMessage& message,
                      const std::string& host, base::Time now, std::string_view line_end) {
    std::string recipients;
    for (const auto& address : settings.to)
        recipients += (recipients.empty() ? "" : ", ") + address;
    const auto digest = std::hash<std::string>()(message.json);
    std::string lines = fmt::format(
        "Date: {}\nFrom: <{}>\nTo: {}\nSubject: {}\nMessage-ID: <{:x}.{}@{}>\n"
        "Auto-Submitted: auto-generated\nMIME-Version: 1.0\n"
        "Content-Type: text/plain; charset=us-ascii\nContent-Transfer-Encoding: 7bit\n\n{}",
        mail_date(now), sender_of(settings, host), recipients,
        base::printable(message.subject, 300), digest, now.time_since_epoch().count(),
        domain_of(host), message.text);
    std::string text;
    for (const char c : lines) {
        if (c == '\n')
            text += line_end;
        else
            text += c;
    }
    return text;
}

base::Result<void> send_mail(const MailSettings& settings, const NoticeMessage& message,
                             const std::string& host, base::Time now, Timer& timer) {
    if (settings.server.empty())
        return hand_to_program(settings, mail_text(settings, message, host, now, "\n"), timer);
    return hand_to_server(settings, sender_of(settings, host),
                          mail_text(settings, message, host, now, "\r\n"));
}

}  // namespace cairn::client
