#include "apps/cairn/sentences.h"

#include <gtest/gtest.h>

namespace cairn::sentences_test {
namespace {

using client::ProgressEvent;
using client::ProgressKind;

std::vector<protocol::Identifier> names(int count) {
    std::vector<protocol::Identifier> result;
    for (int i = 0; i < count; ++i)
        result.push_back(
            protocol::Identifier::dns(std::string(1, static_cast<char>('a' + i)) + ".example")
                .value());
    return result;
}

TEST(Sentences, NameSomeOfManyNames) {
    ProgressEvent event{
        .kind = ProgressKind::placing_order, .identifiers = names(2), .host = "ca.example"};
    EXPECT_EQ(sentence_of(event),
              "Ordering a certificate for a.example, b.example from ca.example.");
    event.identifiers = names(7);
    EXPECT_EQ(sentence_of(event),
              "Ordering a certificate for a.example, b.example, c.example, d.example, e.example "
              "and 2 more from ca.example.");
}

TEST(Sentences, TellWhatACaHasFound) {
    const ProgressEvent event{
        .kind = ProgressKind::proof_refused_so_far,
        .identifiers = names(1),
        .host = "ca.example",
        .problem = protocol::Problem(protocol::ProblemType::dns, "no address")};
    EXPECT_EQ(sentence_of(event),
              "a.example: ca.example has looked and found: 400 dns: no address");
}

TEST(Sentences, SayWhatToDoByHand) {
    const auto wildcard = protocol::Identifier::dns("*.a.example").value();
    EXPECT_EQ(sentence_of({.kind = ProgressKind::put_up_record,
                           .identifiers = {wildcard},
                           .place = "_acme-challenge.a.example.",
                           .text = "VALUE"}),
              "Add, besides any that are there, this record:\n"
              "  _acme-challenge.a.example. IN TXT \"VALUE\"");
    EXPECT_EQ(sentence_of({.kind = ProgressKind::confirm_answer, .identifiers = {wildcard}}),
              "Press Enter when the CA can see it for a.example.");
}

TEST(Sentences, TellWhatWasLeftUp) {
    EXPECT_EQ(sentence_of({.kind = ProgressKind::old_answer_left_up,
                           .failure = client::Failure("use the solver", "it is gone"),
                           .place = "/state/challenges/a",
                           .text = "a"}),
              "What an interrupted run had put up for a could not be taken down: use the solver: "
              "it is gone (the record is in /state/challenges/a)");
}

}  // namespace
}  // namespace cairn::sentences_test
