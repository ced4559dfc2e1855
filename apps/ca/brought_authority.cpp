#include "apps/ca/brought_authority.h"

#include <algorithm>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <utility>

#include "apps/command_line/files.h"
#include "crypto/encrypted_key.h"
#include "crypto/key_weakness.h"
#include "crypto/tpm2/key.h"
#include "pki/crl_lint.h"
#include "pki/name_constraints.h"
#include "pki/pkcs12.h"

namespace cairn::apps {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t longest_file = std::size_t{1} << 20U;
constexpr std::size_t most_certificates = 100;

std::string quoted(const pki::Certificate& certificate) {
    return "\"" + base::printable(certificate.subject_common_name(), 80) + "\"";
}

/// What files hold, before anything is made of it.
struct Contents {
    std::vector<pki::Certificate> certificates;
    std::optional<IssuerKey> key;
    base::SecretBytes passphrase;
};

/// Reads files once each, and the passphrase when the first of them wants it.
class Reader {
  public:
    Reader(const BroughtFiles& files, Findings& findings) : files_(files), findings_(findings) {}

    /// The certificates of a file, and its key where `wants_key`.
    void take(const fs::path& path, bool wants_key, Contents& contents) {
        base::SecretBytes octets;
        try {
            const auto text = read_file(path, longest_file);
            const auto view = base::bytes_of(text);
            octets.assign(view.begin(), view.end());
        } catch (const std::runtime_error& error) {
            findings_.add(error.what());
            return;
        }
        if (pki::is_pkcs12(octets))
            take_pkcs12(path, octets, wants_key, contents);
        else if (!octets.empty() && octets.front() == 0x30)
            take_der(path, octets, contents);
        else
            take_pem(path, base::text_of(octets), wants_key, contents);
    }
    /// The key of a file that has nothing else to give.
    void take_key(const fs::path& path, Contents& contents) {
        if (crypto::Pkcs11Uri::is_one(path.native())) {
            try {
                contents.key = IssuerKey::of_token(path);
            } catch (const std::runtime_error& error) {
                findings_.add(error.what());
            }
            return;
        }
        Contents own;
        const auto before = findings_.size();
        take(path, true, own);
        if (own.key) {
            contents.key = std::move(own.key);
            contents.passphrase = std::move(own.passphrase);
        } else if (findings_.size() == before) {
            findings_.add(path.string() + ": has no private key in PEM or PKCS#12");
        }
        // A bundle of both is welcome in either place.
        contents.certificates.insert(contents.certificates.end(), own.certificates.begin(),
                                     own.certificates.end());
    }
    /// Whether the passphrase was of use.
    [[nodiscard]] bool has_used_passphrase() const { return passphrase_.has_value(); }

  private:
    /// Null if it cannot be had; then why is among the findings.
    const base::SecretBytes* passphrase_for(const fs::path& path) {
        if (passphrase_) return &*passphrase_;
        if (!files_.passphrase.is_there()) {
            findings_.add(path.string() +
                          ": is encrypted: say where its passphrase comes from, by "
                          "--passphrase-file, --passphrase-command or --passphrase-credential");
            return nullptr;
        }
        try {
            passphrase_ = crypto::read_passphrase(files_.passphrase, fs::current_path());
        } catch (const std::runtime_error& error) {
            findings_.add(path.string() + ": " + error.what());
            return nullptr;
        }
        return &*passphrase_;
    }
    void take_pkcs12(const fs::path& path, base::BytesView octets, bool wants_key,
                     Contents& contents) {
        base::SecretBytes passphrase;
        if (!pki::opens_without_passphrase(octets)) {
            // What is wrong with the file itself is told before its passphrase is asked for.
            const auto plain = pki::read_pkcs12(octets, {});
            if (!plain && !plain.error().message.contains("no passphrase")) {
                findings_.add(path.string() + ": " + plain.error().message);
                return;
            }
            const auto* given = passphrase_for(path);
            if (given == nullptr) return;
            passphrase = *given;
        }
        auto read = pki::read_pkcs12(octets, passphrase);
        if (!read) {
            findings_.add(path.string() + ": " + read.error().message);
            return;
        }
        contents.certificates.insert(contents.certificates.end(), read->certificates.begin(),
                                     read->certificates.end());
        if (!wants_key) return;
        contents.key = read->key;
        contents.passphrase = std::move(passphrase);
    }
    void take_der(const fs::path& path, base::BytesView octets, Contents& contents) {
        auto certificate = pki::Certificate::from_der(octets);
        if (certificate)
            contents.certificates.push_back(*std::move(certificate));
        else
            findings_.add(path.string() +
                          ": is neither PEM, nor PKCS#12, nor a certificate in DER (" +
                          certificate.error().message + ")");
    }
    void take_pem(const fs::path& path, std::string_view text, bool wants_key, Contents& contents) {
        constexpr std::string_view begin = "-----BEGIN CERTIFICATE-----";
        constexpr std::string_view end = "-----END CERTIFICATE-----";
        std::size_t number = 0;
        for (auto at = text.find(begin); at != std::string_view::npos;
             at = text.find(begin, at + begin.size())) {
            ++number;
            const auto stop = text.find(end, at);
            auto certificate = pki::Certificate::from_pem(
                text.substr(at, stop == std::string_view::npos ? stop : stop + end.size() - at));
            if (!certificate || number > most_certificates) {
                findings_.add(path.string() + ": certificate " + std::to_string(number) + ": " +
                              (certificate ? "there are too many" : certificate.error().message));
                return;
            }
            contents.certificates.push_back(*std::move(certificate));
        }
        const bool has_key = text.contains("PRIVATE KEY-----");
        if (wants_key && has_key)
            take_pem_key(path, text, contents);
        else if (number == 0 && !wants_key)
            findings_.add(
                path.string() + ": has no certificate in PEM" +
                (text.contains("BEGIN CERTIFICATE REQUEST") ? ", but a request for one" : ""));
    }
    void take_pem_key(const fs::path& path, std::string_view text, Contents& contents) {
        if (text.contains(crypto::Tpm2Key::pem_label)) {
            auto wrapped = IssuerKey::of_tpm(text, {});
            if (wrapped)
                contents.key = *std::move(wrapped);
            else
                findings_.add(path.string() + ": " + wrapped.error().message);
            return;
        }
        const bool is_sealed = crypto::has_encrypted_key(text);
        const auto* passphrase = is_sealed ? passphrase_for(path) : nullptr;
        if (is_sealed && passphrase == nullptr) return;
        auto key = is_sealed ? crypto::encrypted_key_from_pem(text, *passphrase)
                             : crypto::PrivateKey::from_pem(text);
        if (!key) {
            findings_.add(path.string() + ": " + key.error().message);
            return;
        }
        contents.key = *key;
        if (is_sealed) contents.passphrase = *passphrase;
    }

    const BroughtFiles& files_;
    Findings& findings_;
    std::optional<base::SecretBytes> passphrase_;
};

/// The certificates from that of `key` up to a self-signed one; nothing if it is not to be found.
std::optional<pki::Chain> chain_from(const std::vector<pki::Certificate>& certificates,
                                     const crypto::PublicKey& key, const BroughtFiles& files,
                                     Findings& findings) {
    const auto own = std::ranges::find(certificates, key, &pki::Certificate::public_key);
    if (own == certificates.end()) {
        std::string subjects;
        for (const auto& certificate : certificates)
            subjects += (subjects.empty() ? "" : ", ") + quoted(certificate);
        findings.add((files.key.empty() ? files.certificates : files.key).string() +
                     ": the private key belongs to no certificate of " +
                     files.certificates.string() +
                     (subjects.empty() ? "" : ", which has those of " + subjects));
        return std::nullopt;
    }
    pki::Chain chain{*own};
    while (!chain.back().is_self_signed()) {
        const auto above = std::ranges::find_if(certificates, [&](const auto& candidate) {
            return chain.back().is_signed_by(candidate) &&
                   std::ranges::find(chain, candidate) == chain.end();
        });
        if (above == certificates.end()) {
            findings.add(files.certificates.string() + ": " + quoted(chain.back()) +
                         " was issued by \"" +
                         base::printable(chain.back().issuer_common_name(), 80) +
                         "\", whose certificate is not there: put it into that file, or name it by "
                         "--root");
            return std::nullopt;
        }
        chain.push_back(*above);
    }
    return chain;
}

void check_dates(const pki::Chain& chain, base::Time now, Findings& findings) {
    for (const auto& certificate : chain) {
        if (now < certificate.not_before())
            findings.add(quoted(certificate) + " is not valid before " +
                         base::to_rfc3339(certificate.not_before()) + "; it is " +
                         base::to_rfc3339(now) + " now");
        else if (now >= certificate.not_after())
            findings.add(quoted(certificate) + " expired at " +
                         base::to_rfc3339(certificate.not_after()));
    }
}

void check_keys(const pki::Chain& chain, Findings& findings) {
    for (const auto& certificate : chain)
        if (const auto weakness = crypto::key_weakness(certificate.public_key()))
            findings.add("the key of " + quoted(certificate) + ": " + *weakness);
}

/// What a public CA must be beyond that.
void check_public(const pki::Chain& chain, const WantedUse& use, Findings& findings) {
    if (use.kind != ca::PolicyKind::public_ca) return;
    for (const auto& certificate : chain)
        if (certificate.public_key().algorithm() == crypto::KeyAlgorithm::ed25519)
            findings.add("the key of " + quoted(certificate) +
                         " is Ed25519, which no certificate of a public CA holds (BR 6.1.5)");
    if (use.role == WantedUse::Role::issuer &&
        pki::permits_purpose(chain, pki::KeyPurpose::client_auth))
        findings.add(quoted(chain.front()) +
                     " may certify more than TLS servers, which a public CA's may not "
                     "(extendedKeyUsage, Chrome Root Program 1.8)");
}

/// What would keep verifiers from accepting what the authority signs.
void check_use(const pki::Chain& chain, const WantedUse& use, Findings& findings) {
    const auto before = findings.size();
    if (use.role == WantedUse::Role::issuer && chain.size() == 1)
        findings.add(quoted(chain.front()) +
                     " is a root: give it by --root and --root-key, and an intermediate is made "
                     "below it");
    if (!chain.front().subject_key_id())
        findings.add(quoted(chain.front()) +
                     " has no subjectKeyIdentifier, by which what it issues refers to it (RFC 5280 "
                     "section 4.2.1.2)");
    if (const auto sound = pki::check_authorities(chain); !sound)
        findings.add(sound.error().message);
    else
        check_public(chain, use, findings);
    check_dates(chain, use.now, findings);
    check_keys(chain, findings);
    for (const auto& certificate : chain)
        if (const auto constraints = pki::NameConstraints::of(certificate); !constraints)
            findings.add(quoted(certificate) + ": " + constraints.error().message);
    if (findings.size() != before) return;
    // Whatever OpenSSL finds beyond that: signatures by SHA-1, constraints among the authorities.
    const std::vector roots{chain.back()};
    if (const auto verified = pki::verify_authorities(chain, roots, use.now); !verified)
        findings.add(quoted(chain.front()) + ": " + verified.error().message);
}

std::vector<std::string> notes_of(const pki::Chain& chain, const WantedUse& use) {
    std::vector<std::string> notes;
    for (const auto& certificate : chain) {
        const auto constraints = pki::NameConstraints::of(certificate);
        if (constraints && constraints->has_any())
            notes.push_back(quoted(certificate) +
                            " lets certificates name: " + constraints->text());
    }
    for (const auto& certificate : chain)
        if (!certificate.authority_key_id() && !certificate.is_self_signed())
            notes.push_back(quoted(certificate) +
                            " has no authorityKeyIdentifier (RFC 5280 section 4.2.1.1), so that "
                            "strict verifiers, as those of Python 3.13, refuse its chain");
    if (use.role == WantedUse::Role::issuer && !pki::may_sign_crls(chain.front()))
        notes.push_back(quoted(chain.front()) +
                        " may not sign revocation lists (keyUsage), so that its certificates name "
                        "none");
    return notes;
}

}  // namespace

std::optional<BroughtAuthority> load_brought(const BroughtFiles& files, const WantedUse& use,
                                             Findings& findings) {
    const auto before = findings.size();
    Contents contents;
    Reader reader(files, findings);
    const bool is_one_file = files.key.empty() || files.key == files.certificates;
    reader.take(files.certificates, is_one_file, contents);
    if (!is_one_file)
        reader.take_key(files.key, contents);
    else if (!contents.key && findings.size() == before)
        findings.add(files.certificates.string() + ": has no private key; name its file by " +
                     (use.role == WantedUse::Role::issuer ? "--intermediate-key" : "--root-key"));
    Contents roots;
    if (!files.root.empty() && files.root != files.certificates)
        reader.take(files.root, false, roots);
    if (findings.size() != before) return std::nullopt;
    if (files.passphrase.is_there() && !reader.has_used_passphrase())
        findings.add(
            "a passphrase is given, and the private key is not encrypted: encrypt it, or give "
            "none");
    auto& all = contents.certificates;
    all.insert(all.end(), roots.certificates.begin(), roots.certificates.end());
    std::error_code ignored;
    if (!files.known_root.empty() && fs::exists(files.known_root, ignored))
        if (auto known = pki::Certificate::from_pem(read_file(files.known_root)))
            all.push_back(*std::move(known));
    auto chain = chain_from(all, contents.key->public_key(), files, findings);
    if (!chain) return std::nullopt;
    check_use(*chain, use, findings);
    if (!roots.certificates.empty() &&
        std::ranges::find(roots.certificates, chain->back()) == roots.certificates.end())
        findings.add("the chain leads to " + quoted(chain->back()) + ", not to " +
                     quoted(roots.certificates.front()) + " of " + files.root.string());
    if (findings.size() != before) return std::nullopt;
    auto notes = notes_of(*chain, use);
    return BroughtAuthority{*std::move(chain), *std::move(contents.key),
                            std::move(contents.passphrase), std::move(notes)};
}

}  // namespace cairn::apps
