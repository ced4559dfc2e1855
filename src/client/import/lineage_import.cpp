#include "client/import/lineage_import.h"

#include <algorithm>

#include <fmt/format.h>

#include "client/failure.h"
#include "client/lineage.h"
#include "client/lineage_fact_store.h"
#include "client/plan_keeping.h"

namespace cairn::client {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t id_part = 8;

/// The name of an account with this key, if it is kept; the name that it can have, else.
AccountImport place_of(const StateDirectory& state, const ForeignAccount& account,
                       std::string_view program, const std::vector<std::string>& taken) {
    const auto accounts = AccountStore(state).all();
    const auto is_at = [&](const StoredAccount& other) {
        return other.directory_url == account.directory_url;
    };
    for (const auto& other : accounts)
        if (is_at(other) && other.key.public_key() == account.key.public_key())
            return {other.name, false};
    std::vector<std::string> wanted{"", std::string(program)};
    std::string part;
    for (const char character : account.id)
        part += (character >= 'a' && character <= 'z') || (character >= '0' && character <= '9')
                    ? character
                    : '-';
    wanted.push_back(fmt::format("{}-{}", program, part.substr(0, id_part)));
    for (int number = 2;; ++number) {
        for (const auto& name : wanted) {
            const bool is_taken = std::ranges::any_of(accounts,
                                                      [&](const StoredAccount& other) {
                                                          return is_at(other) && other.name == name;
                                                      }) ||
                                  std::ranges::find(taken, name) != taken.end();
            if (!is_taken) return {name, true};
        }
        wanted = {fmt::format("{}-{}", program, number)};
    }
}

}  // namespace

AccountImport import_account(const StateDirectory& state, const ForeignAccount& account,
                             std::string_view program) {
    auto place = place_of(state, account, program, {});
    if (!place.is_new) return place;
    const AccountStore store(state, place.name);
    store.adopt_key(account.directory_url, account.key);
    store.save({account.directory_url, account.url, account.contact, crypto::Signer(account.key),
                place.name});
    return place;
}

AccountImport planned_account(const StateDirectory& state, const ForeignAccount& account,
                              std::string_view program, const std::vector<AccountImport>& before,
                              const std::vector<ForeignAccount>& accounts) {
    std::vector<std::string> taken;
    for (std::size_t i = 0; i < before.size(); ++i)
        if (accounts[i].directory_url == account.directory_url) taken.push_back(before[i].name);
    return place_of(state, account, program, taken);
}

std::size_t import_lineage(const Environment& environment, const LineageName& name,
                           const ForeignLineage& foreign, const CertificatePlan& plan,
                           Progress& progress) {
    const auto& state = environment.state;
    Lineage lineage(state, name);
    // What a run that died has left incomplete does not count.
    std::vector<std::pair<unsigned long, pki::Certificate>> known;
    for (const auto number : lineage.numbers())
        if (const auto generation = lineage.generation(number))
            known.emplace_back(number, generation->chain.front());
    const auto number_of =
        [&known](const pki::Certificate& certificate) -> std::optional<unsigned long> {
        for (const auto& [number, other] : known)
            if (other == certificate) return number;
        return std::nullopt;
    };
    const auto former = lineage.current();
    const auto before = former ? lineage.live_number() : std::nullopt;
    std::size_t count = 0;
    for (const auto& generation : foreign.generations) {
        if (number_of(generation.chain.front())) continue;
        const auto number = lineage.next_number();
        lineage.install(generation);
        known.emplace_back(number, generation.chain.front());
        ++count;
    }
    const bool is_ours_newer =
        before && former->chain.front().not_before() > foreign.certificate().not_before();
    const auto wanted = is_ours_newer ? before : number_of(foreign.certificate());
    const auto current = lineage.current();
    if (wanted && (!current || lineage.live_number() != wanted)) lineage.return_to(*wanted);
    LineageFactStore(state, LineageMember(name)).change([&](LineageFacts& facts) {
        if (!wanted || is_ours_newer || (facts.obtained && facts.obtained->number == *wanted))
            return;
        facts.obtain({*wanted, environment.clock.now(), foreign.directory_url, plan.profile},
                     LineageFacts::DeployHook::none);
    });
    if (!fs::exists(state.renewal(name))) keep_plan(state, name, std::nullopt, plan, progress);
    return count;
}

}  // namespace cairn::client
