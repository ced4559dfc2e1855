#include "store/postgres_session.h"

#include <stdexcept>
#include <string_view>
#include <vector>

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
    std::vector<const char*> keywords, values;
    for (const auto& [keyword, value] : parameters_) {
        keywords.push_back(keyword.c_str());
        values.push_back(value.c_str());
    }
    keywords.push_back(nullptr);
    values.push_back(nullptr);
    PostgresHandle session(PQconnectdbParams(keywords.data(), values.data(), 0));
    if (!session) throw std::bad_alloc();
    if (PQstatus(session.get()) != CONNECTION_OK)
        throw std::runtime_error(without_line_end(PQerrorMessage(session.get())));
    // Notices of the server are of no use here, and libpq would print them.
    PQsetNoticeReceiver(session.get(), [](void*, const PGresult*) {}, nullptr);
    return session;
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
