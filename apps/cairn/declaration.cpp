#include "apps/cairn/declaration.h"

#include <algorithm>
#include <array>
#include <optional>

#include <fmt/format.h>

#include "base/toml_section.h"

namespace cairn {
namespace {

/// So many certificates are declared in several files.
constexpr std::size_t max_certificates = 10000;

/// One table, as it is read.
class Reader {
  public:
    Reader(const toml::table* table, const std::string& path, base::TomlReading& reading)
        : table_(table), section_(table, path, reading) {}

    /// What both tables may say.
    void take_common(DeclaredCertificate& certificate) {
        auto& [lineage, plan, account] = certificate;
        take_list("ca", plan.authorities);
        take("ca_root", plan.root_file);
        section_.take("staging", plan.staging);
        take("account", plan.account);
        take("email", account.email);
        section_.take("agree_tos", account.agree_terms);
        take("eab_kid", account.eab_key_id);
        take("eab_hmac_key_file", account.eab_key_file);
        take("solver", plan.solver);
        section_.take("credentials", plan.dns.credentials);
        section_.take("resolver", plan.dns.resolver);
        section_.take("propagation", plan.dns.propagation);
        take_list("key_types", plan.key_types);
        take_key_reuse(plan);
        take("key_store", plan.key_store.place);
        take("passphrase_file", plan.key_store.passphrase_file);
        take("passphrase_command", plan.key_store.passphrase_command);
        take("passphrase_credential", plan.key_store.passphrase_credential);
        take("profile", plan.profile);
        take("required_profile", plan.required_profile);
        take("preferred_chain", plan.preferred_chain);
        take("renew_before", plan.renew_before);
        take("ca_timeout", plan.ca_timeout);
        take("pre_hook", plan.pre_hook);
        take("post_hook", plan.post_hook);
        take("failure_hook", plan.failure_hook);
        take_list("deploy_hooks", plan.deploy_hooks);
        take_list("deploy", plan.deploy_targets);
    }

    void take_own(DeclaredCertificate& certificate) {
        section_.take("name", certificate.lineage);
        take_list("names", certificate.plan.names);
        take("csr", certificate.plan.request_file);
        if (certificate.plan.names.empty() && !certificate.plan.request_file)
            section_.find("names", "must name at least one");
        if (certificate.plan.profile && certificate.plan.required_profile)
            section_.find("profile", "and required_profile exclude each other");
        if (certificate.account.eab_key_id.has_value() !=
            certificate.account.eab_key_file.has_value())
            section_.find("eab_kid", "and eab_hmac_key_file go together");
    }

    void report_unknown() const { section_.report_unknown(); }
    void find(const std::string& key, const std::string& what) const { section_.find(key, what); }

  private:
    void take(const std::string& key, std::optional<std::string>& target) {
        std::string text = target.value_or("");
        section_.take(key, text);
        if (section_.has(key)) target = std::move(text);
    }

    /// A list, or a text alone for a list of one.
    void take_list(const std::string& key, std::vector<std::string>& target) {
        const auto* node = table_ == nullptr ? nullptr : table_->get(key);
        if (node == nullptr || !node->is_string()) return section_.take(key, target);
        std::string text;
        section_.take(key, text);
        target = {std::move(text)};
    }

    void take_key_reuse(PlanOptions& plan) {
        bool is_reused = plan.reuse_key;
        section_.take("reuse_key", is_reused);
        if (!section_.has("reuse_key")) return;
        plan.reuse_key = is_reused;
        plan.fresh_key = !is_reused;
    }

    const toml::table* table_;
    base::TomlSection section_;
};

/// By which name two of them would be the same lineage.
std::string name_of(const DeclaredCertificate& certificate) {
    if (!certificate.lineage.empty() || certificate.plan.names.empty()) return certificate.lineage;
    auto name = certificate.plan.names.front();
    name = name.substr(0, name.find_first_of("=,"));
    return name.starts_with("*.") ? name.substr(2) : name;
}

std::vector<DeclaredCertificate> read(const toml::table& root, base::TomlReading& reading) {
    static constexpr std::array<std::string_view, 2> tables = {"certificate", "defaults"};
    for (const auto& [key, value] : root)
        if (std::ranges::find(tables, key.str()) == tables.end())
            reading.unknown.emplace_back(key.str());
    reading.keys.insert(tables.begin(), tables.end());

    DeclaredCertificate common;
    const auto* defaults = root.get("defaults");
    if (defaults != nullptr && !defaults->is_table())
        reading.findings.push_back({"defaults must be a table: [defaults]"});
    Reader reader(defaults == nullptr ? nullptr : defaults->as_table(), "defaults.", reading);
    reader.take_common(common);
    reader.report_unknown();

    std::vector<DeclaredCertificate> certificates;
    const auto* list = root.get_as<toml::array>("certificate");
    if (list == nullptr || list->empty()) {
        reading.findings.push_back({"there is no [[certificate]]"});
        return certificates;
    }
    if (list->size() > max_certificates) {
        reading.findings.push_back({fmt::format("there are more than {}", max_certificates)});
        return certificates;
    }
    for (const auto& node : *list) {
        const auto path = fmt::format("certificate[{}].", certificates.size() + 1);
        Reader own(node.as_table(), path, reading);
        auto& certificate = certificates.emplace_back(common);
        if (!node.is_table()) {
            own.find("names", "must be in a table: [[certificate]]");
            continue;
        }
        own.take_common(certificate);
        own.take_own(certificate);
        own.report_unknown();
        const auto name = name_of(certificate);
        if (!name.empty() && std::ranges::count(certificates, name, &name_of) > 1)
            own.find("name", fmt::format("{} is declared before", base::printable(name)));
    }
    return certificates;
}

}  // namespace

base::Result<std::vector<DeclaredCertificate>> declared_in(const std::string& text) {
    const auto root = base::parse_toml(text);
    if (!root) return std::unexpected(root.error());
    base::TomlReading reading;
    auto certificates = read(*root, reading);
    reading.report_unknown();
    if (reading.findings.empty()) return certificates;
    std::string all;
    for (const auto& finding : reading.findings)
        all += (all.empty() ? "" : "\n  ") + finding.message;
    return base::fail(all);
}

}  // namespace cairn
