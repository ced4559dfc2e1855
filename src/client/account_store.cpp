#include "client/account_store.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/json_quoted.h"
#include "client/failure.h"
#include "client/key_text.h"
#include "net/url.h"
#include "protocol/json.h"

namespace cairn::client {
namespace {

namespace fs = std::filesystem;

constexpr const char* key_file = "key.pem";
constexpr const char* staged_key_file = "next-key.pem";
constexpr const char* account_file = "account.json";
constexpr std::size_t max_stored_file = 65536;
constexpr std::size_t max_stored_contacts = 100;

/// What there is of an account, which is gone when the first of them is.
constexpr std::array files = {account_file, staged_key_file, key_file};

/// Where a file of an account is kept that was set aside.
fs::path aside(const fs::path& folder, int number, std::string_view file) {
    return folder / fmt::format("former-{}-{}", number, file);
}

/// A folder name for a part of a URL: anything unusual, and a dot in front, becomes %XX.
std::string folder_name(std::string_view part) {
    std::string name;
    for (const char character : part) {
        const bool plain =
            (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
            (character >= '0' && character <= '9') || character == '-' || character == '_' ||
            character == ':' || (character == '.' && !name.empty());
        if (plain)
            name += character;
        else
            name += fmt::format("%{:02X}", static_cast<unsigned char>(character));
    }
    return name;
}

std::optional<crypto::Signer> read_key(const fs::path& file) {
    if (!fs::exists(file)) return std::nullopt;
    auto pem = read_file(file, max_stored_file);
    if (!pem)
        throw Failure("read an account's key", pem.error().message,
                      "run as the user whom the state belongs to.");
    auto key = signer_from(*pem);
    base::wipe({reinterpret_cast<std::uint8_t*>(pem->data()), pem->size()});
    if (!key)
        throw Failure(fmt::format("read the account's key {}", file.string()), key.error().message,
                      "restore the file, or move it away to make a new account.");
    return *std::move(key);
}

crypto::Signer make_key(const fs::path& folder, const char* file, crypto::KeyType type,
                        const KeyStore& store) {
    auto key = key_or_fail(store, type, "ACME account", Phase::account);
    make_private_directory(folder);
    write_durably(folder / file, base::BytesView(key.text), FileAccess::owner);
    return std::move(key.signer);
}

/// The text of the key in this file; empty if there is none.
std::string text_in(const fs::path& file) {
    if (!fs::exists(file)) return {};
    return read_file(file, max_stored_file).value_or(std::string());
}

/// Removes a key from its token whose text is gone. One whose token is away stays there.
void forget(const std::string& text) {
    try {
        remove_key_of(text);
    } catch (const std::runtime_error&) {
        return;
    }
}

std::string stored_json(const StoredAccount& account) {
    std::string contacts;
    for (const auto& contact : account.contact)
        contacts += (contacts.empty() ? "" : ", ") + base::json_quoted(contact);
    return fmt::format("{{\n  \"ca\": {},\n  \"url\": {},\n  \"contact\": [{}]\n}}\n",
                       base::json_quoted(account.directory_url), base::json_quoted(account.url),
                       contacts);
}

/// The name of the accounts in this folder.
std::string stored_name(const fs::path& folder) {
    const auto last = folder.filename().string();
    return last.starts_with('@') ? last.substr(1) : std::string();
}

std::optional<StoredAccount> read_stored(const fs::path& folder) {
    const auto file = folder / account_file;
    if (!fs::exists(file)) return std::nullopt;
    const auto damaged = [&file](const std::string& why) {
        return Failure(
            fmt::format("read the account {}", file.string()), why,
            "restore the file, or remove it: the key beside it finds the account again.");
    };
    const auto text = read_file(file, max_stored_file);
    if (!text) throw damaged(text.error().message);
    const auto object = protocol::parse_json_object(base::bytes_of(*text));
    if (!object) throw damaged(object.error().message);
    protocol::MemberReader reader(*object);
    const std::string directory_url(reader.required_text("ca"));
    const std::string url(reader.required_text("url"));
    auto contact = reader.texts("contact", max_stored_contacts);
    if (reader.error()) throw damaged(reader.error()->message);
    auto key = read_key(folder / key_file);
    if (!key) throw damaged("its key.pem is missing");
    return StoredAccount{directory_url, url, std::move(contact), std::move(*key),
                         stored_name(folder)};
}

}  // namespace

AccountStore::AccountStore(const StateDirectory& state, std::string name)
    : root_(state.accounts()), name_(std::move(name)) {
    if (name_.empty()) return;
    if (const auto checked = LineageName::from_text(name_); !checked)
        throw Failure(fmt::format("use the account \"{}\"", base::printable(name_)),
                      checked.error().message, "give it another name.");
}

fs::path AccountStore::folder_of(const std::string& directory_url) const {
    const auto url = net::Url::from_text(directory_url);
    if (!url)
        throw Failure(
            "find the account",
            fmt::format("{} is no URL: {}", base::printable(directory_url), url.error().message));
    auto folder = root_ / folder_name(url->authority());
    std::string_view rest = url->target();
    while (!rest.empty()) {
        rest.remove_prefix(1);  // the slash
        const auto part = rest.substr(0, rest.find('/'));
        if (!part.empty()) folder /= folder_name(part);
        rest.remove_prefix(part.size());
    }
    // No part of a URL becomes a folder with this sign.
    if (!name_.empty()) folder /= "@" + name_;
    return folder;
}

std::optional<StoredAccount> AccountStore::find(const std::string& directory_url) const {
    return read_stored(folder_of(directory_url));
}

std::vector<StoredAccount> AccountStore::all() const {
    std::vector<StoredAccount> accounts;
    if (file_names_in(root_).empty()) return accounts;
    for (const auto& entry : fs::recursive_directory_iterator(root_))
        if (entry.path().filename() == account_file)
            if (auto account = read_stored(entry.path().parent_path()))
                accounts.push_back(std::move(*account));
    std::ranges::sort(accounts, {}, [](const StoredAccount& account) {
        return std::pair(account.directory_url, account.name);
    });
    return accounts;
}

crypto::Signer AccountStore::key_for(const std::string& directory_url, crypto::KeyType type,
                                     const KeyStore& store) const {
    const auto folder = folder_of(directory_url);
    if (auto key = read_key(folder / key_file)) return std::move(*key);
    return make_key(folder, key_file, type, store);
}

KeyStore AccountStore::store_of_key(const std::string& directory_url) const {
    auto text = text_in(folder_of(directory_url) / key_file);
    auto store = store_of(text);
    base::wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
    return store.value_or(KeyStore());
}

base::SecretBytes AccountStore::key_pem(const std::string& directory_url) const {
    auto pem = read_file(folder_of(directory_url) / key_file, max_stored_file);
    if (!pem)
        throw Failure("read an account's key", pem.error().message,
                      "run as the user whom the state belongs to.");
    if (is_reference(*pem))
        throw Failure("export the account",
                      fmt::format("its key is kept in {}, and is not taken out of there",
                                  store_of_key(directory_url).text()),
                      "`cairn account rollover --key-store file` gives the account a key in a "
                      "file, which can be exported.");
    const auto octets = base::bytes_of(*pem);
    base::SecretBytes secret(octets.begin(), octets.end());
    base::wipe({reinterpret_cast<std::uint8_t*>(pem->data()), pem->size()});
    return secret;
}

void AccountStore::adopt_key(const std::string& directory_url,
                             const crypto::PrivateKey& key) const {
    static_cast<void>(set_aside(directory_url));
    const auto folder = folder_of(directory_url);
    make_private_directory(folder);
    write_durably(folder / key_file, base::BytesView(key.to_pem()), FileAccess::owner);
}

void AccountStore::save(const StoredAccount& account) const {
    const auto folder = folder_of(account.directory_url);
    make_private_directory(folder);
    write_durably(folder / account_file, stored_json(account), FileAccess::owner);
}

std::optional<int> AccountStore::set_aside(const std::string& directory_url) const {
    const auto folder = folder_of(directory_url);
    if (!fs::exists(folder / key_file)) return std::nullopt;
    int number = 1;
    while (fs::exists(aside(folder, number, key_file))) ++number;
    // The account first: a key without one finds it again.
    for (const char* file : files)
        if (fs::exists(folder / file)) fs::rename(folder / file, aside(folder, number, file));
    sync_directory(folder);
    return number;
}

void AccountStore::bring_back(const std::string& directory_url, int number) const {
    remove(directory_url);
    const auto folder = folder_of(directory_url);
    for (const char* file : {key_file, staged_key_file, account_file})
        if (fs::exists(aside(folder, number, file)))
            fs::rename(aside(folder, number, file), folder / file);
    sync_directory(folder);
}

void AccountStore::remove(const std::string& directory_url) const {
    const auto folder = folder_of(directory_url);
    const std::array texts{text_in(folder / staged_key_file), text_in(folder / key_file)};
    // The account first: a key without one is merely unused.
    for (const char* file : files) fs::remove(folder / file);
    sync_directory(folder);
    for (const auto& text : texts) forget(text);
}

crypto::Signer AccountStore::stage_key(const std::string& directory_url, crypto::KeyType type,
                                       const KeyStore& store) const {
    return make_key(folder_of(directory_url), staged_key_file, type, store);
}

std::optional<crypto::Signer> AccountStore::staged_key(const std::string& directory_url) const {
    return read_key(folder_of(directory_url) / staged_key_file);
}

void AccountStore::commit_staged_key(const std::string& directory_url) const {
    const auto folder = folder_of(directory_url);
    const auto former = text_in(folder / key_file);
    fs::rename(folder / staged_key_file, folder / key_file);
    sync_directory(folder);
    forget(former);
}

void AccountStore::abandon_staged_key(const std::string& directory_url) const {
    const auto file = folder_of(directory_url) / staged_key_file;
    const auto text = text_in(file);
    fs::remove(file);
    forget(text);
}

}  // namespace cairn::client
