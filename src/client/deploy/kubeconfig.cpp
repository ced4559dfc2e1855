#include "client/deploy/kubeconfig.h"

#include <algorithm>
#include <string>

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include "crypto/base64.h"

namespace cairn::client {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_file = std::size_t{1} << 20;
constexpr std::size_t max_entries = 1000;
/// No kubeconfig nests deeper, and the library's reader calls itself for each level.
constexpr std::size_t max_nesting = 64;

std::string text_at(const YAML::Node& node, const char* key) {
    if (!node.IsMap()) return {};
    const auto value = node[key];
    return value && value.IsScalar() ? value.Scalar() : std::string();
}

/// The entry with this name of a list "NAME: [{name: ..., KIND: {...}}]".
base::Result<YAML::Node> entry_of(const YAML::Node& root, const char* list, const char* kind,
                                  const std::string& name) {
    const auto entries = root[list];
    if (entries && entries.IsSequence()) {
        std::size_t count = 0;
        for (const auto& entry : entries) {
            if (++count > max_entries) break;
            if (text_at(entry, "name") != name) continue;
            const auto found = entry[kind];
            if (found && found.IsMap()) return found;
        }
    }
    return base::fail(fmt::format("{}: none is named \"{}\"", list, base::printable(name)));
}

/// Base64, as "certificate-authority-data" has it.
base::Result<base::SecretBytes> data_at(const YAML::Node& node, const char* key) {
    auto text = text_at(node, key);
    if (text.empty()) return base::SecretBytes();
    const auto octets = crypto::from_base64(text);
    base::wipe({reinterpret_cast<std::uint8_t*>(text.data()), text.size()});
    if (!octets) return base::fail(fmt::format("{}: is no base64", key));
    return base::SecretBytes(octets->begin(), octets->end());
}

fs::path path_at(const YAML::Node& node, const char* key, const fs::path& folder) {
    const auto text = text_at(node, key);
    return text.empty() ? fs::path() : (folder / text).lexically_normal();
}

/// Whether anything in the text nests deeper than any kubeconfig: brackets, or steps of
/// indentation.
bool is_too_deep(std::string_view text) {
    std::size_t depth = 0;
    std::size_t line_marks = 0;
    bool is_indent = true;
    for (const char character : text) {
        if (character == '[' || character == '{') ++depth;
        if ((character == ']' || character == '}') && depth > 0) --depth;
        if (character == '\n') {
            is_indent = true;
            line_marks = 0;
        } else if (is_indent && (character == '-' || character == '?' || character == ':')) {
            // "- - - -" opens a list in a list on one line.
            ++line_marks;
        } else if (character != ' ') {
            is_indent = false;
        }
        if (depth > max_nesting || line_marks > max_nesting) return true;
    }
    return false;
}

base::Result<KubeAccess> read(const YAML::Node& root, const std::string& wanted,
                              const fs::path& folder) {
    if (!root.IsMap()) return base::fail("is no kubeconfig");
    const auto name = wanted.empty() ? text_at(root, "current-context") : wanted;
    if (name.empty()) return base::fail("current-context: is missing; say context=NAME");
    const auto context = entry_of(root, "contexts", "context", name);
    if (!context) return std::unexpected(context.error());
    const auto cluster = entry_of(root, "clusters", "cluster", text_at(*context, "cluster"));
    if (!cluster) return std::unexpected(cluster.error());
    const auto user = entry_of(root, "users", "user", text_at(*context, "user"));
    if (!user) return std::unexpected(user.error());
    KubeAccess access{.server = text_at(*cluster, "server"),
                      .space = text_at(*context, "namespace")};
    if (access.server.empty()) return base::fail("server: is missing");
    if (text_at(*cluster, "insecure-skip-tls-verify") == "true")
        return base::fail(
            "insecure-skip-tls-verify: the server would get the key unverified; give "
            "certificate-authority instead");
    for (const auto* program : {"exec", "auth-provider"})
        if ((*user)[program])
            return base::fail(
                fmt::format("{}: programs are not run; give a token of a service "
                            "account or a client certificate",
                            program));
    const auto root_data = data_at(*cluster, "certificate-authority-data");
    const auto chain = data_at(*user, "client-certificate-data");
    auto key = data_at(*user, "client-key-data");
    for (const auto* part : {&root_data, &chain})
        if (!*part) return std::unexpected(part->error());
    if (!key) return std::unexpected(key.error());
    access.root_pem = std::string(base::text_of(base::BytesView(*root_data)));
    access.root_file = path_at(*cluster, "certificate-authority", folder);
    access.chain_pem = std::string(base::text_of(base::BytesView(*chain)));
    access.chain_file = path_at(*user, "client-certificate", folder);
    access.key_pem = std::move(*key);
    access.key_file = path_at(*user, "client-key", folder);
    const auto token = text_at(*user, "token");
    access.token.assign(token.begin(), token.end());
    access.token_file = path_at(*user, "tokenFile", folder);
    return access;
}

}  // namespace

base::Result<KubeAccess> kube_access_from(std::string_view text, const std::string& context,
                                          const fs::path& folder) {
    if (text.size() > max_file) return base::fail("is larger than any kubeconfig");
    if (is_too_deep(text)) return base::fail("nests deeper than any kubeconfig");
    try {
        return read(YAML::Load(std::string(text)), context, folder);
    } catch (const YAML::Exception& error) {
        // Its message may quote the file; where it is says enough.
        return base::fail(fmt::format("line {}: cannot be read as YAML", error.mark.line + 1));
    }
}

}  // namespace cairn::client
