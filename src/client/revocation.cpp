#include "client/revocation.h"

#include <fmt/format.h>

#include "base/json_quoted.h"
#include "client/durable_file.h"
#include "crypto/digest.h"
#include "protocol/json.h"

namespace cairn::client {
namespace {

constexpr std::size_t max_note = 4096;

std::filesystem::path note_of(const StateDirectory& state, const pki::Certificate& certificate) {
    return state.revocation(base::to_hex(crypto::sha256(certificate.der())));
}

}  // namespace

void note_revocation(const StateDirectory& state, const pki::Certificate& certificate,
                     const RevocationNote& note) {
    const auto file = note_of(state, certificate);
    make_private_directory(file.parent_path());
    write_durably(file,
                  fmt::format("{{\"serial\": {}, \"time\": {}, \"reason\": {}}}\n",
                              base::json_quoted(certificate.serial().to_hex()),
                              base::json_quoted(base::to_rfc3339(note.time)),
                              base::json_quoted(protocol::to_string(note.reason))),
                  FileAccess::owner);
}

std::optional<RevocationNote> revocation_note(const StateDirectory& state,
                                              const pki::Certificate& certificate) {
    const auto file = note_of(state, certificate);
    if (!std::filesystem::exists(file)) return std::nullopt;
    RevocationNote note;
    const auto text = read_file(file, max_note);
    if (!text) return note;
    const auto object = protocol::parse_json_object(base::bytes_of(*text));
    if (!object) return note;
    protocol::MemberReader reader(*object);
    note.time = reader.time("time").value_or(base::Time{});
    if (const auto reason = protocol::revocation_reason_from(reader.text_or_empty("reason")))
        note.reason = *reason;
    return note;
}

RevocationOutcome revoke(Session& session, const pki::Certificate& certificate,
                         protocol::RevocationReason reason,
                         const std::optional<crypto::PrivateKey>& key) {
    const Aim aim(fmt::format("revoke the certificate {}", certificate.serial().to_hex()),
                  Phase::revocation);
    const auto& url = session.directory().revoke_cert;
    if (url.empty())
        throw Failure(aim, fmt::format("the directory of {} has no revokeCert", session.host()),
                      "ask the CA to revoke it.");
    const auto payload = protocol::RevocationRequest{certificate.der(), reason}.to_json();
    try {
        if (key)
            session.post_with_key(*key, url, payload, aim);
        else
            session.post(url, payload, aim);
    } catch (const Failure& failure) {
        if (failure.problem() != protocol::ProblemType::already_revoked) throw;
        return RevocationOutcome::was_revoked_already;
    }
    return RevocationOutcome::revoked;
}

std::optional<Provenance> find_provenance(const StateDirectory& state,
                                          const pki::Certificate& certificate) {
    for (const auto& name : state.lineages())
        if (auto key = Lineage(state, name).key_of(certificate))
            return Provenance{name, std::move(*key)};
    return std::nullopt;
}

}  // namespace cairn::client
