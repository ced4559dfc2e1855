#include "admin/crl_operations.h"

#include <algorithm>
#include <chrono>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "admin/named_objects.h"
#include "base/bytes.h"
#include "ca/rules/crl_names.h"

namespace cairn::admin {
namespace json = boost::json;

namespace {

using ca::CrlState;
using Kind = Refused::Kind;
using SteadyClock = std::chrono::steady_clock;

/// Whoever signs does so within a few seconds, or says in its log why not.
constexpr std::chrono::seconds patience{30};
constexpr base::Milliseconds between_looks{100};

/// Those of this list that no signed list tells of, counted up to this.
constexpr std::size_t most_counted = 10'000;

using Names = std::map<ca::IssuerId, std::string>;

json::object crl_facts(const Context& context, const Names& names, const CrlState& state) {
    json::object facts{{"issuer", name_of(names, state.list.issuer)},
                       {"issuerFingerprint", base::to_hex(state.list.issuer)},
                       {"kind", state.list.is_complete() ? "full" : "shard"},
                       {"path", ca::crl_path(state.list)}};
    if (!state.list.is_complete()) facts["url"] = state.list.url;
    if (!state.present) {
        facts["status"] = "unsigned";
        return facts;
    }
    const auto& present = *state.present;
    facts["status"] = context.clock.now() > present.next_update ? "expired" : "current";
    facts["number"] = std::to_string(present.number);
    facts["entries"] = present.entries;
    facts["size"] = present.size;
    facts["thisUpdate"] = base::to_rfc3339(present.this_update);
    facts["nextUpdate"] = base::to_rfc3339(present.next_update);
    return facts;
}

// By the name in the configuration, or by the fingerprint.
std::optional<ca::IssuerId> wanted_issuer(const Names& names, const std::string& wanted) {
    if (wanted.empty()) return std::nullopt;
    auto fingerprint = wanted;
    std::erase(fingerprint, ':');
    std::string known;
    for (const auto& [id, name] : names) {
        if (name == wanted || base::to_hex(id) == fingerprint) return id;
        known += (known.empty() ? "" : ", ") + name;
    }
    throw Refused(Kind::not_found, "this CA has no issuer \"" + base::printable(wanted, 80) +
                                       "\"; there are " + known);
}

base::Task<std::vector<CrlState>> states_of(const Context& context,
                                            std::optional<ca::IssuerId> issuer) {
    auto states = co_await context.repository.crl_states();
    std::erase_if(states,
                  [&](const CrlState& state) { return issuer && state.list.issuer != *issuer; });
    co_return states;
}

base::Task<std::size_t> count_unlisted(const Context& context, ca::IssuerId issuer) {
    const auto found =
        co_await context.repository.unlisted_revocations(issuer, std::nullopt, most_counted);
    co_return found.size();
}

base::Task<json::object> list_crls(const Context& context, const Arguments& arguments) {
    const auto names = context.issuers();
    const auto issuer = wanted_issuer(names, arguments.word("issuer"));
    json::array rows;
    for (const auto& state : co_await states_of(context, issuer)) {
        auto facts = crl_facts(context, names, state);
        if (state.list.is_complete()) {
            const auto waiting = co_await count_unlisted(context, state.list.issuer);
            facts["waiting"] = waiting;
        }
        rows.push_back(std::move(facts));
    }
    co_return json::object{{"lists", std::move(rows)}};
}

bool is_fulfilled(const CrlState& state, const std::vector<CrlState>& wanted) {
    const auto wish =
        std::ranges::find(wanted, state.list.id, [](const CrlState& each) { return each.list.id; });
    return wish == wanted.end() || (state.present && state.present->wishes >= wish->wishes);
}

base::Task<json::object> publish(const Context& context, const Arguments& arguments) {
    const auto names = context.issuers();
    const auto issuer = wanted_issuer(names, arguments.word("issuer"));
    (void)co_await context.repository.wish_for_crls(issuer);
    auto wanted = co_await states_of(context, issuer);
    // Nobody signs those of an issuer that is not configured any more.
    std::erase_if(wanted,
                  [&](const CrlState& state) { return !names.contains(state.list.issuer); });
    if (context.sign_crls) co_await context.sign_crls();
    const auto deadline = SteadyClock::now() + patience;
    for (;;) {
        auto present = co_await states_of(context, issuer);
        const auto missing = std::ranges::count_if(
            present, [&](const CrlState& state) { return !is_fulfilled(state, wanted); });
        if (missing == 0) {
            json::array rows;
            for (const auto& state : present) rows.push_back(crl_facts(context, names, state));
            co_return json::object{{"lists", std::move(rows)}};
        }
        if (context.sign_crls || SteadyClock::now() >= deadline)
            throw Refused(Kind::failed,
                          std::to_string(missing) + " of " + std::to_string(wanted.size()) +
                              " lists are not signed yet; the wish stands, and the log of the node "
                              "that signs says what is in the way");
        co_await base::sleep_for(between_looks);
    }
}

std::vector<Parameter> parameters() {
    return {{"issuer", Parameter::Kind::word,
             "Name in the configuration or SHA-256 fingerprint of one issuer; all unless said"}};
}

}  // namespace

Operation crl_list() {
    return {.noun = "crl",
            .verb = "list",
            .summary = "List the revocation lists: number, age, size, and what waits to be told",
            .example = "cairn-ca crl list /var/lib/cairn-ca",
            .parameters = parameters(),
            .rows = "lists",
            .columns = {"issuer", "kind", "path", "status", "number", "entries", "size",
                        "thisUpdate", "nextUpdate", "waiting"},
            .run = list_crls};
}

Operation crl_publish() {
    return {.noun = "crl",
            .verb = "publish",
            .summary = "Sign new revocation lists at once",
            .example = "cairn-ca crl publish /var/lib/cairn-ca",
            .parameters = parameters(),
            .rows = "lists",
            .columns = {"issuer", "kind", "path", "status", "number", "entries", "nextUpdate"},
            .effect = Operation::Effect::acts,
            .run = publish};
}

}  // namespace cairn::admin
