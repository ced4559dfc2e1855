#include "admin/account_operations.h"

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "admin/findings.h"
#include "admin/named_objects.h"
#include "admin/page.h"
#include "base/base64url.h"
#include "base/result.h"
#include "ca/facts/account.h"

namespace cairn::admin {
namespace json = boost::json;

namespace {

json::array scope_entries(const std::vector<std::string>& words) {
    return json::array(words.begin(), words.end());
}

json::object scope_facts(const ca::AccountScope& scope) {
    std::vector<std::string> uris;
    for (const auto& pattern : scope.uris) uris.push_back(pattern.text());
    return {{"allow", scope_entries(scope.names.allow.entries())},
            {"deny", scope_entries(scope.names.deny.entries())},
            {"uris", scope_entries(uris)}};
}

json::object account_facts(const ca::Account& account) {
    json::array contacts;
    for (const auto& contact : account.contacts) contacts.emplace_back(contact);
    json::object facts{{"id", account.id.to_string()},
                       {"status", protocol::to_string(account.status())},
                       {"created", base::to_rfc3339(account.created)},
                       {"contact", std::move(contacts)},
                       {"thumbprint", base::base64url(account.key.thumbprint())}};
    if (account.terms_agreed) facts["termsAgreed"] = base::to_rfc3339(*account.terms_agreed);
    if (!account.terms_url.empty()) facts["terms"] = account.terms_url;
    if (account.binding) facts["kid"] = account.binding->kid;
    if (account.deactivated) facts["deactivated"] = base::to_rfc3339(*account.deactivated);
    if (!account.scope.is_empty())
        for (auto& [name, value] : scope_facts(account.scope))
            facts.emplace(name, std::move(value));
    return facts;
}

base::Task<json::object> list_accounts(const Context& context, const Arguments& arguments) {
    Findings findings;
    const auto page = Page::from(arguments, findings);
    std::optional<ca::AccountId> after;
    if (!page.after.empty()) {
        const auto id = ca::AccountId::from_text(page.after);
        if (id)
            after = *id;
        else
            findings.add("after must be an account's id");
    }
    findings.throw_if_any();
    const auto accounts = co_await context.repository.list_accounts(after, page.limit);
    json::array rows;
    for (const auto& account : accounts) rows.push_back(account_facts(account));
    json::object result{{"accounts", std::move(rows)}};
    if (accounts.size() == page.limit) result["next"] = accounts.back().id.to_string();
    co_return result;
}

base::Task<json::object> show_account(const Context& context, const Arguments& arguments) {
    const auto account = co_await find_account(context, arguments.word("account"));
    co_return account_facts(account);
}

base::Task<json::object> deactivate(const Context& context, const Arguments& arguments) {
    const auto found = co_await find_account(context, arguments.word("account"));
    const auto account =
        co_await context.repository.deactivate_account(found.id, context.clock.now());
    if (!account) throw Refused(Refused::Kind::not_found, "the account is gone");
    co_return account_facts(*account);
}

/// What was given replaces what there was, list by list.
base::Task<json::object> scope(const Context& context, const Arguments& arguments) {
    Findings findings;
    std::optional<ca::Account> found;
    try {
        auto finding = find_account(context, arguments.word("account"));
        found = co_await std::move(finding);
    } catch (const Refused& refused) {
        findings.add(refused);
    }
    const auto allow = arguments.words("allow");
    const auto deny = arguments.words("deny");
    const auto uris = arguments.words("uri");
    const bool is_cleared = arguments.flag("clear");
    auto given = ca::AccountScope::of(allow, deny, uris);
    if (!given) findings.add(given.error().message);
    findings.throw_if_any();
    if (!is_cleared && allow.empty() && deny.empty() && uris.empty())
        co_return scope_facts(found->scope);
    auto wanted = is_cleared ? ca::AccountScope() : found->scope;
    if (!allow.empty()) wanted.names.allow = std::move(given->names.allow);
    if (!deny.empty()) wanted.names.deny = std::move(given->names.deny);
    if (!uris.empty()) wanted.uris = std::move(given->uris);
    const auto account =
        co_await context.repository.set_account_scope(found->id, std::move(wanted));
    if (!account) throw Refused(Refused::Kind::not_found, "the account is gone");
    co_return scope_facts(account->scope);
}

constexpr Parameter account_parameter{"account", Parameter::Kind::word,
                                      "Id, URL, or thumbprint of the key (behind -- if it begins "
                                      "with a hyphen)",
                                      Parameter::Place::argument};

}  // namespace

Operation account_list() {
    return {.noun = "account",
            .verb = "list",
            .summary = "List the accounts, oldest first",
            .example = "cairn-ca account list /var/lib/cairn-ca --limit 20",
            .parameters = Page::parameters(),
            .rows = "accounts",
            .columns = {"id", "status", "created", "contact"},
            .run = list_accounts};
}

Operation account_show() {
    return {.noun = "account",
            .verb = "show",
            .summary = "Show one account",
            .example = "cairn-ca account show /var/lib/cairn-ca AZrQfJvQq3nV5m8kq1b2cw",
            .parameters = {account_parameter},
            .run = show_account};
}

Operation account_deactivate() {
    return {.noun = "account",
            .verb = "deactivate",
            .summary = "End an account: its requests are refused from now on",
            .example = "cairn-ca account deactivate /var/lib/cairn-ca AZrQfJvQq3nV5m8kq1b2cw",
            .parameters = {account_parameter},
            .effect = Operation::Effect::acts,
            .run = deactivate};
}

Operation account_scope() {
    return {
        .noun = "account",
        .verb = "scope",
        .summary =
            "Say which names and URIs one account may have in its certificates; without "
            "options, show it",
        .example =
            "cairn-ca account scope /var/lib/cairn-ca AZrQfJvQq3nV5m8kq1b2cw --allow "
            ".shop.example --uri spiffe://example.org/ns/{namespace}/web",
        .parameters = {account_parameter,
                       {"allow", Parameter::Kind::words,
                        "It gets these names alone: \"www.example.com\", \".example.com\" (all "
                        "below it), \"10.0.0.0/8\" (may be repeated)"},
                       {"deny", Parameter::Kind::words, "It never gets these (may be repeated)"},
                       {"uri", Parameter::Kind::words,
                        "It may have this URI, {NAME} standing for one segment, under a profile "
                        "with URIs (may be repeated)"},
                       {"clear", Parameter::Kind::flag, "Forget what was said before"}},
        .effect = Operation::Effect::acts,
        .run = scope};
}

}  // namespace cairn::admin
