#include <memory>

#include <CLI/CLI.hpp>
#include <boost/json/array.hpp>
#include <fmt/format.h>

#include "apps/cairn/certificate_facts.h"
#include "apps/cairn/commands.h"
#include "client/account.h"
#include "client/certificate_authorities.h"

namespace cairn {
namespace {

struct AccountOptions {
    std::string authority, root_file;
    std::vector<std::string> emails;
    std::string key_type = "ec-p256";
};

boost::json::array strings(const std::vector<std::string>& texts) {
    boost::json::array array;
    for (const auto& text : texts) array.push_back(json_text(text));
    return array;
}

std::string joined(const std::vector<std::string>& texts) {
    std::string line;
    for (const auto& text : texts) line += (line.empty() ? "" : ", ") + base::printable(text);
    return line.empty() ? "none" : line;
}

/// The CA that --ca names, or the only one that there is an account at.
std::string directory_url(const Run& run, const AccountOptions& options) {
    if (!options.authority.empty())
        return value_or_fail(client::directory_url_from(options.authority), "use --ca");
    const auto accounts = client::AccountStore(run.state()).all();
    if (accounts.size() == 1) return accounts.front().directory_url;
    throw client::Failure(
        "choose the account",
        fmt::format("there are {} in {}", accounts.size(), run.state().accounts().string()),
        accounts.empty() ? "`cairn issue` makes one." : "say with --ca which is meant.");
}

/// A conversation with the CA in the name of the account that is kept.
struct OpenAccount {
    OpenAccount(Run& run, const AccountOptions& options)
        : session(run.sessions().with(directory_url(run, options), options.root_file)),
          account(session, run.state(), run.timer()),
          stored(account.use()) {}
    client::Session& session;
    client::Account account;
    client::StoredAccount stored;
};

boost::json::object to_json(const client::StoredAccount& account,
                            const std::vector<std::string>& contact) {
    return {{"ca", account.directory_url},
            {"url", json_text(account.url)},
            {"contact", strings(contact)},
            {"key_type", key_name(account.key.public_key())}};
}

Outcome list(Run& run, const CommonOptions& common, const AccountOptions&) {
    run.require_state();
    const auto accounts = client::AccountStore(run.state()).all();
    boost::json::array facts;
    std::vector<std::vector<std::string>> rows{{"CA", "ACCOUNT", "KEY", "CONTACT"}};
    for (const auto& account : accounts) {
        facts.push_back(to_json(account, account.contact));
        rows.push_back({account.directory_url, base::printable(account.url),
                        key_name(account.key.public_key()), joined(account.contact)});
    }
    if (accounts.empty())
        run.console().say(
            fmt::format("There are no accounts in {}.", run.state().accounts().string()));
    else if (!common.json)
        run.console().print_table(rows, Delivery::required);
    return {.data = {{"accounts", std::move(facts)}}, .delivery = Delivery::required};
}

Outcome tell(Run& run, const CommonOptions& common, const OpenAccount& open,
             const protocol::AccountObject& object, Delivery delivery) {
    const auto status = protocol::to_string(object.status);
    if (!common.json)
        run.console().print_table({{"CA", open.stored.directory_url},
                                   {"Account", base::printable(open.stored.url)},
                                   {"Status", std::string(status)},
                                   {"Contact", joined(object.contact)},
                                   {"Key", key_name(open.stored.key.public_key())}},
                                  delivery);
    auto facts = to_json(open.stored, object.contact);
    facts["status"] = status;
    return {.data = {{"account", std::move(facts)}}, .delivery = delivery};
}

Outcome show(Run& run, const CommonOptions& common, const AccountOptions& options) {
    OpenAccount open(run, options);
    return tell(run, common, open, open.account.fetch(), Delivery::required);
}

Outcome update(Run& run, const CommonOptions& common, const AccountOptions& options) {
    OpenAccount open(run, options);
    std::vector<std::string> contact;
    for (const auto& email : options.emails)
        if (!email.empty()) contact.push_back("mailto:" + email);
    const auto object = open.account.update_contact(open.stored, contact);
    run.console().say("The contacts are changed.");
    return tell(run, common, open, object, Delivery::attempted);
}

Outcome roll_over(Run& run, const CommonOptions& common, const AccountOptions& options) {
    OpenAccount open(run, options);
    const auto type = value_or_fail(crypto::key_type_from(options.key_type), "use --key-type");
    open.stored = open.account.roll_over(open.stored, type);
    run.console().say("The account has a new key; the old one is of no use any more.");
    return tell(run, common, open, open.account.fetch(), Delivery::attempted);
}

Outcome deactivate(Run& run, const CommonOptions&, const AccountOptions& options) {
    OpenAccount open(run, options);
    open.account.deactivate(open.stored);
    run.console().say("The account is deactivated for ever and its key removed.");
    auto facts = to_json(open.stored, open.stored.contact);
    facts["status"] = "deactivated";
    return {.data = {{"account", std::move(facts)}}};
}

}  // namespace

void add_account_command(CLI::App& program, CommonOptions& common, Command& chosen) {
    auto* command = program.add_subcommand("account", "Show and change accounts at CAs");
    command->require_subcommand(1);
    command->fallthrough();
    command->footer(
        "Examples:\n"
        "  cairn account list\n"
        "  cairn account update --ca letsencrypt --email new@example.com\n"
        "  cairn account rollover --ca letsencrypt --key-type ec-p384");
    const auto options = std::make_shared<AccountOptions>();
    using Action = Outcome (*)(Run&, const CommonOptions&, const AccountOptions&);
    const auto add = [&](const char* name, const char* text, const char* example, Action action) {
        auto* child = command->add_subcommand(name, text);
        child->footer(std::string("Example:\n  ") + example);
        child->callback([&common, &chosen, options, action] {
            chosen = [&common, options, action](Run& run) { return action(run, common, *options); };
        });
        return child;
    };
    const auto add_at_authority = [&](const char* name, const char* text, const char* example,
                                      Action action) {
        auto* child = add(name, text, example, action);
        child
            ->add_option("--ca", options->authority, "The CA; may be left out if there is only one")
            ->type_name("CA");
        child->add_option("--ca-root", options->root_file, "Roots for the CA's own TLS (PEM)")
            ->check(CLI::ExistingFile)
            ->type_name("FILE");
        return child;
    };
    add("list", "List the accounts that are kept", "cairn account list --json", &list);
    add_at_authority("show", "Show an account as its CA has it", "cairn account show --ca zerossl",
                     &show);
    add_at_authority("update", "Replace the contacts of an account",
                     "cairn account update --email new@example.com", &update)
        ->add_option("--email", options->emails, "The new contact; empty for none")
        ->required()
        ->allow_extra_args(false)
        ->type_name("ADDR");
    add_at_authority("rollover", "Replace the key of an account",
                     "cairn account rollover --key-type ec-p384", &roll_over)
        ->add_option("--key-type", options->key_type, "Kind of the new key")
        ->check(CLI::IsMember({"ec-p256", "ec-p384", "rsa2048", "rsa3072", "rsa4096"}))
        ->capture_default_str();
    add_at_authority("deactivate", "End an account for ever",
                     "cairn account deactivate --ca letsencrypt-staging", &deactivate);
}

}  // namespace cairn
