#pragma once
// Loopback helpers for tests with real sockets: free ports, waiting with a limit, plain TCP.

#include "transport/listener.h"
#include "transport/sockets.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <utility>

namespace weft::test {

inline sockaddr_in loopback(std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return address;
}

// A port of our own, as long as this process asks for fewer than kPortsHeld more. A port that is
// merely free now may be given to another process before it is listened on, or to a connection.
// Held is one that a socket is bound to and does not listen on: the kernel gives it to nobody who
// leaves the choice to it, and whoever sets SO_REUSEADDR, as weft does, can listen on it.
inline constexpr std::size_t kPortsHeld = 256;
inline std::uint16_t free_port() {
    static std::deque<transport::Descriptor> held;
    if (held.size() == kPortsHeld) held.pop_front();
    const int descriptor = held.emplace_back(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)).get();
    const int on = 1;
    setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in address = loopback(0);
    address.sin_addr.s_addr = htonl(INADDR_ANY);  // of 127.0.0.2 as well
    socklen_t size = sizeof address;
    if (bind(descriptor, reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
        getsockname(descriptor, reinterpret_cast<sockaddr*>(&address), &size) != 0)
        throw std::system_error(errno, std::generic_category(), "no port");
    return ntohs(address.sin_port);
}

inline std::string free_address() { return "127.0.0.1:" + std::to_string(free_port()); }

inline std::uint16_t port_of(std::string_view address) {
    return static_cast<std::uint16_t>(
        std::stoi(std::string(address.substr(address.rfind(':') + 1))));
}

// A connected plain TCP socket; -1 when refused.
class PlainTcp {
public:
    explicit PlainTcp(std::string_view address)
        : descriptor_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        const sockaddr_in to = loopback(port_of(address));
        connected_ = connect(descriptor_, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
    }
    PlainTcp(const PlainTcp&) = delete;
    PlainTcp& operator=(const PlainTcp&) = delete;
    ~PlainTcp() {
        if (descriptor_ >= 0) close(descriptor_);
    }
    bool connected() const { return connected_; }
    bool send(std::string_view bytes) {
        return ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL) ==
               static_cast<ssize_t>(bytes.size());
    }
    // Ends the connection at once; what is on its way is lost.
    void reset() {
        const linger at_once{1, 0};
        setsockopt(descriptor_, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
        close(std::exchange(descriptor_, -1));
    }
    // As many as there is room for.
    std::size_t send_some(std::string_view bytes) {
        const ssize_t sent =
            ::send(descriptor_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        return sent < 0 ? 0 : static_cast<std::size_t>(sent);
    }
    // What has come, as far as it lies there; how much it was. `got`: with that behind it.
    std::size_t receive_some(std::string* got = nullptr) {
        char buffer[65536];
        const ssize_t size = recv(descriptor_, buffer, sizeof buffer, MSG_DONTWAIT);
        if (size > 0 && got != nullptr) got->append(buffer, static_cast<std::size_t>(size));
        return size < 0 ? 0 : static_cast<std::size_t>(size);
    }
    // True when the other end has closed within a second. `got`: what it sent before.
    bool closed_by_peer(std::string* got = nullptr) {
        const timeval limit{1, 0};
        setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
        char buffer[512];
        for (;;) {
            const ssize_t size = recv(descriptor_, buffer, sizeof buffer, 0);
            if (size > 0 && got != nullptr) got->append(buffer, static_cast<std::size_t>(size));
            if (size > 0) continue;
            return size == 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
        }
    }

private:
    int descriptor_;
    bool connected_ = false;
};

// Takes each connection, says one thing and ends it.
class OneWordServer {
public:
    OneWordServer(const std::string& address, std::string word) : word_(std::move(word)) {
        sockaddr_in at = loopback(port_of(address));
        inet_pton(AF_INET, address.substr(0, address.rfind(':')).c_str(), &at.sin_addr);
        const int on = 1;
        setsockopt(descriptor_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        bind(descriptor_, reinterpret_cast<const sockaddr*>(&at), sizeof at);
        listen(descriptor_, 16);
        thread_ = std::thread([this] { serve(); });
    }
    OneWordServer(const OneWordServer&) = delete;
    OneWordServer& operator=(const OneWordServer&) = delete;
    ~OneWordServer() {
        shutdown(descriptor_, SHUT_RDWR);
        thread_.join();
        close(descriptor_);
    }

private:
    void serve() const {
        for (;;) {
            const int taken = accept(descriptor_, nullptr, nullptr);
            if (taken < 0) return;
            ::send(taken, word_.data(), word_.size(), MSG_NOSIGNAL);
            shutdown(taken, SHUT_WR);
            char rest[256];
            while (recv(taken, rest, sizeof rest, 0) > 0) continue;
            close(taken);
        }
    }
    int descriptor_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    std::string word_;
    std::thread thread_;
};

// What a DEALER says first, of ZMTP 3.0, and a message of it.
inline const std::string kReady = [] {
    std::string bytes("\xff\0\0\0\0\0\0\0\x01\x7f\x03\0NULL", 16);
    bytes.resize(64, '\0');
    return bytes + std::string("\4\x1c\5READY\x0bSocket-Type\0\0\0\6DEALER", 30);
}();
inline std::string zmtp_frame(std::string_view body) {
    std::string bytes;
    if (body.size() <= 255) {
        bytes = {'\0', static_cast<char>(body.size())};
    } else {
        bytes = '\2';
        for (int shift = 56; shift >= 0; shift -= 8)
            bytes += static_cast<char>(body.size() >> shift & 0xff);
    }
    return bytes.append(body);
}

// What wakes for news of the dealer's connection, and of `other`.
inline transport::PollSet poll_set(const transport::Dealer& dealer, int other = -1) {
    transport::PollSet set;
    dealer.descriptors(set.descriptors);
    if (other >= 0) set.descriptors.push_back(other);
    return set;
}

// Calls `attempt` until it is true or the time is over, sleeping on `set` in between.
template <class Attempt>
bool eventually(const transport::PollSet& set, Attempt attempt,
                std::chrono::milliseconds longest = std::chrono::seconds(5)) {
    const auto end = std::chrono::steady_clock::now() + longest;
    while (!attempt()) {
        if (std::chrono::steady_clock::now() > end) return false;
        transport::wait_readable(set, 5);
    }
    return true;
}

}  // namespace weft::test
