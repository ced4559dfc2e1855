#include "apps/cairn/output.h"

#include <string>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "client/durable_file.h"

namespace cairn::output_test {
namespace {

using client::FileDescriptor;
using namespace std::chrono_literals;

struct Pipe {
    Pipe() {
        int ends[2];
        EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
        reading = FileDescriptor(ends[0]);
        writing = FileDescriptor(ends[1]);
    }
    FileDescriptor reading, writing;
};

TEST(Output, WritesAllOfIt) {
    Pipe pipe;
    Output output(pipe.writing.number());
    EXPECT_EQ(output.write("several ", ReaderPatience::brief), 0);
    EXPECT_EQ(output.write("words", ReaderPatience::endless), 0);
    char buffer[100];
    const auto count = ::read(pipe.reading.number(), buffer, sizeof buffer);
    EXPECT_EQ(std::string(buffer, static_cast<std::size_t>(count)), "several words");
}

TEST(Output, SaysThatThereIsNoRoom) {
    const FileDescriptor full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
    EXPECT_EQ(Output(full.number()).write("words", ReaderPatience::brief), ENOSPC);
}

TEST(Output, OutlivesItsReader) {
    ASSERT_NE(::signal(SIGPIPE, SIG_IGN), SIG_ERR);
    Pipe pipe;
    pipe.reading.close();
    EXPECT_EQ(Output(pipe.writing.number()).write("words", ReaderPatience::endless), EPIPE);
}

TEST(Output, WaitsBrieflyOnceForAReaderThatDoesNotRead) {
    Pipe pipe;
    Output output(pipe.writing.number());
    const std::string much(std::size_t{1} << 20, 'x');
    const auto began = std::chrono::steady_clock::now();
    for (int i = 0; i < 100; ++i) EXPECT_EQ(output.write(much, ReaderPatience::brief), EAGAIN);
    EXPECT_LT(std::chrono::steady_clock::now() - began, 10s);
}

}  // namespace
}  // namespace cairn::output_test
