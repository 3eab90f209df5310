#include "node/runtime/fault_socket.h"

#include "core/error.h"

#include <fmt/core.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <iterator>
#include <utility>

namespace weft::node {

namespace {

int new_socket() { return ::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0); }

std::unexpected<Error> cannot_use(const std::string& path, int why) {
    return fail(
        ErrorNumber::BadConfiguration, "cannot make the fault socket {}: {}", path,
        why == EADDRINUSE ? "another process listens there, or it is a file" : std::strerror(why));
}

// Nobody listens at a socket that a process has left behind.
bool is_left_behind(const std::string& path, const sockaddr_un& address) {
    struct stat found{};
    if (::lstat(path.c_str(), &found) != 0 || !S_ISSOCK(found.st_mode)) return false;
    const int probe = new_socket();
    if (probe < 0) return false;
    const bool refused =
        ::connect(probe, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 &&
        errno == ECONNREFUSED;
    ::close(probe);
    return refused;
}

// 0, or why not.
int bind_to(int descriptor, const sockaddr_un& address) {
    const int bound =
        ::bind(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address);
    return bound == 0 ? 0 : errno;
}

}  // namespace

bool is_of_this_machine(std::string_view address) {
    const std::string_view host = address.substr(0, address.rfind(':'));
    const bool of_127 =
        host.starts_with("127.") && host.find_first_not_of("0123456789.") == std::string_view::npos;
    return of_127 || host == "[::1]" || host == "localhost";
}

Result<std::unique_ptr<FaultSocket>> FaultSocket::open(const std::string& path, FaultTable table,
                                                       Log log) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path)
        return fail(ErrorNumber::BadConfiguration,
                    "the path of the fault socket has {} bytes, at most {} are possible: {}",
                    path.size(), sizeof address.sun_path - 1, path);
    path.copy(address.sun_path, path.size());
    const int descriptor = new_socket();
    if (descriptor < 0) return cannot_use(path, errno);
    // Before bind(), so that the file is never there with another mode.
    int why = ::fchmod(descriptor, 0600) == 0 ? bind_to(descriptor, address) : errno;
    if (why == EADDRINUSE && is_left_behind(path, address)) {
        ::unlink(path.c_str());
        why = bind_to(descriptor, address);
    }
    if (why == 0 && ::listen(descriptor, static_cast<int>(kConnectionsMax)) == 0)
        return std::unique_ptr<FaultSocket>(
            new FaultSocket(path, descriptor, std::move(table), log));
    ::close(descriptor);
    return cannot_use(path, why);
}

FaultSocket::~FaultSocket() {
    for (const Connection& connection : connections_) ::close(connection.descriptor);
    ::close(listener_);
    ::unlink(path_.c_str());
}

void FaultSocket::descriptors(std::vector<int>& out) const {
    out.push_back(listener_);
    for (const Connection& connection : connections_) out.push_back(connection.descriptor);
}

bool FaultSocket::serve(Instant now) {
    accept(now);
    bool changed = false;
    for (auto it = connections_.begin(); it != connections_.end();) {
        const bool over = read(*it, changed) || now - it->since > kPatience;
        if (over) ::close(it->descriptor);
        it = over ? connections_.erase(it) : std::next(it);
    }
    if (changed) log_.warn("faults.changed", {{"now", std::string_view(faults_.table().text())}});
    return changed;
}

// The oldest makes room: whoever says nothing keeps nobody out.
void FaultSocket::accept(Instant now) {
    for (std::size_t taken = 0; taken < kConnectionsMax; ++taken) {
        const int descriptor = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (descriptor < 0) return;
        connections_.push_back({descriptor, now, {}});
        if (connections_.size() <= kConnectionsMax) continue;
        ::close(connections_.front().descriptor);
        connections_.pop_front();
    }
}

bool FaultSocket::read(Connection& connection, bool& changed) {
    char part[4096];
    std::string& line = connection.line;
    ssize_t got = 0;
    while (line.find('\n') == std::string::npos && line.size() <= kLineMax &&
           (got = ::recv(connection.descriptor, part, sizeof part, 0)) > 0)
        line.append(part, static_cast<std::size_t>(got));
    const std::size_t end = line.find('\n');
    if (end == std::string::npos && line.size() <= kLineMax)
        return got == 0 || (errno != EAGAIN && errno != EINTR);
    const std::string text =
        end <= kLineMax ? answer(std::string_view(line).substr(0, end), changed)
                        : fmt::format("error {:04} a line has at most {} bytes\n",
                                      std::to_underlying(ErrorNumber::BadMessage), kLineMax);
    // It fits the socket's buffer; whoever does not wait for it does without.
    (void)::send(connection.descriptor, text.data(), text.size(), MSG_NOSIGNAL);
    return true;
}

std::string FaultSocket::answer(std::string_view line, bool& changed) {
    const std::string before = faults_.table().lines();
    const auto done = faults_.table().change(line);
    if (!done) return fmt::format("error {:04} {}\n", done.error().number, done.error().message);
    const std::string after = faults_.table().lines();
    changed = changed || before != after;
    return "ok\n" + after;
}

}  // namespace weft::node
