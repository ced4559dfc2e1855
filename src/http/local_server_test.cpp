#include <filesystem>
#include <string>

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/testing/server_fixture.h"

namespace cairn::http::local_server_test {
namespace {

using ::testing::HasSubstr;

/// A folder for a socket, removed at the end.
class LocalServerTest : public ServerTest {
  protected:
    LocalServerTest() {
        std::string pattern = "/tmp/cairn-local-XXXXXX";
        folder_ = ::mkdtemp(pattern.data());
        path_ = (folder_ / "operator.sock").string();
    }
    ~LocalServerTest() override {
        server_.reset();
        std::filesystem::remove_all(folder_);
    }

    Server::Options options() const {
        Server::Options options;
        options.local_path = path_;
        options.handler = [](Request request) -> base::Task<Response> {
            Response response;
            response.body = request.local_user ? std::to_string(*request.local_user) : "none";
            co_return response;
        };
        return options;
    }
    std::string refusal_of(Server::Options options) {
        try {
            const Server server(loops_, log_, std::move(options));
        } catch (const std::runtime_error& error) {
            return error.what();
        }
        return "no refusal";
    }
    /// What a request over the socket is answered.
    std::string ask() const {
        const int client = ::socket(AF_UNIX, SOCK_STREAM, 0);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        path_.copy(static_cast<char*>(address.sun_path), sizeof address.sun_path - 1);
        if (::connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
            ::close(client);
            return "not connected";
        }
        const std::string request =
            "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        EXPECT_EQ(::send(client, request.data(), request.size(), MSG_NOSIGNAL),
                  static_cast<ssize_t>(request.size()));
        std::string answer(4096, '\0');
        std::size_t size = 0;
        for (ssize_t got = 1; got > 0 && size < answer.size();
             size += static_cast<std::size_t>(got))
            got = std::max<ssize_t>(::recv(client, &answer[size], answer.size() - size, 0), 0);
        ::close(client);
        answer.resize(size);
        return answer;
    }

    std::filesystem::path folder_;
    std::string path_;
};

TEST_F(LocalServerTest, NamesTheUserAndIsForItsOwnerAlone) {
    start(options());
    EXPECT_THAT(ask(), HasSubstr("\r\n\r\n" + std::to_string(::geteuid())));
    struct ::stat status{};
    ASSERT_EQ(::lstat(path_.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 07777U, 0600U);
    server_.reset();
    EXPECT_FALSE(std::filesystem::exists(path_));
}

TEST_F(LocalServerTest, NamesNoUserOverTcp) {
    start(options());
    RawClient client(address_);
    client.send(get("/"));
    EXPECT_EQ(client.receive().body, "none");
}

TEST_F(LocalServerTest, TakesThePlaceOfASocketThatNobodyServes) {
    const int abandoned = ::socket(AF_UNIX, SOCK_STREAM, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    path_.copy(static_cast<char*>(address.sun_path), sizeof address.sun_path - 1);
    ASSERT_EQ(::bind(abandoned, reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    ::close(abandoned);
    start(options());
    EXPECT_THAT(ask(), HasSubstr("200 OK"));
}

TEST_F(LocalServerTest, SaysWhyItCannotListen) {
    start(options());
    EXPECT_THAT(refusal_of(options()), HasSubstr("another server listens on it"));
    EXPECT_THAT(ask(), HasSubstr("200 OK"));

    auto in_the_way = options();
    in_the_way.local_path = (folder_ / "file").string();
    std::filesystem::create_directory(in_the_way.local_path);
    EXPECT_THAT(refusal_of(in_the_way), HasSubstr("something that is no socket is there"));

    auto long_path = options();
    long_path.local_path = (folder_ / std::string(120, 'x')).string();
    EXPECT_THAT(refusal_of(long_path), HasSubstr("longer than 107 octets"));
}

}  // namespace
}  // namespace cairn::http::local_server_test
