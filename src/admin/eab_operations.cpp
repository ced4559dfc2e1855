#include "admin/eab_operations.h"

#include <algorithm>
#include <charconv>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "admin/findings.h"
#include "admin/page.h"
#include "base/base64url.h"
#include "base/result.h"
#include "ca/facts/external_key.h"

namespace cairn::admin {
namespace json = boost::json;

using ca::ExternalKey;

namespace {

constexpr std::size_t kid_octets = 12;
constexpr std::size_t secret_octets = 32;  // RFC 7518 section 3.2: as long as SHA-256's value
constexpr std::size_t most_in_scope = 1000;
constexpr std::size_t longest_note = 500;
constexpr std::int64_t most_uses = 1'000'000'000;
constexpr std::size_t accounts_shown = 100;

[[noreturn]] void refuse_usage(const std::string& detail) {
    throw Refused(Refused::Kind::usage, detail);
}

/// Parses each of the words given for `parameter`.
template <class Value, class Parse>
std::vector<Value> parsed(const Arguments& arguments, std::string_view parameter, Parse parse,
                          Findings& findings) {
    std::vector<Value> values;
    const auto words = arguments.words(parameter);
    if (words.size() > most_in_scope) {
        findings.add(std::string(parameter) + " can be given at most " +
                     std::to_string(most_in_scope) + " times");
        return values;
    }
    for (const auto& word : words) {
        auto value = parse(word);
        if (value)
            values.push_back(*std::move(value));
        else
            findings.add(std::string(parameter) + " \"" + base::printable(word) +
                         "\": " + value.error().message);
    }
    return values;
}

ca::ExternalKeyScope scope_from(const Context& context, const Arguments& arguments,
                                Findings& findings) {
    ca::ExternalKeyScope scope;
    const auto profile_name = [&](const std::string& word) -> base::Result<std::string> {
        if (context.profiles.contains(word)) return word;
        return base::fail("this CA has no such profile");
    };
    const bool is_word_allowed = std::ranges::any_of(
        context.profiles, [](const auto& entry) { return entry.second.operators_word; });
    scope.names = parsed<ca::NamePattern>(arguments, "name", ca::NamePattern::from_text, findings);
    scope.networks =
        parsed<base::IpNetwork>(arguments, "network", base::IpNetwork::from_text, findings);
    scope.profiles = parsed<std::string>(arguments, "profile", profile_name, findings);
    scope.uris = parsed<ca::UriPattern>(arguments, "uri", ca::UriPattern::from_text, findings);
    scope.names_are_vouched_for = arguments.flag("without_validation");
    if (scope.names_are_vouched_for && arguments.words("name").empty())
        findings.add(
            "without_validation needs the names that you answer for: give each as a name, such as "
            ".corp.example for all below corp.example");
    if (scope.names_are_vouched_for && !is_word_allowed)
        findings.add(
            Refused(Refused::Kind::conflict,
                    "without_validation is not for a public CA (policy.kind): it validates every "
                    "name"));
    return scope;
}

std::optional<std::int64_t> uses_from(const Arguments& arguments) {
    const auto uses = arguments.count("max_uses");
    if (arguments.flag("reusable")) {
        if (uses) refuse_usage("max_uses and reusable contradict each other");
        return std::nullopt;
    }
    if (uses && (*uses < 1 || *uses > most_uses))
        refuse_usage("max_uses must be from 1 to " + std::to_string(most_uses));
    return uses.value_or(1);
}

/// "30d", "12h", "15m".
base::Result<base::Seconds> duration_from(const std::string& text) {
    constexpr std::int64_t most = 100'000;
    std::int64_t number = 0;
    const auto* end = text.data() + text.size();
    const auto [rest, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc() || rest + 1 != end || number < 1 || number > most)
        return base::fail("must be a number and a unit: 30d, 12h or 15m");
    switch (*rest) {
        case 'd':
            return std::chrono::days(number);
        case 'h':
            return std::chrono::hours(number);
        case 'm':
            return std::chrono::minutes(number);
        default:
            return base::fail("must end in d, h or m");
    }
}

std::optional<base::Time> end_from(const Arguments& arguments, base::Time now) {
    const auto text = arguments.word("not_after");
    const auto duration = arguments.word("valid_for");
    if (!text.empty() && !duration.empty())
        refuse_usage("not_after and valid_for contradict each other");
    if (!duration.empty()) {
        const auto seconds = duration_from(duration);
        if (!seconds) refuse_usage("valid_for: " + seconds.error().message);
        return now + *seconds;
    }
    if (text.empty()) return std::nullopt;
    const auto time = base::from_rfc3339(text);
    if (!time)
        refuse_usage("not_after must be a time such as 2027-01-31T12:00:00Z: " +
                     time.error().message);
    if (*time <= now) refuse_usage("not_after is in the past");
    return *time;
}

std::string note_from(const Arguments& arguments) {
    auto note = arguments.word("note");
    const bool is_one_line = std::ranges::all_of(
        note, [](unsigned char octet) { return octet >= ' ' && octet != 0x7F; });
    if (note.size() > longest_note || !is_one_line)
        refuse_usage("note must be one line of at most " + std::to_string(longest_note) +
                     " octets");
    return note;
}

/// Text that no client's command line takes for an option.
std::string secret_text(base::BytesView secret) {
    return base::base64url(secret);
}

base::SecretBytes fresh_secret(crypto::Random& random) {
    base::SecretBytes secret(secret_octets);
    do random.fill(secret);
    while (secret_text(secret).starts_with('-'));
    return secret;
}

template <class Values, class Text>
json::array texts(const Values& values, Text text) {
    json::array result;
    for (const auto& value : values) result.emplace_back(text(value));
    return result;
}

json::object key_facts(const ExternalKey& key, base::Time now) {
    json::object facts{{"kid", key.kid},
                       {"state", ca::to_string(key.state(now))},
                       {"created", base::to_rfc3339(key.created)},
                       {"uses", key.uses}};
    if (key.most_uses) facts["max_uses"] = *key.most_uses;
    if (key.not_after) facts["not_after"] = base::to_rfc3339(*key.not_after);
    if (key.revoked) facts["revoked"] = base::to_rfc3339(*key.revoked);
    const auto& scope = key.scope;
    const auto as_text = [](const auto& value) { return value.to_string(); };
    if (!scope.names.empty()) facts["names"] = texts(scope.names, as_text);
    if (!scope.networks.empty()) facts["networks"] = texts(scope.networks, as_text);
    if (!scope.profiles.empty())
        facts["profiles"] = texts(scope.profiles, [](const auto& name) { return name; });
    if (!scope.uris.empty())
        facts["uris"] = texts(scope.uris, [](const auto& pattern) { return pattern.text(); });
    facts["without_validation"] = scope.names_are_vouched_for;
    if (!key.note.empty()) facts["note"] = key.note;
    return facts;
}

base::Task<json::object> create(const Context& context, const Arguments& arguments) {
    const auto now = context.clock.now();
    ExternalKey key{.kid = base::to_hex(context.random.octets(kid_octets)),
                    .hmac_key = fresh_secret(context.random),
                    .created = now};
    Findings findings;
    key.scope = scope_from(context, arguments, findings);
    findings.run([&] { key.most_uses = uses_from(arguments); });
    findings.run([&] { key.not_after = end_from(arguments, now); });
    findings.run([&] { key.note = note_from(arguments); });
    findings.throw_if_any();
    const bool is_created = co_await context.repository.create_external_key(key);
    if (!is_created) throw Refused(Refused::Kind::failed, "the key could not be made; try again");
    context.log.info("external key created",
                     {{"operator", context.operator_name}, {"kid", key.kid}});
    json::object result{{"kid", key.kid}, {"hmac_key", secret_text(key.hmac_key)}};
    for (auto& [name, value] : key_facts(key, now)) result.emplace(name, std::move(value));
    co_return result;
}

base::Task<json::object> list_keys(const Context& context, const Arguments& arguments) {
    Findings findings;
    const auto page = Page::from(arguments, findings);
    auto after = page.after.empty() ? std::nullopt : std::optional(page.after);
    if (after && !ca::is_kid(*after)) findings.add("after must be a kid");
    findings.throw_if_any();
    const auto keys = co_await context.repository.list_external_keys(std::move(after), page.limit);
    json::array rows;
    for (const auto& key : keys) rows.push_back(key_facts(key, context.clock.now()));
    json::object result{{"keys", std::move(rows)}};
    if (keys.size() == page.limit) result["next"] = keys.back().kid;
    co_return result;
}

Refused unknown_kid(const std::string& kid) {
    return {Refused::Kind::not_found,
            "there is no key " + base::printable(kid) + "; `eab list` shows those there are"};
}

base::Task<json::object> show_key(const Context& context, const Arguments& arguments) {
    const auto kid = arguments.word("kid");
    std::optional<ExternalKey> key;
    if (ca::is_kid(kid)) key = co_await context.repository.find_external_key(kid);
    if (!key) throw unknown_kid(kid);
    const auto accounts =
        co_await context.repository.accounts_bound_to(kid, std::nullopt, accounts_shown);
    auto facts = key_facts(*key, context.clock.now());
    facts["accounts"] = texts(accounts, [](const auto& account) { return account.id.to_string(); });
    if (accounts.size() == accounts_shown)
        facts["more_accounts"] = key->uses > static_cast<std::int64_t>(accounts_shown);
    co_return facts;
}

base::Task<std::int64_t> deactivate_all(const Context& context, std::string kid) {
    std::int64_t count = 0;
    std::optional<ca::AccountId> last;
    for (;;) {
        const auto accounts =
            co_await context.repository.accounts_bound_to(kid, last, accounts_shown);
        for (const auto& account : accounts) {
            last = account.id;
            if (account.deactivated) continue;
            co_await context.repository.deactivate_account(account.id, context.clock.now());
            ++count;
        }
        if (accounts.size() < accounts_shown) co_return count;
    }
}

base::Task<json::object> revoke_key(const Context& context, const Arguments& arguments) {
    const auto kid = arguments.word("kid");
    const auto now = context.clock.now();
    std::optional<ExternalKey> key;
    if (ca::is_kid(kid)) key = co_await context.repository.revoke_external_key(kid, now);
    if (!key) throw unknown_kid(kid);
    auto facts = key_facts(*key, now);
    // After the key, so that no account is added meanwhile.
    if (arguments.flag("deactivate_accounts"))
        facts["deactivated_accounts"] = co_await deactivate_all(context, kid);
    co_return facts;
}

constexpr Parameter kid_parameter{"kid", Parameter::Kind::word, "The key's identifier",
                                  Parameter::Place::argument};

}  // namespace

Operation eab_create() {
    using Kind = Parameter::Kind;
    return {
        .noun = "eab",
        .verb = "create",
        .summary = "Make a key with which an account can be had; its secret is told this once",
        .example =
            "cairn-ca eab create /var/lib/cairn-ca --name .web.corp.example --valid-for "
            "7d --note \"web team\"",
        .parameters =
            {{"name", Kind::words,
              "Its accounts order this name (host.example), all below one (.example), or these "
              "addresses (10.0.0.0/8), and no others (may be repeated)"},
             {"network", Kind::words,
              "Its accounts are made and order from these addresses alone, such as 10.0.0.0/8 "
              "(may be repeated)"},
             {"profile", Kind::words,
              "Its accounts order under this profile, and no others (may be repeated)"},
             {"uri", Kind::words,
              "Its accounts' certificates may have this URI beside their names, {NAME} standing "
              "for one segment, under a profile with URIs (may be repeated)"},
             {"without_validation", Kind::flag,
              "Your word stands for the validation of the names: for networks in which nothing "
              "can be reached. Never in a public CA"},
             {"max_uses", Kind::count, "So many accounts can be bound to it (1 unless said)"},
             {"reusable", Kind::flag, "Any number of accounts can be bound to it"},
             {"not_after", Kind::word,
              "From then on no account can be bound to it, as 2027-01-31T12:00:00Z"},
             {"valid_for", Kind::word, "The same, from now on: 30d, 12h, 15m"},
             {"note", Kind::word, "Your own words, as for whom it is"}},
        .effect = Operation::Effect::acts,
        .run = create};
}

Operation eab_list() {
    return {
        .noun = "eab",
        .verb = "list",
        .summary = "List the keys, oldest first, without their secrets",
        .example = "cairn-ca eab list /var/lib/cairn-ca",
        .parameters = Page::parameters(),
        .rows = "keys",
        .columns = {"kid", "state", "created", "uses", "max_uses", "not_after", "names", "note"},
        .run = list_keys};
}

Operation eab_show() {
    return {.noun = "eab",
            .verb = "show",
            .summary = "Show one key, without its secret, and the accounts that are bound to it",
            .example = "cairn-ca eab show /var/lib/cairn-ca 5f1c2a9be07d4c3386aa0f10",
            .parameters = {kid_parameter},
            .run = show_key};
}

Operation eab_revoke() {
    return {.noun = "eab",
            .verb = "revoke",
            .summary =
                "End a key: no account is bound to it, and nothing vouched for by it, from "
                "now on",
            .example =
                "cairn-ca eab revoke /var/lib/cairn-ca 5f1c2a9be07d4c3386aa0f10 "
                "--deactivate-accounts",
            .parameters = {kid_parameter,
                           {"deactivate_accounts", Parameter::Kind::flag,
                            "End the accounts that are bound to it as well"}},
            .effect = Operation::Effect::acts,
            .run = revoke_key};
}

}  // namespace cairn::admin
