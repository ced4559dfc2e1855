#include "apps/ca/issuer_commands.h"

#include <filesystem>
#include <iostream>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "apps/ca/brought_options.h"
#include "apps/ca/configuration.h"
#include "apps/ca/issuer_making.h"
#include "apps/ca/told_command.h"
#include "base/clock.h"
#include "crypto/key.h"
#include "crypto/random.h"

namespace cairn::apps {

namespace {

void print_issuer(const std::string& folder, const std::string& name, const MadeIssuer& made,
                  const char* what) {
    for (const auto& note : made.notes) std::cout << "Note: " << note << ".\n";
    if (!made.certificate) {
        std::cout << "Made a key and the request " << made.request_file.string()
                  << ".\nHave it certified by your root, as a CA with a path length of 0, and take "
                     "the answer by:\n  cairn-ca issuer install "
                  << folder << " " << name << " CHAIN.pem\n";
        if (!made.table.empty())
            std::cout << "Its key is in a token; add to ca.toml, before that:\n\n" << made.table;
        return;
    }
    std::cout << what << " the issuer \"" << made.certificate->subject_common_name()
              << "\", valid until " << base::to_rfc3339(made.certificate->not_after()) << ".\n";
    if (made.table.empty()) {
        std::cout << "ca.toml names it already: start the server, or send it SIGHUP.\n";
        return;
    }
    std::cout << "To use it, add to ca.toml, beside the issuers that are to stay, and send the "
                 "server SIGHUP:\n\n"
              << made.table;
}

boost::json::object issuer_answer(const std::string& name, const MadeIssuer& made) {
    boost::json::object answer{{"version", 1},
                               {"ok", true},
                               {"issuer", name},
                               {"notes", boost::json::array(made.notes.begin(), made.notes.end())}};
    if (made.certificate) {
        answer["subject"] = made.certificate->subject_common_name();
        answer["serial"] = made.certificate->serial().to_hex();
        answer["notAfter"] = base::to_rfc3339(made.certificate->not_after());
    } else {
        answer["request"] = made.request_file.string();
    }
    if (!made.table.empty()) answer["configuration"] = made.table;
    return answer;
}

}  // namespace

struct IssuerCommands::Given {
    std::filesystem::path folder;
    std::string name;
    std::string key_type = "ec-p256";
    BroughtFiles files;
    std::string life, common_name, organization, key_store = "file";
    PassphraseOptions passphrase;
    bool as_json = false;
    CLI::App *create = nullptr, *bring = nullptr, *request = nullptr, *install = nullptr;

    CLI::App* add(CLI::App& noun, const char* verb, const char* summary, const char* example) {
        auto* command = noun.add_subcommand(verb, summary);
        command->footer(example);
        command->add_option("DIR", folder, "Folder that `init` created")->required();
        command->add_option("NAME", name, "Lower-case letters, digits, hyphens")->required();
        command->add_flag("--json", as_json, "Answer with one JSON object");
        return command;
    }
    void add_key_type(CLI::App& to) {
        to.add_option("--key-type", key_type, "Kind of its key")
            ->check(CLI::IsMember({"ec-p256", "ec-p384", "rsa2048", "rsa3072", "rsa4096"}))
            ->capture_default_str();
    }
    void add_key_store(CLI::App& to) {
        to.add_option("--key-store", key_store,
                      "Where its key is made: file, pkcs11:URI (RFC 7512) or tpm2")
            ->type_name("file|pkcs11:URI|tpm2")
            ->capture_default_str();
    }
    void add_common_name(CLI::App& to, const char* usual) {
        to.add_option("--intermediate-name", common_name, usual);
    }

    [[nodiscard]] MadeIssuer make(const Configuration& configuration, base::Time now) const {
        const IssuerPlace place{.folder = folder,
                                .name = name,
                                .configuration = configuration,
                                .now = now,
                                .before_writing = [this](const IssuerAct& act) {
                                    const std::string verb = bring->parsed()     ? "import "
                                                             : install->parsed() ? "install "
                                                             : request->parsed() ? "csr "
                                                                                 : "create ";
                                    tell_of_command(
                                        folder, {},
                                        {.text = "issuer " + verb + name + ": " + act.detail,
                                         .certificates = act.certificates,
                                         .requests = act.requests});
                                }};
        auto brought = files;
        Findings findings;
        findings.attempt([&] { brought.passphrase = passphrase.source(); });
        std::optional<base::Seconds> wanted_life;
        if (!life.empty())
            findings.attempt([&] { wanted_life = duration_of("--intermediate-lifetime", life); });
        const auto store = IssuerKeyStore::from_text(key_store);
        if (!store) findings.add("--key-store: " + store.error().message);
        findings.throw_if_any();
        if (bring->parsed()) return import_issuer(place, std::move(brought));
        if (install->parsed()) return install_issuer(place, std::move(brought));
        const auto type = *crypto::key_type_from(key_type);
        if (request->parsed())
            return request_issuer(place, type,
                                  request->count("--intermediate-name") > 0 ? common_name : name,
                                  organization, *store);
        std::optional<std::string> wanted_name;
        if (create->count("--intermediate-name") > 0) wanted_name = common_name;
        crypto::SystemRandom random;
        return create_issuer(place, brought, type, wanted_life, wanted_name, *store, random);
    }
};

IssuerCommands::IssuerCommands(CLI::App& program) : given_(std::make_unique<Given>()) {
    auto& given = *given_;
    auto* noun = program.add_subcommand("issuer", "Make or take another issuer (intermediate)");
    noun->require_subcommand(1);

    given.create =
        given.add(*noun, "create", "Make a key and a certificate signed by a root, in pki/NAME.pem",
                  "Example: replace the issuer without an interruption\n"
                  "  cairn-ca issuer create /var/lib/cairn-ca intermediate-2\n"
                  "then name it in ca.toml as the command says, and send the server SIGHUP.");
    given.add_key_type(*given.create);
    given.add_key_store(*given.create);
    given.add_common_name(*given.create, "Its common name (that of the root, and NAME)");
    given.create->add_option("--intermediate-lifetime", given.life,
                             "How long it is valid (1825d, or as long as the root)");
    given.create->add_option("--root", given.files.certificates,
                             "The root: PEM, DER or PKCS#12 (DIR/pki/root.pem)");
    given.create->add_option(
        "--root-key", given.files.key,
        "Its private key in PEM, or its PKCS #11 URI (what DIR/pki/root-key.pem or\n"
        "root-key.uri say)");
    given.passphrase.add_to(*given.create);

    given.bring = given.add(
        *noun, "import", "Take an issuer that you have: its certificates and its key",
        "Example:\n  cairn-ca issuer import /var/lib/cairn-ca issuing-2027 "
        "--intermediate issuing.p12 --passphrase-file /run/keys/issuing\n"
        "A key that is encrypted stays so; ca.toml says where the passphrase comes from.");
    given.bring
        ->add_option("--intermediate", given.files.certificates,
                     "The intermediate, and what is above it: PEM, DER or PKCS#12")
        ->required();
    given.bring->add_option("--intermediate-key", given.files.key,
                            "Its private key in PEM (with PKCS#12 it is in --intermediate)");
    given.bring->add_option("--root", given.files.root, "The root, if it is not among those");
    given.passphrase.add_to(*given.bring);

    given.request = given.add(*noun, "csr",
                              "Make a key and a request in pki/NAME.csr, for a root kept elsewhere",
                              "Example:\n  cairn-ca issuer csr /var/lib/cairn-ca intermediate-2 "
                              "--intermediate-name \"Example Corp Intermediate 2\"");
    given.add_key_type(*given.request);
    given.add_key_store(*given.request);
    given.add_common_name(*given.request, "The common name that it asks for (NAME)");
    given.request->add_option("--organization", given.organization,
                              "The organization that it asks for (none)");

    given.install = given.add(
        *noun, "install", "Take the certificate that answers the request of `csr` or `init`",
        "Example:\n  cairn-ca issuer install /var/lib/cairn-ca intermediate chain.pem "
        "--root root.pem");
    given.install
        ->add_option("CHAIN", given.files.certificates,
                     "The certificate and those above it, in PEM")
        ->required();
    given.install->add_option("--root", given.files.root,
                              "The root, if it is neither among those nor in DIR/pki/root.pem");
    given.passphrase.add_to(*given.install);
}

IssuerCommands::~IssuerCommands() = default;

bool IssuerCommands::was_given() const {
    return given_->create->parsed() || given_->bring->parsed() || given_->request->parsed() ||
           given_->install->parsed();
}

int IssuerCommands::run() const {
    const base::SystemClock clock;
    const auto now = clock.now();
    const auto configuration = load_configuration(given_->folder, {}, now);
    const auto made = given_->make(configuration, now);
    const bool was_made = given_->create->parsed();
    if (given_->as_json)
        std::cout << boost::json::serialize(issuer_answer(given_->name, made)) << "\n";
    else
        print_issuer(given_->folder.string(), given_->name, made, was_made ? "Made" : "Took");
    std::cout.flush();
    if (std::cout) return 0;
    throw std::runtime_error("it is done, but the answer could not be written");
}

}  // namespace cairn::apps
