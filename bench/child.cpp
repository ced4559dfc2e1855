#include "bench/child.h"

#include <csignal>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace cairn::bench {

namespace {

pid_t start(const std::vector<std::string>& command, const char* output_file) {
    std::vector<char*> arguments;
    for (const auto& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    const pid_t child = ::fork();
    if (child < 0) throw std::runtime_error("cannot fork");
    if (child == 0) {
        const int output = ::open(output_file, O_WRONLY | O_CREAT | O_APPEND, 0600);
        ::dup2(output, STDOUT_FILENO);
        ::dup2(output, STDERR_FILENO);
        ::execvp(arguments[0], arguments.data());
        ::_exit(127);
    }
    return child;
}

std::string proc_file(pid_t id, const char* name) {
    std::ifstream file("/proc/" + std::to_string(id) + "/" + name);
    return {std::istreambuf_iterator<char>(file), {}};
}

// The number behind `label` in a /proc file of lines "label: number".
double labelled(const std::string& text, const std::string& label) {
    const auto at = text.find(label);
    return at == std::string::npos ? 0 : std::stod(text.substr(at + label.size()));
}

}  // namespace

Child::Child(const std::vector<std::string>& command, const std::string& output_file)
    : id_(start(command, output_file.c_str())) {}

Child::~Child() {
    ::kill(id_, SIGTERM);
    ::waitpid(id_, nullptr, 0);
}

double Child::cpu_seconds() const {
    const std::string stat = proc_file(id_, "stat");
    std::istringstream fields(stat.substr(stat.rfind(')') + 2));
    std::string skipped;
    for (int i = 0; i < 11; ++i) fields >> skipped;  // state to cmajflt
    double user = 0, system = 0;
    fields >> user >> system;
    return (user + system) / static_cast<double>(::sysconf(_SC_CLK_TCK));
}

double Child::written_octets() const {
    return labelled(proc_file(id_, "io"), "\nwrite_bytes: ");
}

double Child::resident_mebibytes() const {
    return labelled(proc_file(id_, "status"), "VmRSS:") / 1024;
}

void run_to_end(const std::vector<std::string>& command) {
    int status = 0;
    ::waitpid(start(command, "/dev/null"), &status, 0);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
        throw std::runtime_error(command.front() + " " + command.at(1) + " failed");
}

unsigned free_port() {
    const int probe = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof(address);
    ::bind(probe, reinterpret_cast<const sockaddr*>(&address), length);
    ::getsockname(probe, reinterpret_cast<sockaddr*>(&address), &length);
    ::close(probe);
    return ntohs(address.sin_port);
}

}  // namespace cairn::bench
