#include "apps/ca/init_command.h"

#include <iostream>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "apps/ca/brought_options.h"
#include "apps/ca/init.h"
#include "base/clock.h"
#include "crypto/key.h"
#include "crypto/random.h"

namespace cairn::apps {

namespace {

constexpr const char* examples =
    "Examples:\n"
    "  cairn-ca init /var/lib/cairn-ca --name \"Example Corp\" --host ca.example.com "
    "--listen 0.0.0.0:443\n"
    "An intermediate below a root that you have; the root's key is not copied:\n"
    "  cairn-ca init /var/lib/cairn-ca --root root.pem --root-key root-key.pem "
    "--passphrase-file /run/keys/root\n"
    "An intermediate that you have, in one file of PKCS#12:\n"
    "  cairn-ca init /var/lib/cairn-ca --intermediate issuing.p12 "
    "--passphrase-credential cairn-issuer\n"
    "Keys in a token, which they never leave:\n"
    "  cairn-ca init /var/lib/cairn-ca --key-store "
    "'pkcs11:token=ca?module-name=softhsm2&pin-source=file:/etc/cairn-ca/pin'\n"
    "A request for a root that is kept elsewhere:\n"
    "  cairn-ca init /var/lib/cairn-ca --csr-only && cat /var/lib/cairn-ca/pki/intermediate.csr";

boost::json::object init_answer(const InitOptions& options, const InitResult& result) {
    boost::json::object answer{
        {"version", 1},
        {"ok", true},
        {"name", options.name},
        {"folder", result.root_file.parent_path().parent_path().string()},
        {"directory", result.directory_url},
        {"notes", boost::json::array(result.notes.begin(), result.notes.end())}};
    if (!result.root_fingerprint.empty()) {
        answer["root"] = result.root_file.string();
        answer["rootFingerprint"] = result.root_fingerprint;
    }
    if (!result.request_file.empty()) answer["request"] = result.request_file.string();
    return answer;
}

void print_init(const InitOptions& options, const InitResult& result) {
    const auto folder = options.folder.string();
    std::cout << "Created the certificate authority \"" << options.name << "\".\n"
              << "  directory URL:     " << result.directory_url << "\n";
    if (!result.root_fingerprint.empty())
        std::cout << "  root certificate:  " << result.root_file.string() << "\n"
                  << "  SHA-256 of root:   " << result.root_fingerprint << "\n";
    else
        std::cout << "  request:           " << result.request_file.string() << "\n";
    for (const auto& note : result.notes) std::cout << "Note: " << note << ".\n";
    if (!result.request_file.empty()) {
        std::cout
            << "Have the request certified by your root, as a CA with a path length of 0, and "
               "take the answer by:\n  cairn-ca issuer install "
            << folder << " intermediate CHAIN.pem\n";
        return;
    }
    if (options.kind == ca::PolicyKind::public_ca)
        std::cout
            << "It will not start: this version lacks what the Baseline Requirements demand of "
               "a public CA;\n`cairn-ca serve "
            << folder << "` lists all of it.\n";
    else
        std::cout << "Start it with:  cairn-ca serve " << folder << "\n";
    if (options.start == InitOptions::Start::everything_new &&
        options.store.kind == IssuerKeyStore::Kind::pkcs11)
        std::cout << "The root's key is in the token, too, and the server does not need it: "
                     "pki/root-key.uri names it.\n";
    else if (options.start == InitOptions::Start::everything_new)
        std::cout
            << "The server does not need pki/root-key.pem: move it to a safe place offline.\n";
    if (options.start == InitOptions::Start::root_brought)
        std::cout << "The root's key was not copied, and the server does not need it.\n";
}

}  // namespace

struct InitCommand::Given {
    InitOptions options;
    std::string key_type = "ec-p256", key_store = "file";
    std::string root, root_key, intermediate, intermediate_key;
    std::string root_life, intermediate_life, certificate_life;
    std::string root_name, intermediate_name, organization;
    bool csr_only = false, as_json = false;
    PassphraseOptions passphrase;
    CLI::App* command = nullptr;

    void add_names_and_lives(CLI::App& to) {
        to.add_option("--root-name", root_name, "Common name of the root (NAME Root)");
        to.add_option("--intermediate-name", intermediate_name,
                      "Common name of the intermediate (NAME Intermediate 1)");
        to.add_option("--organization", organization, "Organization of both (NAME)");
        to.add_option("--root-lifetime", root_life, "How long the root is valid (3650d)");
        to.add_option("--intermediate-lifetime", intermediate_life,
                      "How long the intermediate is valid (1825d, or as long as the root)");
        to.add_option("--certificate-lifetime", certificate_life,
                      "How long certificates of profile \"default\" are valid (90d)");
    }
    void add_brought(CLI::App& to) {
        to.add_option("--root", root,
                      "A root that you have: PEM, DER or PKCS#12; with --intermediate, the root "
                      "that its chain leads to");
        to.add_option("--root-key", root_key,
                      "Its private key in PEM, by which the intermediate is signed; it is not "
                      "copied (with PKCS#12 it is in --root)");
        to.add_option("--intermediate", intermediate,
                      "An intermediate that you have, and what is above it: PEM, DER or PKCS#12");
        to.add_option("--intermediate-key", intermediate_key,
                      "Its private key in PEM (with PKCS#12 it is in --intermediate)");
        to.add_flag("--csr-only", csr_only,
                    "Make a key and pki/intermediate.csr, for a root that is kept elsewhere");
        passphrase.add_to(to);
    }

    /// What the options say; what is no choice stands in its `mistakes`.
    [[nodiscard]] InitOptions all() const {
        InitOptions all = options;
        all.key_type = *crypto::key_type_from(key_type);
        if (auto store = IssuerKeyStore::from_text(key_store))
            all.store = *std::move(store);
        else
            all.mistakes.push_back("--key-store: " + store.error().message);
        const auto take = [](std::optional<std::string>& target, const std::string& text,
                             const CLI::App& from, const char* flag) {
            if (from.count(flag) > 0) target = text;
        };
        take(all.root_name, root_name, *command, "--root-name");
        take(all.intermediate_name, intermediate_name, *command, "--intermediate-name");
        take(all.organization, organization, *command, "--organization");
        const auto attempt = [&all](const auto& part) {
            try {
                part();
            } catch (const std::runtime_error& error) {
                all.mistakes.emplace_back(error.what());
            }
        };
        const auto take_life = [&](std::optional<base::Seconds>& target, const std::string& text,
                                   const char* flag) {
            if (!text.empty()) attempt([&] { target = duration_of(flag, text); });
        };
        take_life(all.root_life, root_life, "--root-lifetime");
        take_life(all.intermediate_life, intermediate_life, "--intermediate-lifetime");
        take_life(all.certificate_life, certificate_life, "--certificate-lifetime");
        attempt([&] { all.brought.passphrase = passphrase.source(); });
        attempt([&] { take_start(all); });
        return all;
    }

    void take_start(InitOptions& all) const {
        using Start = InitOptions::Start;
        const auto refuse = [](const char* why) { throw std::runtime_error(why); };
        if (csr_only) {
            if (!(root + root_key + intermediate + intermediate_key).empty())
                refuse(
                    "--csr-only asks for a certificate that is not there yet: give it without "
                    "--root and --intermediate");
            all.start = Start::request_only;
        } else if (!intermediate.empty()) {
            if (!root_key.empty())
                refuse("--root-key: with --intermediate nothing is to be signed by the root");
            all.start = Start::intermediate_brought;
            all.brought.certificates = intermediate;
            all.brought.key = intermediate_key;
            all.brought.root = root;
        } else if (!intermediate_key.empty()) {
            refuse("--intermediate-key: wants --intermediate, its certificate");
        } else if (!root.empty()) {
            all.start = Start::root_brought;
            all.brought.certificates = root;
            all.brought.key = root_key;
        } else if (!root_key.empty()) {
            refuse("--root-key: wants --root, its certificate");
        }
    }
};

InitCommand::InitCommand(CLI::App& program) : given_(std::make_unique<Given>()) {
    auto& options = given_->options;
    auto* command = program.add_subcommand("init", "Create a certificate authority in a folder");
    given_->command = command;
    command->footer(examples);
    command->add_option("DIR", options.folder, "Folder to create")->required();
    command->add_option("--name", options.name, "What the CA's certificates are called")
        ->capture_default_str();
    command
        ->add_option("--host", options.hosts,
                     "Name or address under which clients reach the CA (may be repeated; the "
                     "first one makes the directory URL)")
        ->capture_default_str();
    command->add_option("--listen", options.listen, "ADDRESS:PORT to serve on")
        ->capture_default_str();
    auto* is_private = command->add_flag_callback(
        "--private", [&options] { options.kind = ca::PolicyKind::private_ca; },
        "For those who choose to trust it, useful on a company's network as it stands (what it is "
        "unless said)");
    command
        ->add_flag_callback(
            "--public", [&options] { options.kind = ca::PolicyKind::public_ca; },
            "For everybody: the Baseline Requirements hold, and nothing relaxes them; it does not "
            "start while something is missing that they demand")
        ->excludes(is_private);
    command->add_option("--key-type", given_->key_type, "Keys that are made")
        ->check(CLI::IsMember({"ec-p256", "ec-p384", "rsa2048", "rsa3072", "rsa4096"}))
        ->capture_default_str();
    command
        ->add_option("--key-store", given_->key_store,
                     "Where keys are made: in files, in a PKCS #11 token (RFC 7512, its PIN in a "
                     "file: pin-source=file:/PATH), or in the TPM")
        ->type_name("file|pkcs11:URI|tpm2")
        ->capture_default_str();
    given_->add_names_and_lives(*command);
    given_->add_brought(*command);
    command->add_flag("--json", given_->as_json, "Answer with one JSON object");
}

InitCommand::~InitCommand() = default;

bool InitCommand::was_given() const {
    return given_->command->parsed();
}

int InitCommand::run() const {
    const auto options = given_->all();
    const base::SystemClock clock;
    crypto::SystemRandom random;
    const auto result = init(options, clock, random);
    if (given_->as_json)
        std::cout << boost::json::serialize(init_answer(options, result)) << "\n";
    else
        print_init(options, result);
    std::cout.flush();
    if (std::cout) return 0;
    throw std::runtime_error("it is done, but the answer could not be written");
}

}  // namespace cairn::apps
