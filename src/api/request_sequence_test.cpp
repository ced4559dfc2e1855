#include "api/testing/request_sequence.h"

#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/testing/source_tree.h"

namespace cairn::api::testing::request_sequence_test {
namespace {

namespace fs = std::filesystem;

base::Bytes content_of(const fs::path& file) {
    std::ifstream stream(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

// What the fuzzer began with and whatever it found (fuzz/api_sequence_fuzzer.cpp).
// Checks 52, 80, 91, 127, 128, 138, 142, 153, 154, 169.
TEST(RequestSequenceTest, HoldsForEverySeed) {
    const fs::path corpus = base::testing::source_tree() / "fuzz/corpus/api_sequence";
    std::size_t certificates = 0;
    for (const auto& entry : fs::directory_iterator(corpus)) {
        RequestSequence sequence;
        EXPECT_EQ(sequence.play(content_of(entry.path())), std::nullopt) << entry.path();
        certificates += sequence.certificates();
    }
    EXPECT_GE(certificates, 6U) << "the seeds lead nowhere";
}

}  // namespace
}  // namespace cairn::api::testing::request_sequence_test
