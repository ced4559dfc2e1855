#include "apps/ca/configuration.h"

#include <regex>
#include <set>
#include <sstream>

#include <toml++/toml.h>

#include <gtest/gtest.h>

#include "apps/ca/initial_configuration.h"

namespace cairn::apps::configuration_test {
namespace {

const base::Time now = *base::from_rfc3339("2026-11-22T12:00:00Z");

std::string initial() {
    return initial_configuration("127.0.0.1:14000", "127.0.0.1:14001", "https://localhost:14000",
                                 {"localhost"});
}

TEST(ConfigurationTest, ReadsWhatInitWrites) {
    const auto configuration = read_configuration(initial(), {}, now);
    ASSERT_TRUE(configuration) << configuration.error().front().message;
    EXPECT_EQ(configuration->server.listen, std::vector<std::string>{"127.0.0.1:14000"});
    EXPECT_EQ(configuration->server.public_url, "https://localhost:14000");
    EXPECT_EQ(configuration->store.sqlite_path, "store/cairn.sqlite");
    EXPECT_TRUE(configuration->validation.dnssec);
    EXPECT_EQ(configuration->profiles.at("default").validity, std::chrono::days(90));
    EXPECT_EQ(configuration->default_profile, "default");
}

// The file that `init` writes with every commented key put to work.
std::string with_every_key() {
    std::string text;
    std::istringstream lines(initial());
    for (std::string line; std::getline(lines, line);)
        text += std::regex_replace(line, std::regex(R"(^# (\[|[a-z0-9_]+ = ))"), "$1") + "\n";
    return text;
}

// The dotted keys of a table, with NAME for what the operator calls things.
void collect_keys(const toml::table& table, const std::string& path, std::set<std::string>& keys) {
    for (const auto& [key, value] : table) {
        const bool is_named =
            path == "profiles." || path == "issuers." || path == "validation.zones.";
        const auto name = path + (is_named ? "NAME" : std::string(key.str()));
        keys.insert(name);
        // An inline table is a value.
        if (value.is_table() && !value.as_table()->is_inline())
            collect_keys(*value.as_table(), name + ".", keys);
        if (const auto* list = value.as_array(); list != nullptr && list->is_array_of_tables())
            for (const auto& element : *list) collect_keys(*element.as_table(), name + ".", keys);
    }
}

TEST(ConfigurationTest, InitSaysWhomACaServes) {
    using enum ca::PolicyKind;
    for (const auto kind : {private_ca, public_ca}) {
        const auto written = initial_configuration("127.0.0.1:14000", "127.0.0.1:14001",
                                                   "https://localhost:14000", {"localhost"}, kind);
        const auto configuration = read_configuration(written, {}, now);
        ASSERT_TRUE(configuration) << configuration.error().front().message;
        EXPECT_EQ(configuration->policy.kind, kind);
        EXPECT_EQ(written.contains("\nkind = "), kind == public_ca);
    }
    EXPECT_EQ(read_configuration("[server]\nlisten = [\"127.0.0.1:1\"]\n"
                                 "public_url = \"https://localhost\"\n",
                                 {}, now)
                  ->policy.kind,
              private_ca);
}

// What a private start opens is written out; a file of a former version, without the keys, opens
// nothing.
TEST(ConfigurationTest, APrivateStartIsForACompanysNetwork) {
    const auto written = read_configuration(initial(), {}, now);
    ASSERT_TRUE(written);
    std::vector<std::string> networks;
    for (const auto& network : written->validation.allow_networks)
        networks.push_back(network.to_string());
    EXPECT_EQ(networks, (std::vector<std::string>{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16",
                                                  "fc00::/7"}));
    EXPECT_TRUE(written->policy.internal_names);
    EXPECT_TRUE(written->limits.enabled);
    EXPECT_EQ(written->profiles.at("default").certificate.crl, pki::CertificateProfile::Crl::full);
    const auto of_public = read_configuration(
        initial_configuration("127.0.0.1:14000", "127.0.0.1:14001", "https://localhost:14000",
                              {"localhost"}, ca::PolicyKind::public_ca),
        {}, now);
    const auto former = read_configuration(
        "[server]\nlisten = [\"127.0.0.1:1\"]\npublic_url = \"https://localhost\"\n", {}, now);
    for (const auto* closed : {&of_public, &former}) {
        ASSERT_TRUE(*closed);
        EXPECT_TRUE((*closed)->validation.allow_networks.empty());
        EXPECT_FALSE((*closed)->policy.internal_names);
    }
}

TEST(ConfigurationTest, APassphraseHasOneSource) {
    const auto usual = read_configuration(initial(), {}, now)->issuers.at("intermediate");
    EXPECT_FALSE(usual.passphrase.is_there());
    EXPECT_EQ(usual.root, "pki/root.pem");
    const crypto::PassphraseSource file{.file = "/run/keys/\"a\""};
    const crypto::PassphraseSource command{.command = {"vault", "kv", "get", "a b"}};
    const crypto::PassphraseSource credential{.credential = "issuer"};
    for (const auto& source : {file, command, credential}) {
        const auto read = read_configuration(
            initial_configuration("127.0.0.1:14000", "127.0.0.1:14001", "https://localhost:14000",
                                  {"localhost"}, ca::PolicyKind::private_ca,
                                  {.passphrase = source}),
            {}, now);
        ASSERT_TRUE(read) << read.error().front().message;
        EXPECT_EQ(read->issuers.at("intermediate").passphrase, source);
    }
    for (const std::vector<std::string>& wrong :
         {std::vector<std::string>{R"(issuers.intermediate.passphrase_file="a")",
                                   R"(issuers.intermediate.passphrase_credential="b")"},
          {R"(issuers.intermediate.passphrase_command=[""])"},
          {R"(issuers.intermediate.passphrase_command="a b")"},
          {R"(issuers.intermediate.root="")"}})
        EXPECT_FALSE(read_configuration(initial(), wrong, now)) << wrong.front();
}

TEST(ConfigurationTest, InitWritesEveryKey) {
    std::set<std::string> keys;
    collect_keys(toml::parse(with_every_key()), "", keys);
    const auto known = configuration_keys();
    EXPECT_EQ(keys, std::set<std::string>(known.begin(), known.end()));
    EXPECT_TRUE(keys.contains("profiles.NAME.reuse_lifetime"));
    EXPECT_TRUE(keys.contains("retention.certificates"));
}

TEST(ConfigurationTest, ReadsTheDirectory) {
    using Change = ca::Terms::Change;
    const auto usual = read_configuration(initial(), {}, now)->directory;
    EXPECT_EQ(usual.terms_change, Change::asks_for_agreement);
    EXPECT_FALSE(usual.external_account_required);
    EXPECT_TRUE(usual.caa_identities.empty());
    const auto overrides = std::vector<std::string>{
        "directory.terms_of_service=\"https://ca.example/terms\"",
        "directory.terms_change=\"ignore\"", "directory.external_account_required=true",
        R"(directory.caa_identities=["CA.example"])"};
    const auto read = read_configuration(initial(), overrides, now);
    ASSERT_TRUE(read) << read.error().front().message;
    EXPECT_EQ(read->directory.terms_of_service, "https://ca.example/terms");
    EXPECT_EQ(read->directory.terms_change, Change::asks_for_nothing);
    EXPECT_TRUE(read->directory.external_account_required);
    EXPECT_EQ(read->directory.caa_identities, std::vector<std::string>{"ca.example"});
    for (const std::string wrong :
         {R"(terms_change="sometimes")", R"(terms_of_service="ca.example/terms")",
          R"(terms_of_service="https://a.example/>;rel=\"next\"")", R"(website="https://")",
          R"(website="ftp://ca.example")", R"(external_account_required="yes")",
          R"(caa_identities=["not a name"])", R"(caa_identities=["ca.example."])",
          R"(caa_identities=["https://ca.example"])", R"(caa_identities="ca.example")"})
        EXPECT_FALSE(read_configuration(initial(), {"directory." + wrong}, now)) << wrong;
}

TEST(ConfigurationTest, ReadsServicesOfOpenMpic) {
    const auto with = [](const std::string& tables) {
        return read_configuration(initial() + tables, {}, now);
    };
    const std::string good =
        "[[open_mpic]]\nname = \"mpic\"\nurl = \"https://mpic.example/v3/\"\n"
        "api_key_field = \"authorization\"\n"
        "perspectives = { us-east-2 = \"ARIN\", eu-west-2 = \"RIPE\" }\n";
    const std::string near =
        "[[perspective]]\nname = \"lon1\"\nurl = \"https://va\"\nregion = \"RIPE\"\n";
    const auto read = with(good + near);
    ASSERT_TRUE(read) << read.error().front().message;
    ASSERT_EQ(read->open_mpic.size(), 1U);
    const auto& service = read->open_mpic.front();
    EXPECT_EQ(service.endpoint.url, "https://mpic.example/v3");
    EXPECT_EQ(service.endpoint.key_field, OpenMpicEndpoint::KeyField::bearer);
    EXPECT_EQ(service.perspectives.size(), 2U);
    EXPECT_EQ(read->remote_regions().size(), 3U);
    const std::vector<std::string> wrong_tables{
        good + good,
        std::string("[[open_mpic]]\n"),
        std::string("open_mpic = 1\n[x]\n"),
        "[[open_mpic]]\nname = \"mpic\"\nurl = \"https://x?y\"\nperspectives = { a = "
        "\"RIPE\" }\n",
        std::string("[[open_mpic]]\nname = \"mpic\"\nurl = \"https://x\"\n"
                    "perspectives = { \"a b\" = \"RIPE\" }\n"),
        std::string("[[open_mpic]]\nname = \"lon1\"\nurl = \"https://x\"\n"
                    "perspectives = { a = \"RIPE\" }\n") +
            near};
    for (const auto& wrong : wrong_tables) EXPECT_FALSE(with(wrong)) << wrong;
}

TEST(ConfigurationTest, ReadsZones) {
    const auto with = [](const std::string& zones) {
        return read_configuration(initial(), {"validation.zones=" + zones}, now);
    };
    const auto read =
        with(R"({"Corp.Example"={forward=["10.0.0.53", "[fd00::53]:5353"], dnssec=false}, )"
             R"("example.org"={stub=["10.0.0.54:53"], trust_anchor_file="keys/example.org"}})");
    ASSERT_TRUE(read) << read.error().front().message;
    const auto& zones = read->validation.zones;
    ASSERT_EQ(zones.size(), 2U);
    EXPECT_EQ(zones[0].name, "corp.example");
    EXPECT_EQ(zones[0].forward.size(), 2U);
    EXPECT_FALSE(zones[0].dnssec);
    EXPECT_EQ(zones[1].stub, std::vector<std::string>{"10.0.0.54:53"});
    EXPECT_EQ(zones[1].trust_anchor_file, "keys/example.org");
    for (const std::string wrong :
         {R"({"corp.example"={}})", R"({"corp.example"={forward=["10.0.0.1"], stub=["10.0.0.2"]}})",
          R"({"corp.example"={forward=["ns.example"]}})",
          R"({"corp.example."={forward=["10.0.0.1"]}})", R"({"a\"b"={forward=["10.0.0.1"]}})",
          R"({""={forward=["10.0.0.1"]}})", R"({"corp.example"={forwarders=["10.0.0.1"]}})",
          R"({"corp.example"={stub=["10.0.0.1"], dnssec=false, trust_anchor_file="x"}})"})
        EXPECT_FALSE(with(wrong)) << wrong;
}

TEST(ConfigurationTest, WhatInitCommentsOutIsTheDefault) {
    const auto present = read_configuration(initial(), {}, now);
    const auto all = read_configuration(with_every_key(), {}, now);
    ASSERT_TRUE(all) << all.error().front().message;
    EXPECT_EQ(all->server.threads, present->server.threads);
    EXPECT_TRUE(all->server.trusted_proxies.empty());
    EXPECT_EQ(all->server.connections_per_client, present->server.connections_per_client);
    EXPECT_EQ(all->store.schema, present->store.schema);
    EXPECT_EQ(all->store.connections, present->store.connections);
    EXPECT_EQ(all->log.file, present->log.file);
    EXPECT_EQ(all->log.level, present->log.level);
    EXPECT_EQ(all->log.access, present->log.access);
    EXPECT_EQ(all->log.format, present->log.format);
    EXPECT_EQ(all->directory.terms_of_service, present->directory.terms_of_service);
    EXPECT_EQ(all->directory.website, present->directory.website);
    EXPECT_EQ(all->issuance.issuer_base_url, present->issuance.issuer_base_url);
    EXPECT_EQ(all->validation.challenges, present->validation.challenges);
    EXPECT_EQ(all->validation.persist_issuers, present->validation.persist_issuers);
    EXPECT_EQ(all->validation.subdomains, present->validation.subdomains);
    EXPECT_EQ(all->validation.preauthorizations, present->validation.preauthorizations);
    EXPECT_EQ(all->validation.https_port, present->validation.https_port);
    EXPECT_EQ(all->validation.dns_trust_anchor_file, present->validation.dns_trust_anchor_file);
    EXPECT_EQ(all->validation.dns_root_hints_file, present->validation.dns_root_hints_file);
    EXPECT_EQ(all->validation.timeout, present->validation.timeout);
    EXPECT_EQ(all->validation.retry_for, present->validation.retry_for);
    EXPECT_EQ(all->policy.baseline_requirements, present->policy.baseline_requirements);
    EXPECT_EQ(all->retention.orders, present->retention.orders);
    EXPECT_EQ(all->retention.authorizations, present->retention.authorizations);
    EXPECT_EQ(all->retention.certificates, present->retention.certificates);
    EXPECT_EQ(all->default_profile, present->default_profile);
    const auto& profile = all->profiles.at("default");
    const auto& usual = present->profiles.at("default");
    EXPECT_EQ(profile.backdate, usual.backdate);
    EXPECT_EQ(profile.certificate.common_name, usual.certificate.common_name);
    EXPECT_EQ(profile.certificate.usage_of_rsa, usual.certificate.usage_of_rsa);
    EXPECT_EQ(profile.identifier_types, usual.identifier_types);
    EXPECT_EQ(profile.key_algorithms, usual.key_algorithms);
    EXPECT_EQ(profile.order_lifetime, usual.order_lifetime);
    EXPECT_EQ(profile.pending_lifetime, usual.pending_lifetime);
    EXPECT_EQ(profile.reuse_lifetime, usual.reuse_lifetime);
    const auto& use = all->issuers.at("intermediate").use;
    EXPECT_TRUE(use.active && use.profiles.empty() && use.key_algorithms.empty());
    EXPECT_TRUE(all->issuers.at("intermediate").alternate_chains.empty());
    EXPECT_EQ(all->renewal.retry_after, present->renewal.retry_after);
}

// The findings, a line each.
std::string refusal(const std::vector<std::string>& overrides, const std::string& toml) {
    const auto configuration = read_configuration(toml, overrides, now);
    std::string all;
    if (!configuration)
        for (const auto& finding : configuration.error()) all += finding.message + "\n";
    return all;
}
std::string refusal(const std::vector<std::string>& overrides) {
    return refusal(overrides, initial());
}

TEST(ConfigurationTest, GivesThePublicUrlOneSpelling) {
    const std::pair<const char*, const char*> cases[] = {
        {"https://LOCALHOST:22000", "https://localhost:22000"},
        {"https://ca.example.com:443", "https://ca.example.com"},
        {"https://ca.example.com:443/", "https://ca.example.com"},
        {"HTTPS://ca.example.com./", "https://ca.example.com"},
        {"https://ca.example.com.:8443", "https://ca.example.com:8443"},
        {"https://ca.example.com:", "https://ca.example.com"},
        {"https://[2001:DB8:0:0::1]:443", "https://[2001:db8::1]"},
        {"https://[::FFFF:192.0.2.1]:14000//", "https://[::ffff:c000:201]:14000"},
        {"https://192.0.2.1:0443", "https://192.0.2.1"},
    };
    for (const auto& [written, url] : cases) {
        const auto configuration = read_configuration(
            initial(), {"server.public_url=\"" + std::string(written) + "\""}, now);
        ASSERT_TRUE(configuration) << written << configuration.error().front().message;
        EXPECT_EQ(configuration->server.public_url, url);
    }
    for (const char* bad : {"https://", "https://a_b.example", "https://user@ca.example",
                            "https://ca.example/x", "https://ca.example?x", "https://ca.example#x",
                            "https://1.2.3", "https://foo.0x1f", "http://ca.example", "ca.example"})
        EXPECT_NE(refusal({"server.public_url=\"" + std::string(bad) + "\""}), "") << bad;
}

TEST(ConfigurationTest, RefusesAddressesThatNobodyCanListenOn) {
    for (const char* bad : {"localhost:14000", "14000", "127.0.0.1", "", "::1:14000", "[::1]"}) {
        const auto text = std::string(bad);
        EXPECT_NE(refusal({"server.listen=[\"" + text + "\"]"}).find("server.listen must be"),
                  std::string::npos)
            << bad;
        if (text.empty()) continue;
        EXPECT_NE(refusal({"server.admin_listen=\"" + text + "\""}).find("admin_listen must be"),
                  std::string::npos)
            << bad;
    }
    for (const char* bad : {"a_b.example", "foo.0x1f", "", "a b"})
        EXPECT_NE(refusal({"server.hosts=[\"" + std::string(bad) + "\"]"}).find("server.hosts"),
                  std::string::npos)
            << bad;
}

TEST(ConfigurationTest, LimitsAreOnUnlessSwitchedOff) {
    EXPECT_EQ(refusal({"limits.enabled=false"}), "");
    EXPECT_EQ(refusal({R"(limits.new_orders_per_account={ count = 300, period = "3h" })"}), "");
    EXPECT_NE(refusal({R"(limits.new_account={ count = 1 })"})
                  .find("limits.new_account is not a known key"),
              std::string::npos);
    EXPECT_NE(refusal({"limits=1"}).find("limits must be a table"), std::string::npos);
}

TEST(ConfigurationTest, NeverRepeatsAPassword) {
    const std::string secret = "hunter2";
    for (const char* text :
         {"store.url=postgresql://cairn:hunter2@db/cairn", "store.url=\"postgresql://c:hunter2@db",
          "store.url='hunter2", "store.url=thunter2", "store.url=\"x\" hunter2",
          "store.url \"postgresql://c:hunter2@db/c\"", "store.url:postgresql://c:hunter2@db/c",
          "postgresql://c:hunter2@db/c?sslmode=require", "store.url=\"mysql://c:hunter2@db/c\"",
          "store.url=[\"hunter2\"]", "store.url=\"postgresql://c:hun@hunter2@db/c\"",
          "store.url=\"postgresql://c:hunter2/x@db/c\"", "store.password=\"hunter2\"",
          "store.url.password=hunter2", "store.schema=\"hunter2 \"", "store.url=\"a\"\nhunter2=1",
          "server.public_url=\"https://u:hunter2@ca.example\"",
          "issuance.issuer_base_url=\"http://u:hunter2@ca.example\""}) {
        const auto findings = refusal({text});
        EXPECT_NE(findings, "") << text;
        EXPECT_EQ(findings.find(secret), std::string::npos) << findings;
    }
    for (const char* line :
         {"url = postgresql://c:hunter2@db/c", "url = \"postgresql://c:hunter2@db/c",
          "url = \"\" hunter2", "url = thunter2", "url = 1hunter2", "hunter2",
          "url = \"postgresql://c:hun@hunter2@db/c\"", "url = 99999999999999999999"}) {
        const auto findings = refusal({}, std::string("[store]\n") + line + "\n");
        EXPECT_NE(findings, "") << line;
        EXPECT_EQ(findings.find(secret), std::string::npos) << findings;
        EXPECT_EQ(findings.find("99999999"), std::string::npos) << findings;
    }
    EXPECT_NE(refusal({}, "[store]\nurl = x\n").find("(line 2, column 7)"), std::string::npos);
}

TEST(ConfigurationTest, OverridesAnyKeyWithToml) {
    const auto configuration = read_configuration(
        initial(),
        {"validation.http_port=5002", "validation.dnssec=false",
         R"(validation.dns_servers=["127.0.0.1:8053"])",
         R"(validation.allow_networks=["127.0.0.0/8", "10.0.0.0/8"])",
         R"(server.trusted_proxies=["10.0.0.10", "fd00::/8"])", "server.connections_per_client=50",
         R"(profiles.short.validity="6d")", R"(default_profile="short")"},
        now);
    ASSERT_TRUE(configuration) << configuration.error().front().message;
    EXPECT_EQ(configuration->validation.http_port, 5002);
    EXPECT_FALSE(configuration->validation.dnssec);
    EXPECT_EQ(configuration->validation.dns_servers.size(), 1U);
    EXPECT_EQ(configuration->validation.allow_networks.size(), 2U);
    ASSERT_EQ(configuration->server.trusted_proxies.size(), 2U);
    EXPECT_EQ(configuration->server.trusted_proxies.front().to_string(), "10.0.0.10/32");
    EXPECT_EQ(configuration->server.connections_per_client, 50U);
    EXPECT_EQ(configuration->profiles.at("short").validity, std::chrono::days(6));
}

TEST(ConfigurationTest, ReportsEverythingThatIsWrongAtOnce) {
    const auto configuration = read_configuration(
        initial(),
        {"validation.http_port=70000", "validation.dnssec=\"no\"", "server.colour=\"red\"",
         "validation.allow_networks=[\"10.0.0.0/40\"]", "profiles.default.validity=\"201d\"",
         "server.public_url=\"http://localhost/x\"", "server.trusted_proxies=[\"10.0.0.1/8\"]",
         "server.connections_per_client=0", "store.url=\"mysql:x\"", "nonsense", "a.b=x"},
        now);
    ASSERT_FALSE(configuration);
    std::string all;
    for (const auto& finding : configuration.error()) all += finding.message + "\n";
    for (const char* part :
         {"validation.http_port must be a port", "validation.dnssec must be true or false",
          "server.trusted_proxies \"10.0.0.1/8\": address has bits beyond its prefix",
          "server.connections_per_client must be from 1 to", "server.colour is not a known key",
          "validation.allow_networks \"10.0.0.0/40\"", "profiles.default.validity exceeds",
          "server.public_url must be", "store.url must be", "--set nonsense: wants KEY=VALUE",
          "--set a.b: the value is not TOML"})
        EXPECT_NE(all.find(part), std::string::npos) << part << " is missing in:\n" << all;
}

// The first finding of a configuration with this override.
std::string finding_of(const std::string& override) {
    const auto configuration = read_configuration(initial(), {override}, now);
    return configuration ? "none" : configuration.error().front().message;
}

TEST(ConfigurationTest, NamesTheKeyThatWasMeant) {
    EXPECT_EQ(finding_of("server.listne=[\"127.0.0.1:1\"]"),
              "server.listne is not a known key; did you mean server.listen?");
    EXPECT_EQ(finding_of("server.public-url=\"https://a\""),
              "server.public-url is not a known key; did you mean server.public_url?");
    EXPECT_EQ(finding_of("validations.dnssec=false"),
              "validations is not a known key; did you mean validation?");
    EXPECT_EQ(finding_of("profiles.default.validty=\"1d\""),
              "profiles.default.validty is not a known key; did you mean "
              "profiles.default.validity?");
    // The right key in the wrong place.
    EXPECT_EQ(finding_of("http_port=5002"),
              "http_port is not a known key; did you mean validation.http_port?");
    EXPECT_EQ(finding_of("server.admin=1"), "server.admin is not a known key");
}

TEST(ConfigurationTest, TheLogHasAFormatOfItsOwnChoiceOrTheOperators) {
    EXPECT_EQ(read_configuration(initial(), {}, now)->log.format, std::nullopt);
    const auto format_by = [](const std::string& override) {
        return read_configuration(initial(), {override}, now)->log.format;
    };
    EXPECT_EQ(format_by("log.format=\"auto\""), std::nullopt);
    EXPECT_EQ(format_by("log.format=\"json\""), base::LogFormat::json);
    EXPECT_EQ(format_by("log.format=\"text\""), base::LogFormat::text);
    for (const auto* wrong : {"log.format=\"\"", "log.format=\"xml\""})
        EXPECT_EQ(finding_of(wrong), "log.format must be auto, json or text");
    for (const auto* wrong : {"log.level=\"\"", "log.level=\"none\"", "log.level=\"INFO\""})
        EXPECT_EQ(finding_of(wrong), "log.level must be debug, info, warning or error");
}

TEST(ConfigurationTest, KeepsThingsForATimeOrForEver) {
    const auto initially = read_configuration(initial(), {}, now);
    ASSERT_TRUE(initially);
    EXPECT_EQ(initially->retention.orders, std::chrono::days(30));
    EXPECT_FALSE(initially->retention.certificates);
    const auto chosen =
        read_configuration(initial(),
                           {R"(retention.orders="12h")", R"(retention.authorizations="never")",
                            R"(retention.certificates="400d")"},
                           now);
    ASSERT_TRUE(chosen) << chosen.error().front().message;
    EXPECT_EQ(chosen->retention.orders, std::chrono::hours(12));
    EXPECT_FALSE(chosen->retention.authorizations);
    EXPECT_EQ(chosen->retention.certificates, std::chrono::days(400));
    const auto wrong = read_configuration(initial(), {R"(retention.orders="soon")"}, now);
    ASSERT_FALSE(wrong);
    EXPECT_NE(wrong.error().front().message.find("retention.orders must be a duration"),
              std::string::npos);
}

TEST(ConfigurationTest, TriesValidationsAgainOnlyWhereAskedTo) {
    const auto retry_for = [](const char* value) {
        return read_configuration(initial(), {std::string("validation.retry_for=") + value}, now);
    };
    const auto initially = read_configuration(initial(), {}, now);
    ASSERT_TRUE(initially);
    EXPECT_EQ(initially->validation.retry_for, base::Seconds(0));
    EXPECT_EQ(retry_for(R"("never")")->validation.retry_for, base::Seconds(0));
    EXPECT_EQ(retry_for(R"("30s")")->validation.retry_for, base::Seconds(30));
    EXPECT_EQ(retry_for(R"("1h")")->validation.retry_for, std::chrono::hours(1));
    for (const char* wrong : {R"("2h")", R"("soon")", "30", R"("-1s")"}) {
        const auto refused = retry_for(wrong);
        ASSERT_FALSE(refused) << wrong;
        EXPECT_TRUE(refused.error().front().message.starts_with("validation.retry_for must"))
            << refused.error().front().message;
    }
}

TEST(ConfigurationTest, SaysHowControlMayBeProved) {
    using enum protocol::ChallengeType;
    const auto read = [](std::vector<std::string> overrides) {
        return read_configuration(initial(), overrides, now);
    };
    const auto usual = read({});
    ASSERT_TRUE(usual);
    EXPECT_EQ(usual->validation.challenges, (std::set{http_01, dns_01, tls_alpn_01}));
    EXPECT_FALSE(usual->validation.subdomains);
    EXPECT_EQ(usual->validation.preauthorizations, 100U);
    const auto chosen = read({R"(validation.challenges=["dns-persist-01", "dns-account-01"])",
                              R"(validation.persist_issuers=["ca.example", "xn--4ca.example"])",
                              "validation.subdomains=true", "validation.preauthorizations=0"});
    ASSERT_TRUE(chosen) << chosen.error().front().message;
    EXPECT_EQ(chosen->validation.challenges, (std::set{dns_account_01, dns_persist_01}));
    EXPECT_EQ(chosen->validation.persist_issuers.size(), 2U);
    EXPECT_TRUE(chosen->validation.subdomains);
    EXPECT_EQ(chosen->validation.preauthorizations, 0U);

    std::string eleven = "\"a0.example\"";
    for (int i = 1; i < 11; ++i) eleven += ", \"a" + std::to_string(i) + ".example\"";
    const std::pair<std::string, const char*> wrong[] = {
        {"validation.challenges=[]", "validation.challenges must name at least one"},
        {R"(validation.challenges=["http-02"])", "validation.challenges names \"http-02\""},
        {R"(validation.challenges=["dns-persist-01"])",
         "validation.persist_issuers must name this CA"},
        {R"(validation.persist_issuers=["CA.example"])", "validation.persist_issuers names"},
        {R"(validation.persist_issuers=["ca.example."])", "validation.persist_issuers names"},
        {"validation.persist_issuers=[" + eleven + "]",
         "validation.persist_issuers must not name more than 10"},
        {"validation.preauthorizations=-1", "validation.preauthorizations"},
        {"validation.subdomains=1", "validation.subdomains"},
    };
    for (const auto& [override, finding] : wrong) {
        const auto refused = read({override});
        ASSERT_FALSE(refused) << override;
        EXPECT_TRUE(refused.error().front().message.starts_with(finding))
            << refused.error().front().message;
    }
}

TEST(ConfigurationTest, SaysWhenClientsAskForRenewalsAgain) {
    EXPECT_EQ(
        read_configuration(initial(), {R"(renewal.retry_after="1m")"}, now)->renewal.retry_after,
        std::chrono::minutes(1));
    for (const auto* value : {"59s", "25h"})
        EXPECT_EQ(refusal({"renewal.retry_after=\"" + std::string(value) + "\""}),
                  "renewal.retry_after must be from 1m to 1d (RFC 9773 section 4.3.2)\n")
            << value;
}

TEST(ConfigurationTest, AnIssuerHasOtherChains) {
    const auto path = [](const std::string& files) {
        return std::vector<std::string>{"issuers.intermediate.alternate_chains=[" + files + "]"};
    };
    const auto all = read_configuration(initial(), path(R"("pki/a.pem", "pki/b.pem")"), now);
    ASSERT_TRUE(all);
    EXPECT_EQ(all->issuers.at("intermediate").alternate_chains,
              (std::vector<std::string>{"pki/a.pem", "pki/b.pem"}));
    std::string many;
    for (int i = 0; i < 11; ++i) many += "\"x\",";
    EXPECT_EQ(refusal(path(many)),
              "issuers.intermediate.alternate_chains must name at most 10 files\n");
}

TEST(ConfigurationTest, KnowsWhenTheClockWasRight) {
    const auto read =
        read_configuration(initial(), {R"(clock.confirmed="2026-11-22T13:00:00+01:00")"}, now);
    ASSERT_TRUE(read) << read.error().front().message;
    EXPECT_EQ(read->clock.confirmed, now);
    EXPECT_EQ(read->common, read_configuration(initial(), {}, now)->common);
    const auto wrong = read_configuration(initial(), {R"(clock.confirmed="yes")"}, now);
    ASSERT_FALSE(wrong);
    EXPECT_NE(wrong.error().front().message.find("clock.confirmed must be a time such as"),
              std::string::npos);
}

TEST(ConfigurationTest, KnowsWhatAReloadLeavesAsItIs) {
    const auto present = *read_configuration(initial(), {}, now);
    EXPECT_TRUE(keys_for_next_start(present, present).empty());
    const auto fresh = *read_configuration(
        initial(),
        {R"(server.listen=["127.0.0.1:1"])", R"(store.url="postgresql://a@b/c")",
         R"(server.trusted_proxies=["10.0.0.0/8"])", R"(log.access=false)",
         R"(validation.http_port=5002)"},
        now);
    const std::vector<std::string> keys{"server.listen", "server.trusted_proxies", "store.url",
                                        "log.access"};
    EXPECT_EQ(keys_for_next_start(present, fresh), keys);
}

}  // namespace
}  // namespace cairn::apps::configuration_test
