#pragma once

#include <cstddef>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "client/failure.h"
#include "protocol/challenge_type.h"
#include "protocol/identifier.h"
#include "protocol/problem.h"

namespace cairn::client {

/// What a job can have to tell. Behind each: the parts of the event that go with it.
enum class ProgressKind {
    // At the CA
    registering_account,       ///< host
    account_forgotten,         ///< host
    asking_another_authority,  ///< failure: of the CA before; text: the directory of the next
    authority_not_ready,       ///< failure; text: the directory of a CA that cannot stand in
    obtaining_for_key_type,    ///< text: one of the plan's key types
    renewing,                  ///< text: why it is due
    placing_order,             ///< identifiers, host
    going_on_with_order,       ///< identifiers, host, text: the status of the order
    order_unreadable,          ///< text: what is wrong with what is kept of it
    order_given_up,            ///< it asks for something else than now
    order_came_to_nothing,     ///< that of an earlier run
    valid_already,             ///< identifiers
    proving_control,           ///< identifiers, challenge
    proof_refused_so_far,      ///< identifiers, host, problem
    proof_failed,              ///< identifiers, host, challenge, problem; place, text: as of
                               ///< answer_is_up, and the answer still is
    asking_to_look_again,      ///< identifiers
    requesting_certificate,    ///<
    waiting_for_authority,     ///< identifiers or none, host, text: how things stand, number: for
                               ///< how many seconds it is waited for at most
    other_chain_left_out,      ///< failure
    chain_not_offered,         ///< text: where the chain should have led
    profile_not_offered,       ///< host, text: the profile that is done without
    remark,                    ///< text: a sentence on what was asked for and has no effect
    // On this machine
    answer_left_up,         ///< identifiers, failure
    old_answer_taken_down,  ///< identifiers: of an interrupted run
    old_answer_left_up,     ///< text: the lineage; failure, place: where the record is
    links_mended,           ///< place
    current_mended,         ///< place, number: the generation that it leads to again
    generation_adopted,     ///< place: where it was found, number
    facts_moved_away,       ///< place: where what could not be read of the lineage is
                            ///< now
    ipv4_alone,             ///< failure: of listening over IPv6
    // In the DNS
    waiting_for_dns,     ///< identifiers, place: the record, text: who does not show it yet
    dns_server_silent,   ///< identifiers, place: the record, text: who was not waited for
    record_stands,       ///< identifiers, place: the name of a record that stays, text: its value
    answer_is_up,        ///< identifiers, challenge, place: where it is to be found,
                         ///< text: what is to be found there
    seen_from_here,      ///< identifiers, challenge, text: a sentence about what this machine
                         ///< finds where the CA was not convinced
    hook_running,        ///< subject: "pre-hook", place: the command
    hook_ended,          ///< the same, number: its exit status, text: its output
    hook_failed,         ///< the same, failure
    target_deploying,    ///< place: the target
    target_waiting,      ///< the same, text: what is still shown, and where
    target_deployed,     ///< the same, text: where the new certificate was seen; or empty
    target_rolled_back,  ///< the same, text: half a sentence on what stands again
    target_resumed,      ///< the same: of a run that died in the middle
    program_ended,       ///< identifiers, place: the line of a solver's program, number: its exit
                         ///< status, text: its output
    attempt_kept,        ///< text: the id of one that has failed
    found_revoked,       ///< text: since when, by the CA's revocation list
    served_differs,      ///< text: what a server shows in place of what is stored
    notice_not_sent,     ///< failure: of telling people what has become of the run
    // For a person who proves control by hand
    put_up_record,   ///< identifiers, place: the name, text: the value
    put_up_file,     ///< identifiers, place: the URL, text: what it must hold
    confirm_answer,  ///< identifiers
    answer_may_go    ///< identifiers
};

/// One thing that a job tells while it is under way.
struct ProgressEvent {
    ProgressKind kind;
    std::vector<protocol::Identifier> identifiers{};
    /// Host and port of the CA.
    std::string host{};
    std::optional<protocol::ChallengeType> challenge{};
    std::optional<protocol::Problem> problem{};
    std::optional<Failure> failure{};
    std::filesystem::path place{};
    unsigned long number = 0;
    std::string text{};
    /// What it is about, where none of the other parts says so.
    std::string subject{};
    /// The lineage that the job is for, where several jobs run side by side.
    std::string lineage{};
};

/// "placing_order": as programs read it.
[[nodiscard]] std::string_view to_string(ProgressKind kind);
/// The phase that an event of this kind belongs to.
[[nodiscard]] Phase phase_of(ProgressKind kind);
/// True for what did not stop the job but should be known.
[[nodiscard]] bool is_warning(ProgressKind kind);
/// True for what belongs to the timeline of an attempt, but is told only to those who ask for all
/// of it: something else that is told says as much.
[[nodiscard]] bool is_detail(ProgressKind kind);
/// The kind with this name; nothing for one that is not known here.
[[nodiscard]] std::optional<ProgressKind> progress_kind_from(std::string_view text);

/// Whoever wants to know how a job is getting on. Thread-safe.
class Progress {
  public:
    virtual ~Progress() = default;
    virtual void tell(const ProgressEvent& event) = 0;
    /// Of jobs that run side by side: how many have ended, of how many.
    virtual void count(std::size_t /*settled*/, std::size_t /*all*/) {}
};

/// Tells `listener` everything with the lineage of the job, for jobs that run side by side.
class LineageProgress final : public Progress {
  public:
    LineageProgress(Progress& listener, std::string lineage)
        : listener_(listener), lineage_(std::move(lineage)) {}
    void tell(const ProgressEvent& event) override {
        auto named = event;
        named.lineage = lineage_;
        listener_.tell(named);
    }

  private:
    Progress& listener_;
    std::string lineage_;
};

}  // namespace cairn::client
