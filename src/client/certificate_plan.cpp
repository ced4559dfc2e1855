#include "client/certificate_plan.h"

#include <algorithm>
#include <array>
#include <memory>

#include <fmt/format.h>
#include <idn2.h>

#include "base/base64url.h"
#include "base/duration.h"
#include "base/ip_address.h"
#include "base/json_quoted.h"
#include "client/certificate_request.h"
#include "client/durable_file.h"
#include "client/state_directory.h"
#include "protocol/json.h"
#include "protocol/order.h"

namespace cairn::client {
namespace {

constexpr std::size_t max_plan_file = std::size_t{1} << 20;

bool is_ascii(std::string_view text) {
    return std::ranges::all_of(text, [](unsigned char octet) { return octet < 0x80; });
}

/// True if transitional and non-transitional processing make different names of the label.
bool has_deviation(std::string_view label) {
    // Sharp s, small and capital, final sigma, ZWNJ, ZWJ (UTS 46 section 2.3).
    return std::ranges::any_of(
        std::to_array<std::string_view>({"\u00df", "\u1e9e", "\u03c2", "\u200c", "\u200d"}),
        [&](std::string_view character) { return label.contains(character); });
}

/// A label as people write it, as an A-label. UTS 46 non-transitional, as browsers do.
base::Result<std::string> to_a_label(std::string_view label) {
    if (is_ascii(label)) return std::string(label);
    const std::string unicode(label);
    const auto convert = [&](int processing) -> base::Result<std::string> {
        char* output = nullptr;
        const int status = idn2_to_ascii_8z(unicode.c_str(), &output, IDN2_NFC_INPUT | processing);
        const std::unique_ptr<char, decltype(&idn2_free)> owner(output, &idn2_free);
        if (status != IDN2_OK) return base::fail(idn2_strerror(status));
        return std::string(output);
    };
    auto converted = convert(IDN2_NONTRANSITIONAL);
    // libidn2 checks the outcome by IDNA2008, which has no emoji, unless it is asked for the other
    // processing, which differs in a few characters only.
    if (!converted && !has_deviation(label)) {
        if (auto other = convert(IDN2_TRANSITIONAL)) return other;
    }
    return converted;
}

/// A name as people write it, in A-labels.
base::Result<std::string> to_a_labels(std::string_view name) {
    std::string result;
    while (true) {
        const auto dot = name.find('.');
        auto label = to_a_label(name.substr(0, dot));
        if (!label) return label;
        result += *label;
        if (dot == std::string_view::npos) return result;
        result += '.';
        name.remove_prefix(dot + 1);
    }
}

/// As people write and paste names and addresses: with blanks around, in brackets, with a final
/// dot.
base::Result<protocol::Identifier> identifier_from(std::string_view text) {
    constexpr std::string_view blanks = " \t\r\n";
    const auto first = std::min(text.find_first_not_of(blanks), text.size());
    text = text.substr(first, text.find_last_not_of(blanks) + 1 - first);
    auto address_text = text;
    if (text.starts_with('[') && text.ends_with(']'))
        address_text = text.substr(1, text.size() - 2);
    if (const auto address = base::IpAddress::from_lenient_text(address_text))
        return protocol::Identifier::of(*address);
    if (text.contains("://")) return base::fail("it is a URL; give the name in it alone");
    if (text.size() > 1 && text.ends_with('.')) text.remove_suffix(1);
    const auto name = to_a_labels(text);
    if (!name) return std::unexpected(name.error());
    return protocol::Identifier::dns(*name);
}

base::Result<std::vector<RequestedName>> read_names(protocol::MemberReader& reader) {
    std::vector<RequestedName> names;
    const auto* array = reader.array("names");
    if (array == nullptr || array->empty()) return base::fail("names: missing");
    if (array->size() > protocol::NewOrderRequest::max_identifiers)
        return base::fail("names: too many");
    for (const auto& element : *array) {
        const auto* object = element.if_object();
        if (object == nullptr) return base::fail("names: not a list of objects");
        protocol::MemberReader member(*object);
        const auto name = member.required_text("name");
        const auto solver = member.required_text("solver");
        if (member.error()) return std::unexpected(member.error()->within("names"));
        auto identifier = identifier_from(name);
        if (!identifier) return std::unexpected(identifier.error().within("names"));
        if (std::ranges::find(names, *identifier, &RequestedName::identifier) != names.end())
            return base::fail(fmt::format("names: {} stands twice", identifier->value()));
        names.push_back({std::move(*identifier), std::string(solver)});
    }
    return names;
}

/// What a list of objects holds, each read by `read`; nothing if the member is missing.
template <class T>
std::vector<T> read_list(protocol::MemberReader& reader, std::string_view name,
                         T (*read)(protocol::MemberReader&)) {
    std::vector<T> list;
    const auto* array = reader.array(name);
    if (array == nullptr) return list;
    if (array->empty()) reader.refuse(name, "empty");
    if (array->size() > CertificatePlan::max_choices) {
        reader.refuse(name, "too many");
        return list;
    }
    for (const auto& element : *array) {
        const auto* object = element.if_object();
        if (object == nullptr) {
            reader.refuse(name, "not a list of objects");
            return list;
        }
        protocol::MemberReader member(*object);
        auto value = read(member);
        if (member.error()) reader.refuse(name, member.error()->message);
        if (std::ranges::find(list, value) != list.end())
            reader.refuse(name, "something stands in it twice");
        list.push_back(std::move(value));
    }
    return list;
}

/// Refuses a plan that says the same in both ways: it would not be clear which counts.
void refuse_both(protocol::MemberReader& reader, const boost::json::object& object,
                 std::string_view one, std::string_view several) {
    if (object.contains(one) && object.contains(several))
        reader.refuse(several, fmt::format("{} stands beside it; give one of the two", one));
}

Authority read_authority(protocol::MemberReader& reader) {
    return {std::string(reader.required_text("ca")), reader.text_or_empty("ca_root")};
}

DeployTarget read_target(protocol::MemberReader& reader) {
    DeployTarget target{reader.text_or_empty("hook"), reader.text_or_empty("target")};
    if (target.hook.empty() == target.target.empty())
        reader.refuse("hook", "either it or target has to be there");
    return target;
}

std::vector<Authority> read_authorities(protocol::MemberReader& reader,
                                        const boost::json::object& object) {
    refuse_both(reader, object, "ca", "cas");
    if (!object.contains("cas")) return {read_authority(reader)};
    return read_list(reader, "cas", &read_authority);
}

std::vector<DeployTarget> read_targets(protocol::MemberReader& reader,
                                       const boost::json::object& object) {
    refuse_both(reader, object, "deploy_hook", "deploy");
    if (object.contains("deploy")) return read_list(reader, "deploy", &read_target);
    if (auto hook = reader.text_or_empty("deploy_hook"); !hook.empty())
        return {DeployTarget{std::move(hook)}};
    return {};
}

std::vector<crypto::KeyType> read_key_types(protocol::MemberReader& reader,
                                            const boost::json::object& object) {
    refuse_both(reader, object, "key_type", "key_types");
    const bool has_list = object.contains("key_types");
    const std::string_view name = has_list ? "key_types" : "key_type";
    const auto texts = has_list ? reader.texts(name, CertificatePlan::max_choices)
                                : std::vector{std::string(reader.required_text(name))};
    std::vector<crypto::KeyType> types;
    for (const auto& text : texts) {
        const auto type = crypto::key_type_from(text);
        if (!type)
            reader.refuse(name, type.error().message);
        else if (std::ranges::find(types, *type) != types.end())
            reader.refuse(name, "something stands in it twice");
        else
            types.push_back(*type);
    }
    if (types.empty()) reader.refuse(name, "empty");
    return types;
}

/// The profile, and how badly it is wanted.
void read_profile(protocol::MemberReader& reader, const boost::json::object& object,
                  CertificatePlan& plan) {
    refuse_both(reader, object, "profile", "required_profile");
    plan.profile = reader.text_or_empty("profile");
    if (auto required = reader.text_or_empty("required_profile"); !required.empty()) {
        plan.profile = std::move(required);
        plan.profile_demand = ProfileDemand::required;
    }
}

std::string read_account(protocol::MemberReader& reader) {
    auto account = reader.text_or_empty("account");
    if (account.empty()) return account;
    if (const auto name = LineageName::from_text(account); !name)
        reader.refuse("account", name.error().message);
    return account;
}

std::optional<RenewBefore> read_renew_before(protocol::MemberReader& reader) {
    const auto text = reader.text("renew_before");
    if (!text) return std::nullopt;
    auto read = RenewBefore::from_text(*text);
    if (read) return std::move(*read);
    reader.refuse("renew_before", read.error().message);
    return std::nullopt;
}

std::optional<base::Seconds> read_ca_timeout(protocol::MemberReader& reader) {
    const auto text = reader.text("ca_timeout");
    if (!text) return std::nullopt;
    const auto read = ca_timeout_from(*text);
    if (read) return *read;
    reader.refuse("ca_timeout", read.error().message);
    return std::nullopt;
}

KeyStore read_key_store(protocol::MemberReader& reader) {
    const auto text = reader.text("key_store");
    if (!text) return {};
    auto store = KeyStore::from_text(*text);
    if (store) return *std::move(store);
    reader.refuse("key_store", store.error().message);
    return {};
}

/// The request from elsewhere, which must be for the names and the key of the plan.
void read_csr(protocol::MemberReader& reader, CertificatePlan& plan) {
    const auto text = reader.text("csr");
    if (!text) return;
    const auto der = base::from_base64url(*text);
    const auto request = der ? CertificateRequest::from_octets(*der) : std::unexpected(der.error());
    if (!request)
        reader.refuse("csr", request.error().message);
    else if (sorted_values(request->identifiers()) != sorted_values(plan.identifiers()))
        reader.refuse("csr", "it is for other names");
    else if (plan.key_types != std::vector{request->key_type()})
        reader.refuse("csr", fmt::format("the type of its key is {}",
                                         crypto::to_string(request->key_type())));
    else
        plan.csr = request->der();
}

}  // namespace

base::Result<RequestedName> RequestedName::from_text(std::string_view text,
                                                     std::string_view default_solver) {
    const auto equals = text.find('=');
    const auto name = text.substr(0, equals);
    auto identifier = identifier_from(name);
    if (!identifier)
        return std::unexpected(
            identifier.error().within(fmt::format("the name \"{}\"", base::printable(name))));
    const auto solver = equals == std::string_view::npos ? default_solver : text.substr(equals + 1);
    return RequestedName{std::move(*identifier), std::string(solver)};
}

base::Result<base::Seconds> ca_timeout_from(std::string_view text) {
    const auto duration = base::duration_from(text);
    if (duration && *duration > CertificatePlan::max_ca_timeout)
        return base::fail(
            fmt::format("is longer than {}; the next run goes on with an order that takes longer",
                        base::duration_text(CertificatePlan::max_ca_timeout)));
    return duration;
}

std::vector<protocol::Identifier> CertificatePlan::identifiers() const {
    std::vector<protocol::Identifier> identifiers;
    identifiers.reserve(names.size());
    for (const auto& name : names) identifiers.push_back(name.identifier);
    return identifiers;
}

const Authority* CertificatePlan::find_authority(std::string_view directory_url) const {
    const auto found = std::ranges::find(authorities, directory_url, &Authority::directory_url);
    return found == authorities.end() ? nullptr : &*found;
}

std::string CertificatePlan::to_json() const {
    const auto quoted = [](std::string_view text) { return base::json_quoted(text); };
    std::string text = "{\n";
    if (authorities.size() == 1) {
        const auto& authority = authorities.front();
        text += fmt::format("  \"ca\": {},\n", quoted(authority.directory_url));
        if (!authority.root_file.empty())
            text += fmt::format("  \"ca_root\": {},\n", quoted(authority.root_file));
    } else {
        text += "  \"cas\": [\n";
        for (const auto& authority : authorities) {
            const auto root = authority.root_file.empty()
                                  ? std::string()
                                  : fmt::format(", \"ca_root\": {}", quoted(authority.root_file));
            text += fmt::format("    {{\"ca\": {}{}}}{}\n", quoted(authority.directory_url), root,
                                &authority == &authorities.back() ? "" : ",");
        }
        text += "  ],\n";
    }
    text += "  \"names\": [\n";
    for (const auto& name : names)
        text +=
            fmt::format("    {{\"name\": {}, \"solver\": {}}}{}\n", quoted(name.identifier.value()),
                        quoted(name.solver), &name == &names.back() ? "" : ",");
    text += "  ],\n";
    const auto add_text = [&](std::string_view name, std::string_view value) {
        if (!value.empty()) text += fmt::format("  \"{}\": {},\n", name, quoted(value));
    };
    const bool is_required = profile_demand == ProfileDemand::required;
    add_text(is_required ? "required_profile" : "profile", profile);
    add_text("preferred_chain", preferred_chain);
    add_text("account", account);
    if (renew_before) add_text("renew_before", renew_before->text());
    if (ca_timeout) add_text("ca_timeout", base::duration_text(*ca_timeout));
    add_text("csr", base::base64url(csr));
    add_text("pre_hook", pre_hook);
    add_text("post_hook", post_hook);
    add_text("failure_hook", failure_hook);
    const bool is_one_hook = deploy_targets.size() == 1 && deploy_targets.front().is_program();
    if (is_one_hook)
        text += fmt::format("  \"deploy_hook\": {},\n", quoted(deploy_targets.front().hook));
    if (!deploy_targets.empty() && !is_one_hook) {
        text += "  \"deploy\": [\n";
        for (const auto& target : deploy_targets)
            text +=
                fmt::format("    {{\"{}\": {}}}{}\n", target.is_program() ? "hook" : "target",
                            quoted(target.text()), &target == &deploy_targets.back() ? "" : ",");
        text += "  ],\n";
    }
    if (key_types.size() == 1) {
        text += fmt::format("  \"key_type\": {},\n", quoted(crypto::to_string(key_types.front())));
    } else {
        std::string types;
        for (const auto type : key_types)
            types += (types.empty() ? "" : ", ") + quoted(crypto::to_string(type));
        text += fmt::format("  \"key_types\": [{}],\n", types);
    }
    if (key_store != KeyStore()) add_text("key_store", key_store.text());
    text += fmt::format("  \"reuse_key\": {}\n}}\n", key_reuse == KeyReuse::same_key);
    return text;
}

base::Result<CertificatePlan> CertificatePlan::from_json(base::BytesView json) {
    const auto object = protocol::parse_json_object(json);
    if (!object) return std::unexpected(object.error());
    protocol::MemberReader reader(*object);
    CertificatePlan plan;
    plan.authorities = read_authorities(reader, *object);
    read_profile(reader, *object, plan);
    plan.preferred_chain = reader.text_or_empty("preferred_chain");
    plan.account = read_account(reader);
    plan.renew_before = read_renew_before(reader);
    plan.ca_timeout = read_ca_timeout(reader);
    plan.pre_hook = reader.text_or_empty("pre_hook");
    plan.post_hook = reader.text_or_empty("post_hook");
    plan.failure_hook = reader.text_or_empty("failure_hook");
    plan.deploy_targets = read_targets(reader, *object);
    plan.key_types = read_key_types(reader, *object);
    if (reader.boolean("reuse_key").value_or(false)) plan.key_reuse = KeyReuse::same_key;
    plan.key_store = read_key_store(reader);
    auto names = read_names(reader);
    if (reader.error()) return std::unexpected(*reader.error());
    if (!names) return std::unexpected(names.error());
    plan.names = std::move(*names);
    read_csr(reader, plan);
    if (reader.error()) return std::unexpected(*reader.error());
    return plan;
}

base::Result<CertificatePlan> CertificatePlan::read(const std::filesystem::path& file) {
    const auto text = read_file(file, max_plan_file);
    if (!text) return std::unexpected(text.error());
    auto plan = from_json(base::bytes_of(*text));
    if (!plan) return std::unexpected(plan.error().within(file.string()));
    return plan;
}

bool asks_for_must_staple(const std::filesystem::path& plan_file) {
    const auto text = read_file(plan_file, max_plan_file);
    if (!text) return false;
    const auto object = protocol::parse_json_object(base::bytes_of(*text));
    return object && protocol::MemberReader(*object).boolean("must_staple").value_or(false);
}

std::vector<std::string> sorted_values(const std::vector<protocol::Identifier>& identifiers) {
    std::vector<std::string> values;
    values.reserve(identifiers.size());
    for (const auto& identifier : identifiers) values.push_back(identifier.value());
    std::ranges::sort(values);
    const auto repeated = std::ranges::unique(values);
    values.erase(repeated.begin(), repeated.end());
    return values;
}

}  // namespace cairn::client
