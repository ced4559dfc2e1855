// Plays the seeds of each fuzz target, and inputs near to them, in the build that tests are run in:
// the same ones in each run. Whatever guides libFuzzer to new ones is not here; `./dev fuzz` looks
// for those.
//
//   fuzz_seeds NOUN FOLDER SECONDS FINDING
//
// The input that a target ends with is written to the file FINDING.

#include <algorithm>
#include <charconv>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <sanitizer/common_interface_defs.h>

#include "fuzz/target.h"

namespace cairn::fuzz {

namespace {

using namespace std::string_view_literals;
using Input = std::vector<std::uint8_t>;

constexpr std::size_t max_size = 64 * 1024;
constexpr std::size_t max_changes = 4;

std::map<std::string, Play, std::less<>>& targets() {
    static std::map<std::string, Play, std::less<>> all;
    return all;
}

/// What is played now, for when the process ends by it.
struct {
    const char* file = nullptr;
    std::span<const std::uint8_t> octets;
} playing;

void keep_finding() {
    if (std::FILE* const file = std::fopen(playing.file, "wb")) {
        std::fwrite(playing.octets.data(), 1, playing.octets.size(), file);
        std::fclose(file);
    }
}

/// The files of the folder by their names, and an empty input.
std::vector<Input> seeds_in(const std::filesystem::path& folder) {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(folder))
        files.push_back(entry.path());
    std::ranges::sort(files);
    std::vector<Input> seeds(1);
    for (const auto& path : files) {
        std::ifstream file(path, std::ios::binary);
        seeds.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }
    return seeds;
}

/// Changes seeds a little. Two of these do the same.
class Changes {
  public:
    explicit Changes(const std::vector<Input>& seeds) : seeds_(seeds) {}

    Input next() {
        Input input = seeds_[below(seeds_.size())];
        for (std::size_t count = 1 + below(max_changes); count > 0; --count) change(input);
        if (input.size() > max_size) input.resize(max_size);
        return input;
    }

  private:
    /// Not by a distribution of the library, of which each has its own.
    std::size_t below(std::size_t bound) { return bound == 0 ? 0 : engine_() % bound; }

    void change(Input& input) {
        const std::size_t place = below(input.size());
        const auto at = [&](std::size_t index) {
            return input.begin() + static_cast<std::ptrdiff_t>(index);
        };
        // What is taken away, repeated, or comes from another seed.
        const std::size_t length = std::min(1 + below(1 + below(32)), input.size() - place);
        switch (below(7)) {
            case 0:  // one bit
                if (!input.empty()) input[place] ^= static_cast<std::uint8_t>(1U << below(8));
                break;
            case 1: {  // an octet that parsers care for
                static constexpr auto telling =
                    "\0\1\x7f\x80\xff\"\\{}[]().,:;=-+/#%& \t\r\n09az"sv;
                if (!input.empty())
                    input[place] = static_cast<std::uint8_t>(telling[below(telling.size())]);
                break;
            }
            case 2:
                input.erase(at(place), at(place + length));
                break;
            case 3: {
                const Input again(at(place), at(place + length));
                input.insert(at(place), again.begin(), again.end());
                break;
            }
            case 4:
                input.insert(at(place), static_cast<std::uint8_t>(engine_()));
                break;
            case 5:
                input.resize(place);
                break;
            default: {
                const Input& other = seeds_[below(seeds_.size())];
                const std::size_t begin = below(other.size());
                const std::size_t end = begin + std::min(length, other.size() - begin);
                input.insert(at(place), other.begin() + static_cast<std::ptrdiff_t>(begin),
                             other.begin() + static_cast<std::ptrdiff_t>(end));
            }
        }
    }

    const std::vector<Input>& seeds_;
    std::mt19937_64 engine_{1};
};

}  // namespace

Registered::Registered(const char* noun, Play play) {
    targets().emplace(noun, play);
}

namespace {

/// Plays an input of exactly its size, so that what is read beyond its end is seen.
void play_one(Play play, const Input& input) {
    playing.octets = input;
    const Input exact(input);
    play(exact.data(), exact.size());
}

/// For so many seconds of the process's own time, so that a busy machine plays as many.
int play_all(Play play, const char* folder, unsigned seconds) {
    const auto end = std::clock() + static_cast<std::clock_t>(seconds) * CLOCKS_PER_SEC;
    const std::vector<Input> seeds = seeds_in(folder);
    for (const Input& seed : seeds) play_one(play, seed);
    std::size_t count = seeds.size();
    for (Changes changes(seeds); std::clock() < end; ++count) play_one(play, changes.next());
    std::printf("%zu seeds, %zu inputs\n", seeds.size(), count);
    return 0;
}

}  // namespace

}  // namespace cairn::fuzz

int main(int count, char** words) {
    using namespace cairn::fuzz;
    const std::span arguments(words, static_cast<std::size_t>(count));
    unsigned seconds = 0;
    if (arguments.size() != 5 || !targets().contains(arguments[1]) ||
        std::from_chars(arguments[3], arguments[3] + std::string_view(arguments[3]).size(), seconds)
                .ec != std::errc()) {
        std::fputs("usage: fuzz_seeds NOUN FOLDER SECONDS FINDING; nouns:", stderr);
        for (const auto& [noun, play] : targets()) std::fprintf(stderr, " %s", noun.c_str());
        std::fputc('\n', stderr);
        return 2;
    }
    playing.file = arguments[4];
    __sanitizer_set_death_callback(keep_finding);
    return play_all(targets().at(arguments[1]), arguments[2], seconds);
}
