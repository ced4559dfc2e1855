#include <memory>
#include <optional>

#include <CLI/CLI.hpp>
#include <boost/json/array.hpp>
#include <fmt/format.h>

#include "apps/cairn/certificate_facts.h"
#include "apps/cairn/commands.h"
#include "apps/cairn/known_roots.h"
#include "apps/cairn/plan_options.h"
#include "client/account.h"
#include "client/account_file.h"
#include "client/certificate_authorities.h"

namespace cairn {
namespace {

constexpr std::size_t max_account_file = 65536;

struct AccountOptions {
    std::string authority, root_file;
    std::optional<std::string> name;
    std::vector<std::string> emails;
    std::string key_type = "ec-p256";
    /// Where a new key is kept; nothing: a new account's in a file, another key where the former
    /// is.
    KeyStoreOptions key_store;
    /// What a new account is made with.
    AccountWords words;
    /// To export to, or to import from.
    std::string file;
};

/// Which account is meant.
struct AccountChoice {
    std::string directory_url, name;
};

boost::json::array contact_array(const std::vector<std::string>& texts) {
    boost::json::array array;
    for (const auto& text : texts) array.push_back(json_text(text));
    return array;
}

std::string contact_line(const std::vector<std::string>& texts) {
    std::string line;
    for (const auto& text : texts) line += (line.empty() ? "" : ", ") + base::printable(text);
    return line.empty() ? "none" : line;
}

/// The account at the CA that --ca names, or the only one that there is; with --account, of that
/// name.
AccountChoice choose(const Run& run, const AccountOptions& options) {
    if (!options.authority.empty())
        return {value_or_fail(client::directory_url_from(options.authority), "use --ca"),
                options.name.value_or("")};
    auto accounts = client::AccountStore(run.state()).all();
    if (options.name)
        std::erase_if(accounts, [&](const client::StoredAccount& account) {
            return account.name != *options.name;
        });
    if (accounts.size() == 1) return {accounts.front().directory_url, accounts.front().name};
    throw client::Failure(
        "choose the account",
        fmt::format("there are {} in {}", accounts.size(), run.state().accounts().string()),
        accounts.empty() ? "`cairn account register` or `cairn issue` makes one."
                         : "say with --ca and --account which is meant.");
}

client::Session& session_with(Run& run, const AccountOptions& options,
                              const AccountChoice& choice) {
    const auto root_file =
        options.root_file.empty() ? known_root_file(run, choice.directory_url) : options.root_file;
    return run.sessions().with(choice.directory_url, root_file, choice.name);
}

/// A conversation with the CA in the name of the account that is kept.
struct OpenAccount {
    OpenAccount(Run& run, const AccountOptions& options)
        : OpenAccount(run, options, choose(run, options)) {}
    OpenAccount(Run& run, const AccountOptions& options, const AccountChoice& choice)
        : session(session_with(run, options, choice)),
          account(session, run.state(), run.timer(), choice.name),
          stored(account.use()) {}
    client::Session& session;
    client::Account account;
    client::StoredAccount stored;
};

boost::json::object account_json(const client::StoredAccount& account,
                                 const std::vector<std::string>& contact) {
    return {{"ca", account.directory_url},
            {"name", account.name},
            {"url", json_text(account.url)},
            {"contact", contact_array(contact)},
            {"key_type", key_name(account.key.public_key())}};
}

Outcome list_accounts(Run& run, const CommonOptions& common, const AccountOptions&) {
    run.require_state();
    const auto accounts = client::AccountStore(run.state()).all();
    boost::json::array facts;
    std::vector<std::vector<std::string>> rows{{"CA", "NAME", "ACCOUNT", "KEY", "CONTACT"}};
    for (const auto& account : accounts) {
        facts.push_back(account_json(account, account.contact));
        rows.push_back({account.directory_url, account.name.empty() ? "-" : account.name,
                        base::printable(account.url), key_name(account.key.public_key()),
                        contact_line(account.contact)});
    }
    if (accounts.empty())
        run.console().say(
            fmt::format("There are no accounts in {}.", run.state().accounts().string()));
    else if (!common.json)
        run.console().print_table(rows, Delivery::required);
    return {.data = {{"accounts", std::move(facts)}}, .delivery = Delivery::required};
}

Outcome tell_account(Run& run, const CommonOptions& common, const OpenAccount& open,
                     const protocol::AccountObject& object, Delivery delivery) {
    const auto status = protocol::to_string(object.status);
    if (!common.json)
        run.console().print_table({{"CA", open.stored.directory_url},
                                   {"Account", base::printable(open.stored.url)},
                                   {"Status", std::string(status)},
                                   {"Contact", contact_line(object.contact)},
                                   {"Key", key_name(open.stored.key.public_key())}},
                                  delivery);
    auto facts = account_json(open.stored, object.contact);
    facts["status"] = status;
    return {.data = {{"account", std::move(facts)}}, .delivery = delivery};
}

Outcome show_account(Run& run, const CommonOptions& common, const AccountOptions& options) {
    OpenAccount open(run, options);
    return tell_account(run, common, open, open.account.fetch(), Delivery::required);
}

Outcome update(Run& run, const CommonOptions& common, const AccountOptions& options) {
    OpenAccount open(run, options);
    std::vector<std::string> contact;
    for (const auto& email : options.emails)
        if (!email.empty()) contact.push_back("mailto:" + email);
    const auto object = open.account.update_contact(open.stored, contact);
    run.console().say("The contacts are changed.");
    return tell_account(run, common, open, object, Delivery::attempted);
}

Outcome roll_over(Run& run, const CommonOptions& common, const AccountOptions& options) {
    OpenAccount open(run, options);
    const auto type = value_or_fail(crypto::key_type_from(options.key_type), "use --key-type");
    auto store = options.key_store.store();
    if (!store)
        store = client::AccountStore(run.state(), open.stored.name)
                    .store_of_key(open.stored.directory_url);
    open.stored = open.account.roll_over(open.stored, type, *store);
    run.console().say("The account has a new key; the old one is of no use any more.");
    return tell_account(run, common, open, open.account.fetch(), Delivery::attempted);
}

Outcome deactivate(Run& run, const CommonOptions&, const AccountOptions& options) {
    OpenAccount open(run, options);
    open.account.deactivate(open.stored);
    run.console().say("The account is deactivated for ever and its key removed.");
    auto facts = account_json(open.stored, open.stored.contact);
    facts["status"] = "deactivated";
    return {.data = {{"account", std::move(facts)}}};
}

Outcome make(Run& run, const CommonOptions& common, const AccountOptions& options) {
    const auto settings = run.settings_with({client::SettingsPart::defaults});
    const auto authority = !options.authority.empty() ? options.authority
                           : !settings->authorities.empty()
                               ? settings->authorities.front().directory_url
                               : std::string(client::known_authorities().front().name);
    const AccountChoice choice{value_or_fail(client::directory_url_from(authority), "use --ca"),
                               options.name.value_or("")};
    auto made_with = account_options_from(options.words, *settings);
    if (const auto store = options.key_store.store()) made_with.key_store = *store;
    const bool stood =
        client::AccountStore(run.state(), choice.name).find(choice.directory_url).has_value();
    auto& session = session_with(run, options, choice);
    client::Account account(session, run.state(), run.timer(), choice.name);
    account.open(made_with, run.console());
    OpenAccount open(run, options, choice);
    const bool is_new = !stood || options.words.new_account;
    run.console().say(is_new ? "The account is registered."
                             : "There is an account already; nothing was done.");
    auto outcome = tell_account(run, common, open, open.account.fetch(), Delivery::attempted);
    if (!is_new) outcome.result = Result::nothing_to_do;
    return outcome;
}

Outcome give_out(Run& run, const CommonOptions& common, const AccountOptions& options) {
    const auto choice = choose(run, options);
    const client::AccountStore store(run.state(), choice.name);
    const auto account = store.find(choice.directory_url);
    if (!account)
        throw client::Failure("export the account",
                              fmt::format("there is none for {} in {}", choice.directory_url,
                                          run.state().accounts().string()),
                              "`cairn account list` shows those there are.");
    const auto text = client::account_file_text(*account, store.key_pem(choice.directory_url));
    auto facts = account_json(*account, account->contact);
    if (!options.file.empty()) {
        client::write_durably(options.file, text, client::FileAccess::owner);
        facts["file"] = json_text(options.file);
        run.console().say(fmt::format(
            "The account and its key are in {}, mode 0600. Who has the file is the account.",
            options.file));
        return {.data = {{"account", std::move(facts)}}};
    }
    if (!common.json) run.console().print(text, Delivery::required);
    facts["key"] = std::string(base::text_of(base::BytesView(store.key_pem(choice.directory_url))));
    return {.data = {{"account", std::move(facts)}}, .delivery = Delivery::required};
}

Outcome take_in(Run& run, const CommonOptions& common, const AccountOptions& options) {
    const auto tried = fmt::format("import the account in {}", options.file);
    auto text = value_or_fail(client::read_file(options.file, max_account_file), tried);
    const auto file =
        value_or_fail(client::read_account_file(text), tried,
                      "give what `cairn account export` wrote, or a private key as PEM or JWK.");
    base::wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
    AccountChoice choice{file.directory_url, options.name.value_or(file.name)};
    if (!options.authority.empty())
        choice.directory_url =
            value_or_fail(client::directory_url_from(options.authority), "use --ca");
    if (choice.directory_url.empty())
        throw client::Failure(tried, "a key alone does not say of which CA it is",
                              "say it with --ca.");
    auto& session = session_with(run, options, choice);
    client::Account account(session, run.state(), run.timer(), choice.name);
    const bool is_new = account.adopt(file.key);
    OpenAccount open(run, options, choice);
    run.console().say(is_new ? "The account is kept here now."
                             : "This account is kept here already; nothing was done.");
    auto outcome = tell_account(run, common, open, open.account.fetch(), Delivery::attempted);
    if (!is_new) outcome.result = Result::nothing_to_do;
    return outcome;
}

}  // namespace

void add_account_command(CLI::App& program, CommonOptions& common, Command& chosen) {
    auto* command = program.add_subcommand("account", "Show and change accounts at CAs");
    command->require_subcommand(1);
    command->fallthrough();
    command->footer(
        "Examples:\n"
        "  cairn account list\n"
        "  cairn account register --ca zerossl --email you@example.com --agree-tos\n"
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
            ->add_option("--ca", options->authority,
                         "The CA; else the one of the only account, or of cairn.toml for a new one")
            ->type_name("CA");
        child->add_option("--ca-root", options->root_file, "Roots for the CA's own TLS (PEM)")
            ->check(CLI::ExistingFile)
            ->type_name("FILE");
        child
            ->add_option("--account", options->name,
                         "Name of the account, of several at the CA; else the one without a name")
            ->type_name("NAME");
        return child;
    };
    add("list", "List the accounts that are kept", "cairn account list --json", &list_accounts);
    auto* const registering =
        add_at_authority("register", "Make an account, unless there is one",
                         "cairn account register --email you@example.com --agree-tos", &make);
    add_account_options(*registering, options->words);
    add_key_store_options(*registering, options->key_store);
    add_at_authority("export", "Give out an account with its key, as JSON",
                     "cairn account export --ca letsencrypt --out account.json", &give_out)
        ->add_option("--out", options->file, "File to write, mode 0600; else standard output")
        ->type_name("FILE");
    add_at_authority("import", "Keep an account that was made elsewhere; its CA is asked for it",
                     "cairn account import account.json", &take_in)
        ->add_option("FILE", options->file,
                     "What `export` wrote, or a private key as PEM or JWK (certbot's "
                     "private_key.json)")
        ->required()
        ->check(CLI::ExistingFile);
    add_at_authority("show", "Show an account as its CA has it", "cairn account show --ca zerossl",
                     &show_account);
    add_at_authority("update", "Replace the contacts of an account",
                     "cairn account update --email new@example.com", &update)
        ->add_option("--email", options->emails, "The new contact; empty for none")
        ->required()
        ->allow_extra_args(false)
        ->type_name("ADDR");
    auto* const replacing =
        add_at_authority("rollover", "Replace the key of an account",
                         "cairn account rollover --key-type ec-p384", &roll_over);
    add_key_store_options(*replacing, options->key_store);
    replacing->add_option("--key-type", options->key_type, "Kind of the new key")
        ->check(CLI::IsMember({"ec-p256", "ec-p384", "rsa2048", "rsa3072", "rsa4096"}))
        ->capture_default_str();
    add_at_authority("deactivate", "End an account for ever",
                     "cairn account deactivate --ca letsencrypt-staging", &deactivate);
}

}  // namespace cairn
