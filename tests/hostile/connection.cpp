#include "tests/hostile/connection.h"

#include "tests/hostile/zmtp.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

namespace weft::hostile {

namespace {

bool ready_for(int descriptor, short events, std::chrono::milliseconds limit) {
    pollfd waiting{descriptor, events, 0};
    return poll(&waiting, 1, static_cast<int>(limit.count())) == 1;
}

}  // namespace

Connection::Connection(std::uint16_t port, int receive_buffer_bytes)
    : descriptor_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)) {
    if (descriptor_ < 0) return;
    const int on = 1;
    setsockopt(descriptor_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (receive_buffer_bytes > 0)
        setsockopt(descriptor_, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes,
                   sizeof receive_buffer_bytes);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(descriptor_, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0) return;
    int error = errno;
    if (error == EINPROGRESS && ready_for(descriptor_, POLLOUT, 1s)) {
        socklen_t size = sizeof error;
        getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &error, &size);
    }
    if (error != 0) close();
}

Connection::Connection(Connection&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)),
      received_(std::move(other.received_)),
      received_total_(other.received_total_),
      greeted_(other.greeted_) {}

Connection& Connection::operator=(Connection&& other) noexcept {
    close();
    descriptor_ = std::exchange(other.descriptor_, -1);
    received_ = std::move(other.received_);
    received_total_ = other.received_total_;
    greeted_ = other.greeted_;
    return *this;
}

std::size_t Connection::send_some(std::string_view bytes) {
    if (!open()) return 0;
    const ssize_t sent = ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent >= 0) return static_cast<std::size_t>(sent);
    if (errno != EAGAIN && errno != EINTR) close();
    return 0;
}

bool Connection::send(std::string_view bytes, std::chrono::milliseconds limit) {
    const auto end = Clock::now() + limit;
    while (open()) {
        bytes.remove_prefix(send_some(bytes));
        if (bytes.empty()) return true;
        if (Clock::now() > end) return false;
        if (open()) ready_for(descriptor_, POLLOUT, 10ms);
    }
    return false;
}

bool Connection::receive() {
    std::array<char, 65536> part{};
    while (open()) {
        const ssize_t size = recv(descriptor_, part.data(), part.size(), 0);
        if (size > 0) {
            received_.append(part.data(), static_cast<std::size_t>(size));
            received_total_ += static_cast<std::uint64_t>(size);
        } else if (size < 0 && (errno == EAGAIN || errno == EINTR)) {
            return true;
        } else {
            close();
        }
    }
    return false;
}

void Connection::wait_readable(std::chrono::milliseconds limit) const {
    if (open()) ready_for(descriptor_, POLLIN, limit);
}

bool Connection::cut_within(std::chrono::milliseconds limit) {
    const auto end = Clock::now() + limit;
    while (receive()) {
        forget_received();
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now());
        if (left <= 0ms) return false;
        wait_readable(left);
    }
    return true;
}

bool Connection::shake_hands(const std::optional<std::string>& identity,
                             std::chrono::milliseconds limit) {
    return send(zmtp::handshake(identity), limit) && await_handshake(limit);
}

bool Connection::await_handshake(std::chrono::milliseconds limit) {
    const auto end = Clock::now() + limit;
    while (receive() && !greeted_ && Clock::now() < end) {
        const auto ready =
            received_.size() < zmtp::kGreetingBytes
                ? std::nullopt
                : zmtp::first_frame(std::string_view(received_).substr(zmtp::kGreetingBytes));
        greeted_ = ready.has_value();
        if (ready)
            received_.erase(0, zmtp::kGreetingBytes + ready->bytes);
        else
            wait_readable(10ms);
    }
    return open() && greeted_;
}

std::optional<std::string> Connection::message(std::chrono::milliseconds limit) {
    const auto end = Clock::now() + limit;
    for (;;) {
        receive();
        while (greeted_) {
            const auto frame = zmtp::first_frame(received_);
            if (!frame) break;
            const std::string body(frame->body);
            const bool command = (frame->flags & zmtp::kCommand) != 0;
            received_.erase(0, frame->bytes);
            if (!command) return body;
        }
        if (!open() || Clock::now() > end) return std::nullopt;
        wait_readable(5ms);
    }
}

void Connection::close() {
    if (open()) ::close(std::exchange(descriptor_, -1));
}

void Connection::reset() {
    if (!open()) return;
    const linger at_once{1, 0};
    setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    close();
}

void raise_descriptor_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace weft::hostile
