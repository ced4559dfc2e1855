#include "client/progress.h"

#include "base/enum_table.h"

namespace cairn::client {

std::string_view to_string(ProgressKind kind) {
    using enum ProgressKind;
    switch (kind) {
        case registering_account:
            return "registering_account";
        case account_forgotten:
            return "account_forgotten";
        case asking_another_authority:
            return "asking_another_authority";
        case authority_not_ready:
            return "authority_not_ready";
        case obtaining_for_key_type:
            return "obtaining_for_key_type";
        case renewing:
            return "renewing";
        case placing_order:
            return "placing_order";
        case going_on_with_order:
            return "going_on_with_order";
        case order_unreadable:
            return "order_unreadable";
        case order_given_up:
            return "order_given_up";
        case order_came_to_nothing:
            return "order_came_to_nothing";
        case valid_already:
            return "valid_already";
        case proving_control:
            return "proving_control";
        case proof_refused_so_far:
            return "proof_refused_so_far";
        case proof_failed:
            return "proof_failed";
        case asking_to_look_again:
            return "asking_to_look_again";
        case requesting_certificate:
            return "requesting_certificate";
        case waiting_for_authority:
            return "waiting_for_authority";
        case other_chain_left_out:
            return "other_chain_left_out";
        case chain_not_offered:
            return "chain_not_offered";
        case profile_not_offered:
            return "profile_not_offered";
        case remark:
            return "remark";
        case answer_left_up:
            return "answer_left_up";
        case old_answer_taken_down:
            return "old_answer_taken_down";
        case old_answer_left_up:
            return "old_answer_left_up";
        case links_mended:
            return "links_mended";
        case current_mended:
            return "current_mended";
        case generation_adopted:
            return "generation_adopted";
        case facts_moved_away:
            return "facts_moved_away";
        case ipv4_alone:
            return "ipv4_alone";
        case record_stands:
            return "record_stands";
        case answer_is_up:
            return "answer_is_up";
        case seen_from_here:
            return "seen_from_here";
        case hook_running:
            return "hook_running";
        case hook_ended:
            return "hook_ended";
        case hook_failed:
            return "hook_failed";
        case target_deploying:
            return "target_deploying";
        case target_waiting:
            return "target_waiting";
        case target_deployed:
            return "target_deployed";
        case target_rolled_back:
            return "target_rolled_back";
        case target_resumed:
            return "target_resumed";
        case program_ended:
            return "program_ended";
        case attempt_kept:
            return "attempt_kept";
        case found_revoked:
            return "found_revoked";
        case served_differs:
            return "served_differs";
        case notice_not_sent:
            return "notice_not_sent";
        case waiting_for_dns:
            return "waiting_for_dns";
        case dns_server_silent:
            return "dns_server_silent";
        case put_up_record:
            return "put_up_record";
        case put_up_file:
            return "put_up_file";
        case confirm_answer:
            return "confirm_answer";
        case answer_may_go:
            return "answer_may_go";
    }
    return {};
}

Phase phase_of(ProgressKind kind) {
    using enum ProgressKind;
    switch (kind) {
        case registering_account:
        case account_forgotten:
        case asking_another_authority:
        case authority_not_ready:
            return Phase::account;
        case obtaining_for_key_type:
        case renewing:
        case placing_order:
        case going_on_with_order:
        case order_unreadable:
        case order_given_up:
        case order_came_to_nothing:
        case profile_not_offered:
            return Phase::order;
        case valid_already:
            return Phase::authorization;
        case proving_control:
        case proof_refused_so_far:
        case proof_failed:
        case answer_is_up:
        case seen_from_here:
        case asking_to_look_again:
        case answer_left_up:
        case old_answer_taken_down:
        case old_answer_left_up:
        case ipv4_alone:
        case waiting_for_dns:
        case dns_server_silent:
        case record_stands:
        case program_ended:
        case put_up_record:
        case put_up_file:
        case confirm_answer:
        case answer_may_go:
            return Phase::challenge;
        case requesting_certificate:
        case waiting_for_authority:
            return Phase::finalize;
        case other_chain_left_out:
        case chain_not_offered:
            return Phase::download;
        case links_mended:
        case current_mended:
        case generation_adopted:
            return Phase::install;
        case hook_running:
        case hook_ended:
        case hook_failed:
        case target_deploying:
        case target_waiting:
        case target_deployed:
        case target_rolled_back:
        case target_resumed:
            return Phase::deploy;
        case facts_moved_away:
        case attempt_kept:
        case found_revoked:
        case served_differs:
        case remark:
        case notice_not_sent:
            return Phase::other;
    }
    return Phase::other;
}

bool is_warning(ProgressKind kind) {
    using enum ProgressKind;
    switch (kind) {
        case account_forgotten:
        case asking_another_authority:
        case authority_not_ready:
        case order_unreadable:
        case order_given_up:
        case other_chain_left_out:
        case chain_not_offered:
        case profile_not_offered:
        case remark:
        case answer_left_up:
        case old_answer_left_up:
        case facts_moved_away:
        case hook_failed:
        case found_revoked:
        case served_differs:
        case notice_not_sent:
        case dns_server_silent:
        case target_rolled_back:
        case target_resumed:
            return true;
        case registering_account:
        case obtaining_for_key_type:
        case renewing:
        case placing_order:
        case going_on_with_order:
        case order_came_to_nothing:
        case valid_already:
        case proving_control:
        case proof_refused_so_far:
        case proof_failed:
        case answer_is_up:
        case seen_from_here:
        case hook_running:
        case hook_ended:
        case target_deploying:
        case target_waiting:
        case target_deployed:
        case program_ended:
        case record_stands:
        case attempt_kept:
        case asking_to_look_again:
        case requesting_certificate:
        case waiting_for_authority:
        case old_answer_taken_down:
        case links_mended:
        case current_mended:
        case generation_adopted:
        case ipv4_alone:
        case waiting_for_dns:
        case put_up_record:
        case put_up_file:
        case confirm_answer:
        case answer_may_go:
            return false;
    }
    return false;
}

bool is_detail(ProgressKind kind) {
    using enum ProgressKind;
    return kind == proof_failed || kind == answer_is_up || kind == hook_ended ||
           kind == program_ended || kind == target_waiting;
}

std::optional<ProgressKind> progress_kind_from(std::string_view text) {
    for (const auto kind : base::enumerators<ProgressKind>)
        if (to_string(kind) == text) return kind;
    return std::nullopt;
}

}  // namespace cairn::client
