#include "crypto/sealed_stream.h"

#include <algorithm>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

namespace cairn::crypto::sealed_stream_test {
namespace {

constexpr std::size_t sealed_chunk = 65536 + 16;

// One key for all tests, and the least cost, for them to be quick.
const SealHeader& known_header() {
    static const SealHeader header = [] {
        SystemRandom random;
        auto fresh = SealHeader::fresh(random);
        fresh.cost = 14;
        return fresh;
    }();
    return header;
}

const SealKey& known_key() {
    static const SealKey key = SealKey::from_passphrase(known_header(), "correct horse battery");
    return key;
}

struct SealedStream : ::testing::Test {
    SystemRandom random;
    SealHeader header = known_header();
    const SealKey& key = known_key();

    std::string sealed(const std::string& text, std::size_t step = 10'000) {
        std::ostringstream out;
        Sealer sealer(out, header, key);
        for (std::size_t i = 0; i < text.size(); i += step)
            sealer.write(base::bytes_of(std::string_view(text).substr(i, step)));
        sealer.finish();
        return out.str();
    }
    base::Result<std::string> opened(const std::string& octets, const SealKey& with) {
        std::istringstream in(octets.substr(std::min(octets.size(), SealHeader::size)));
        Unsealer unsealer(in, header, with);
        std::string text;
        for (;;) {
            const auto part = unsealer.next();
            if (!part) return std::unexpected(part.error());
            if (part->empty()) return text;
            text += base::text_of(*part);
        }
    }
    std::string text_of_size(std::size_t size) {
        std::string text(size, '\0');
        const auto octets = random.octets(size);
        std::ranges::copy(octets, text.begin());
        return text;
    }
};

TEST_F(SealedStream, GivesBackWhatWasSealed) {
    for (const std::size_t size : {0U, 1U, 65535U, 65536U, 65537U, 131072U, 200'000U}) {
        const auto text = text_of_size(size);
        const auto octets = sealed(text);
        EXPECT_EQ(octets.size(),
                  SealHeader::size + size + 16 * std::max<std::size_t>(1, (size + 65535) / 65536));
        const auto back = opened(octets, key);
        ASSERT_TRUE(back) << size;
        EXPECT_EQ(*back, text) << size;
        EXPECT_FALSE(octets.contains(text.substr(0, 16)) && size >= 16);
    }
}

TEST_F(SealedStream, RefusesWhatIsCutChangedOrMoved) {
    const auto text = text_of_size(150'000);
    const auto octets = sealed(text);
    for (const std::size_t length :
         {octets.size() - 1, octets.size() - 17, SealHeader::size + sealed_chunk,
          SealHeader::size + 2 * sealed_chunk, SealHeader::size + 15, SealHeader::size})
        EXPECT_FALSE(opened(octets.substr(0, length), key)) << length;
    EXPECT_FALSE(opened(octets + "x", key));
    for (std::size_t place = SealHeader::size; place < octets.size(); place += 4099) {
        auto changed = octets;
        changed[place] = static_cast<char>(changed[place] ^ 1);
        EXPECT_FALSE(opened(changed, key)) << place;
    }
    auto moved = octets.substr(0, SealHeader::size) +
                 octets.substr(SealHeader::size + sealed_chunk, sealed_chunk) +
                 octets.substr(SealHeader::size, sealed_chunk) +
                 octets.substr(SealHeader::size + 2 * sealed_chunk);
    EXPECT_FALSE(opened(moved, key));
    const auto without_one =
        octets.substr(0, SealHeader::size) + octets.substr(SealHeader::size + sealed_chunk);
    EXPECT_FALSE(opened(without_one, key));
}

TEST_F(SealedStream, RefusesAnotherPassphraseOrAnotherHeader) {
    const auto octets = sealed("text");
    const auto refused = opened(octets, SealKey::from_passphrase(header, "another"));
    ASSERT_FALSE(refused);
    EXPECT_TRUE(refused.error().message.contains("the passphrase is another one"));
    header.salt[0] ^= 1;
    EXPECT_FALSE(opened(octets, key));
}

// scrypt's own vectors (RFC 7914 section 12) are OpenSSL's to pass.
TEST_F(SealedStream, MakesAKeyOfAllThatTheHeaderSays) {
    const auto key_under = [](const SealHeader& other) {
        return base::copy_of(SealKey::from_passphrase(other, "correct horse battery").octets());
    };
    EXPECT_EQ(key_under(header), base::copy_of(key.octets()));
    ++header.cost;
    EXPECT_NE(key_under(header), base::copy_of(key.octets()));
}

TEST(SealHeader, IsReadAsItWasWrittenAndNotOtherwise) {
    SystemRandom random;
    const auto header = SealHeader::fresh(random);
    const auto octets = header.to_octets();
    ASSERT_EQ(octets.size(), SealHeader::size);
    const auto read = SealHeader::from_octets(octets);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->cost, 17);
    EXPECT_EQ(read->salt, header.salt);
    EXPECT_FALSE(SealHeader::from_octets(base::BytesView(octets).first(43)));
    for (std::size_t place = 0; place < 12; ++place) {
        auto changed = octets;
        changed[place] ^= 0x80;
        EXPECT_FALSE(SealHeader::from_octets(changed)) << place;
    }
    for (const int cost : {0, 13, 21, 63}) {
        auto changed = octets;
        changed[8] = static_cast<std::uint8_t>(cost);
        EXPECT_FALSE(SealHeader::from_octets(changed)) << cost;
    }
}

}  // namespace
}  // namespace cairn::crypto::sealed_stream_test
