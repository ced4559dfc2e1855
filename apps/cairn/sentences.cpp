#include "apps/cairn/sentences.h"

#include <vector>

#include <fmt/format.h>

namespace cairn {
namespace {

constexpr std::size_t max_names_told = 5;
constexpr std::size_t max_place = 400;

std::string identifiers_line(const std::vector<protocol::Identifier>& identifiers) {
    std::string text;
    for (std::size_t i = 0; i < identifiers.size() && i < max_names_told; ++i)
        text += (i == 0 ? "" : ", ") + identifiers[i].value();
    if (identifiers.size() > max_names_told)
        text += fmt::format(" and {} more", identifiers.size() - max_names_told);
    return text;
}

/// As it stands in the DNS: without the "*." of a wildcard.
std::string bare(const client::ProgressEvent& event) {
    return event.identifiers.front().base_value();
}

std::string mended(std::string_view what) {
    return fmt::format("The state was mended: {}.", what);
}

}  // namespace

std::string sentence_of(const client::ProgressEvent& event) {
    using enum client::ProgressKind;
    switch (event.kind) {
        case registering_account:
            return fmt::format("Registering an account at {}.", event.host);
        case account_forgotten:
            return fmt::format("{} does not know the account any more.", event.host);
        case asking_another_authority:
            return fmt::format("Could not {}: {}; now {} is asked.", event.failure->tried(),
                               event.failure->came_back(), base::printable(event.text));
        case authority_not_ready:
            return fmt::format("The CA at {} cannot be asked in place of another: {}",
                               base::printable(event.text), event.failure->what());
        case obtaining_for_key_type:
            return fmt::format("Obtaining the certificate for a key of type {}.", event.text);
        case renewing:
            return fmt::format("It is renewed: {}.", event.text);
        case placing_order:
            return fmt::format("Ordering a certificate for {} from {}.",
                               identifiers_line(event.identifiers), event.host);
        case going_on_with_order:
            return fmt::format("Going on with the order for {} at {}, which is {}.",
                               identifiers_line(event.identifiers), event.host, event.text);
        case order_unreadable:
            return fmt::format("What is kept of an earlier order is left out: {}", event.text);
        case order_given_up:
            return "An order that an earlier run began asks for something else and is given up.";
        case order_came_to_nothing:
            return "The order of an earlier run has come to nothing.";
        case valid_already:
            return fmt::format("{} is validated already.", identifiers_line(event.identifiers));
        case proving_control:
            return fmt::format("Proving control of {} by {}.", identifiers_line(event.identifiers),
                               protocol::to_string(event.challenge.value()));
        case proof_refused_so_far:
            return fmt::format("{}: {} has looked and found: {}",
                               identifiers_line(event.identifiers), event.host,
                               client::describe(event.problem.value()));
        case asking_to_look_again:
            return fmt::format("{}: asking it to look again.", identifiers_line(event.identifiers));
        case requesting_certificate:
            return "Asking for the certificate.";
        case waiting_for_authority:
            return fmt::format("{} is still at work: {}; it has {} s in all (--ca-timeout).",
                               event.host, event.text, event.number);
        case other_chain_left_out:
            return fmt::format("Another chain is left out: {}", event.failure->what());
        case chain_not_offered:
            return fmt::format("The CA offers no chain to \"{}\"; its default is used.",
                               event.text);
        case profile_not_offered:
            return fmt::format("{} offers no profile {}; it is ordered without one.", event.host,
                               base::printable(event.text, 60));
        case remark:
            return event.text;
        case answer_left_up:
            return fmt::format("What proved control of {} was not taken down: {}",
                               identifiers_line(event.identifiers), event.failure->what());
        case old_answer_taken_down:
            return fmt::format("Took down what an interrupted run had put up for {}.", bare(event));
        case old_answer_left_up:
            return fmt::format(
                "What an interrupted run had put up for {} could not be taken down: {}: {} (the "
                "record is in {})",
                event.text, event.failure->tried(), event.failure->came_back(),
                event.place.string());
        case links_mended:
            return mended(fmt::format("the links in {} are made anew", event.place.string()));
        case current_mended:
            return mended(
                fmt::format("{} leads to number {} again", event.place.string(), event.number));
        case generation_adopted:
            return mended(fmt::format("the certificate in {} is kept as number {}",
                                      event.place.string(), event.number));
        case facts_moved_away:
            return fmt::format(
                "What was known of the lineage cannot be read; it is in {}, and whatever order was "
                "under way is not gone on with.",
                event.place.string());
        case ipv4_alone:
            return fmt::format("Answering over IPv4 alone: {}.", event.failure->came_back());
        case proof_failed:
            return fmt::format("{}: {} was not convinced by {}: {}",
                               identifiers_line(event.identifiers), event.host,
                               protocol::to_string(event.challenge.value()),
                               client::describe(event.problem.value()));
        case answer_is_up:
            return fmt::format("The answer for {} is to be found at {}.",
                               identifiers_line(event.identifiers),
                               base::printable(event.place.string(), max_place));
        case seen_from_here:
            return fmt::format("{}: seen from here: {}", identifiers_line(event.identifiers),
                               event.text);
        case hook_running:
            return fmt::format("Running the {} {}.", event.subject,
                               base::printable(event.place.string(), max_place));
        case hook_ended:
            return fmt::format("The {} {} ended with status {}{}", event.subject,
                               base::printable(event.place.string(), max_place), event.number,
                               event.text.empty() ? "." : ": " + event.text);
        case target_deploying:
            return fmt::format("Deploying to {}.",
                               base::printable(event.place.string(), max_place));
        case target_waiting:
            return fmt::format("Waiting for {} to show the new certificate: {}",
                               base::printable(event.place.string(), max_place),
                               base::printable(event.text, 600));
        case target_deployed:
            return fmt::format("{} has the new certificate{}.",
                               base::printable(event.place.string(), max_place),
                               event.text.empty() ? "" : ": " + event.text);
        case target_rolled_back:
            return fmt::format("{} was rolled back: {}.",
                               base::printable(event.place.string(), max_place), event.text);
        case target_resumed:
            return fmt::format(
                "An earlier run ended in the middle of a deployment to {}; what it had done is "
                "undone first.",
                base::printable(event.place.string(), max_place));
        case program_ended:
            return fmt::format("{} ended with status {}{}",
                               base::printable(event.place.string(), max_place), event.number,
                               event.text.empty() ? "." : ": " + event.text);
        case hook_failed:
            return fmt::format("The {} {} failed: {}", event.subject,
                               base::printable(event.place.string(), max_place),
                               event.failure->came_back());
        case attempt_kept:
            return fmt::format("`cairn explain {}` shows what happened, step by step.", event.text);
        case found_revoked:
            return fmt::format("Its CA has revoked it on {}; it is replaced now.", event.text);
        case served_differs:
            return fmt::format("What is served is not what is stored: {}.", event.text);
        case notice_not_sent:
            return fmt::format("Nobody could be told of this run: {}", event.failure->what());
        case waiting_for_dns:
            return fmt::format("Waiting until {} can be seen: {}.", event.place.string(),
                               base::printable(event.text, 600));
        case dns_server_silent:
            return fmt::format("{} can be seen, but not everywhere: {}.", event.place.string(),
                               base::printable(event.text, 600));
        case record_stands:
            return fmt::format("{} is proven by the record that stands at {}: {}",
                               identifiers_line(event.identifiers),
                               base::printable(event.place.string(), max_place), event.text);
        case put_up_record:
            return fmt::format("Add, besides any that are there, this record:\n  {} IN TXT \"{}\"",
                               event.place.string(), event.text);
        case put_up_file:
            return fmt::format("Serve at {} this text, without a line end:\n  {}",
                               event.place.string(), event.text);
        case confirm_answer:
            return fmt::format("Press Enter when the CA can see it for {}.", bare(event));
        case answer_may_go:
            return fmt::format("What was put up for {} can be taken down.", bare(event));
    }
    return {};
}

}  // namespace cairn
