#include "store/postgres/session.h"

#include <chrono>
#include <string_view>
#include <vector>

#include <poll.h>

namespace cairn::store {
namespace {

std::string without_line_end(std::string text) {
    while (text.ends_with('\n')) text.pop_back();
    for (auto& character : text)
        if (character == '\n') character = ' ';
    return text;
}

std::map<std::string, std::string> parsed(const std::string& url) {
    struct Frees {
        void operator()(PQconninfoOption* options) const noexcept { PQconninfoFree(options); }
    };
    const std::unique_ptr<PQconninfoOption, Frees> options(PQconninfoParse(url.c_str(), nullptr));
    // libpq's message may quote any part of the URL, and so a password.
    if (!options) throw std::runtime_error("the store's URL is none that libpq can read");
    std::map<std::string, std::string> values;
    for (const auto* option = options.get(); option->keyword != nullptr; ++option)
        if (option->val != nullptr) values.emplace(option->keyword, option->val);
    // libpq notices this one later, when it would look like a database that is away.
    const auto port = values.find("port");
    if (port != values.end() && port->second.find_first_not_of("0123456789,") != std::string::npos)
        throw std::runtime_error("the store's URL has a port that is no number");
    return values;
}

// Plans are made once, maybe while the tables are empty, and must do for any number of rows. So
// each table is reached by a look into an index for each row that is asked for, and what seems
// cheaper for few rows, to read a table or an index whole and join, is off. What the operator puts
// into the URL's `options` comes later, and wins.
constexpr std::string_view settings =
    " -c statement_timeout=4000 -c lock_timeout=3000 -c idle_in_transaction_session_timeout=10000"
    " -c enable_seqscan=off -c enable_bitmapscan=off -c enable_hashjoin=off -c enable_mergejoin=off"
    " -c plan_cache_mode=force_generic_plan -c jit=off"
    " -c default_transaction_isolation=read\\ committed";

using KeywordsAndValues = std::map<std::string, std::string>;

// As libpq takes them; they live as long as `parameters`.
class ParameterArrays {
  public:
    explicit ParameterArrays(const KeywordsAndValues& parameters) {
        for (const auto& [keyword, value] : parameters) {
            keywords_.push_back(keyword.c_str());
            values_.push_back(value.c_str());
        }
        keywords_.push_back(nullptr);
        values_.push_back(nullptr);
    }
    [[nodiscard]] const char* const* keywords() const { return keywords_.data(); }
    [[nodiscard]] const char* const* values() const { return values_.data(); }

  private:
    std::vector<const char*> keywords_, values_;
};

/// How long the question for the code of an error may take.
constexpr std::chrono::seconds diagnosis_time{3};

// The SQLSTATE with which the server refuses a session; empty if it does not. libpq tells it only
// in the place of the message, to who asks before the message comes, so a session is tried anew.
std::string refusing_sqlstate(const KeywordsAndValues& parameters) {
    const ParameterArrays arrays(parameters);
    const PostgresHandle session(PQconnectStartParams(arrays.keywords(), arrays.values(), 0));
    if (!session) throw std::bad_alloc();
    PQsetErrorVerbosity(session.get(), PQERRORS_SQLSTATE);
    const auto deadline = std::chrono::steady_clock::now() + diagnosis_time;
    auto polling = PGRES_POLLING_WRITING;
    while (PQstatus(session.get()) != CONNECTION_BAD &&
           (polling == PGRES_POLLING_WRITING || polling == PGRES_POLLING_READING)) {
        const auto rest = std::chrono::duration_cast<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now());
        pollfd socket{.fd = PQsocket(session.get()),
                      .events = polling == PGRES_POLLING_READING ? short{POLLIN} : short{POLLOUT},
                      .revents = 0};
        if (rest.count() <= 0 || ::poll(&socket, 1, static_cast<int>(rest.count())) <= 0) return {};
        polling = PQconnectPoll(session.get());
    }
    // "...: FATAL:  28P01"; nothing that libpq says by itself has two spaces there.
    const std::string text = without_line_end(PQerrorMessage(session.get()));
    constexpr std::string_view mark = ":  ";
    constexpr std::size_t length = 5;
    const auto found = text.rfind(mark);
    return found == std::string::npos ? std::string() : text.substr(found + mark.size(), length);
}

// What to do about a refusal; empty if it may pass by itself: a server that starts or stops, too
// many connections.
std::string advice_on_refusal(const std::string& sqlstate) {
    if (sqlstate == "28P01")
        return "check the user and the password; a passfile may hold it (~/.pgpass with mode 0600, "
               "or "
               "passfile= in store.url)";
    if (sqlstate.starts_with("28"))
        return "check the user of store.url, and whether pg_hba.conf of the database lets it in "
               "from "
               "here";
    if (sqlstate == "3D000") return "create the database, or mend its name in store.url";
    if (sqlstate == "42501") return "grant this user what it lacks";
    for (const auto* kind : {"0A", "22", "3F", "42"})
        if (sqlstate.starts_with(kind)) return "mend store.url";
    return {};
}

// What libpq itself finds wrong about the settings.
std::string advice_on_settings(PGconn* session, std::string_view message) {
    if (PQconnectionNeedsPassword(session) == 1) return advice_on_refusal("28P01");
    for (const auto* part : {"certificate verify failed", "does not match host name",
                             "root certificate file", "does not support SSL", "invalid sslmode"})
        if (message.find(part) != std::string_view::npos)
            return "check sslmode and sslrootcert in store.url";
    return {};
}

}  // namespace

PostgresSessions::PostgresSessions(const std::string& url, const std::string& schema)
    : parameters_(parsed(url)), schema_(schema) {
    if (schema.empty() || schema.size() > 40 || schema[0] < 'a' || schema[0] > 'z' ||
        schema.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") != std::string::npos)
        throw std::runtime_error(
            "the store's schema must be named with a-z, 0-9 and _, a letter first");
    parameters_.emplace("connect_timeout", "3");
    parameters_.emplace("target_session_attrs", "read-write");
    parameters_.emplace("keepalives_idle", "10");
    parameters_.emplace("keepalives_interval", "3");
    parameters_.emplace("keepalives_count", "3");
    parameters_.emplace("tcp_user_timeout", "10000");
    parameters_.emplace("gssencmode", "disable");
    parameters_.emplace("application_name", "cairn-ca");
    parameters_["client_encoding"] = "UTF8";
    auto& options = parameters_["options"];
    options = "-c search_path=" + schema + std::string(settings) + " " + options;
}

PostgresHandle PostgresSessions::open() const {
    const ParameterArrays arrays(parameters_);
    PostgresHandle session(PQconnectdbParams(arrays.keywords(), arrays.values(), 0));
    if (!session) throw std::bad_alloc();
    if (PQstatus(session.get()) != CONNECTION_OK) {
        const auto message = without_line_end(PQerrorMessage(session.get()));
        auto advice = advice_on_settings(session.get(), message);
        if (advice.empty()) advice = advice_on_refusal(refusing_sqlstate(parameters_));
        if (!advice.empty()) throw SessionRefused(message + "; " + advice);
        throw std::runtime_error(message);
    }
    // Notices of the server are of no use here, and libpq would print them.
    PQsetNoticeReceiver(session.get(), [](void*, const PGresult*) {}, nullptr);
    return session;
}

std::string PostgresSessions::name() const {
    const auto value = [&](const char* keyword) {
        const auto found = parameters_.find(keyword);
        return found == parameters_.end() ? std::string() : found->second;
    };
    const auto user = value("user"), port = value("port");
    auto host = value("host");
    if (host.empty()) host = value("hostaddr");
    return "postgresql://" + (user.empty() ? "" : user + "@") + host +
           (port.empty() ? "" : ":" + port) + "/" + value("dbname");
}

ToolConnection tool_connection(const std::string& url) {
    ToolConnection connection;
    for (const auto& [keyword, value] : parsed(url)) {
        if (keyword == "password") {
            connection.password = value;
            continue;
        }
        connection.settings += keyword + "='";
        for (const char character : value) {
            if (character == '\'' || character == '\\') connection.settings += '\\';
            connection.settings += character;
        }
        connection.settings += "' ";
    }
    return connection;
}

Answer run_script(PGconn* session, const std::string& script) {
    auto* result = PQexec(session, script.c_str());
    Answer answer(result);
    const auto status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        throw std::runtime_error(without_line_end(PQerrorMessage(session)));
    return answer;
}

}  // namespace cairn::store
