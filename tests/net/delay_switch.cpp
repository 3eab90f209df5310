// A network switch that takes its time: frames that come in at one interface of the network
// namespace it runs in leave at the one where their receiver was last heard, or at all others, each
// one DELAY_US later, give or take a half, as netem does; so frames may overtake each other.
//   weft_delay_switch DELAY_US     until SIGTERM or SIGINT; then it prints what it did
// For namespaces that are made for a test (scripts/swim_race.sh); needs CAP_NET_RAW.

#include <arpa/inet.h>
#include <fmt/core.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <map>
#include <optional>
#include <random>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;
using Mac = std::array<std::uint8_t, 6>;

// virtio_net_hdr, whose own header is not C++: what the sending kernel left to its device.
constexpr std::size_t kOffloadBytes = 10;
constexpr std::uint16_t kEveryProtocol = 0x0003;       // ETH_P_ALL
constexpr std::size_t kBytesMax = 80'000;              // a frame that the sender left in one piece
constexpr std::size_t kWaitingBytesMax = 256U << 20U;  // of all frames
constexpr int kKernelBytes = 32 << 20;
constexpr int kReadsMax = 256;  // before what is due is sent

volatile std::sig_atomic_t over = 0;

struct Frame {
    std::vector<std::byte> bytes;  // behind its kOffloadBytes
    int interface = 0;
};

struct Counts {
    std::uint64_t forwarded = 0, no_room = 0, no_way = 0;
};

class DelaySwitch {
public:
    DelaySwitch(int socket, std::chrono::microseconds delay)
        : socket_(socket), around_(delay / 2, delay * 3 / 2) {}

    void run(const sigset_t& while_waiting) {
        while (over == 0) {
            const auto wait = std::max<Clock::duration>(
                0ns, waiting_.empty() ? Clock::duration(1s) : next_due() - Clock::now());
            const timespec until{wait / 1s, (wait % 1s) / 1ns};
            pollfd readable{socket_, POLLIN, 0};
            (void)::ppoll(&readable, 1, &until, &while_waiting);
            for (int i = 0; i < kReadsMax && read_one(); ++i) {
            }
            send_due(Clock::now());
        }
    }
    const Counts& counts() const { return counts_; }

private:
    Clock::time_point next_due() const { return waiting_.begin()->first; }

    bool read_one() {
        sockaddr_ll from{};
        socklen_t from_bytes = sizeof from;
        const ssize_t got = ::recvfrom(socket_, buffer_.data(), buffer_.size(), MSG_DONTWAIT,
                                       reinterpret_cast<sockaddr*>(&from), &from_bytes);
        if (got < 0) return false;
        const auto bytes = static_cast<std::size_t>(got);
        constexpr std::size_t kAddresses = kOffloadBytes + 2 * sizeof(Mac);
        if (from.sll_hatype != ARPHRD_ETHER || bytes < kAddresses) return true;
        Mac to, sender;
        std::memcpy(to.data(), buffer_.data() + kOffloadBytes, to.size());
        std::memcpy(sender.data(), buffer_.data() + kOffloadBytes + to.size(), sender.size());
        places_[sender] = from.sll_ifindex;
        if (const auto place = places_.find(to); place != places_.end()) {
            if (place->second != from.sll_ifindex) enqueue(place->second, bytes);
            return true;
        }
        struct if_nameindex* const all = ::if_nameindex();
        for (auto* one = all; one != nullptr && one->if_index != 0; ++one)
            if (static_cast<int>(one->if_index) != from.sll_ifindex &&
                std::string_view(one->if_name) != "lo")
                enqueue(static_cast<int>(one->if_index), bytes);
        if (all != nullptr) ::if_freenameindex(all);
        return true;
    }

    void enqueue(int interface, std::size_t bytes) {
        if (waiting_bytes_ + bytes > kWaitingBytesMax) {
            ++counts_.no_room;
            return;
        }
        std::uniform_int_distribution<std::int64_t> drawn(around_.first.count(),
                                                          around_.second.count());
        const auto due = Clock::now() + std::chrono::microseconds(drawn(random_));
        const auto end = buffer_.begin() + static_cast<std::ptrdiff_t>(bytes);
        waiting_.emplace(due, Frame{{buffer_.begin(), end}, interface});
        waiting_bytes_ += bytes;
    }

    void send_due(Clock::time_point now) {
        for (; !waiting_.empty() && next_due() <= now; waiting_.erase(waiting_.begin())) {
            const Frame& frame = waiting_.begin()->second;
            waiting_bytes_ -= frame.bytes.size();
            sockaddr_ll to{};
            to.sll_family = AF_PACKET;
            to.sll_ifindex = frame.interface;
            const ssize_t sent = ::sendto(socket_, frame.bytes.data(), frame.bytes.size(), 0,
                                          reinterpret_cast<const sockaddr*>(&to), sizeof to);
            // One that is down is a host that is lost.
            ++(sent < 0 ? counts_.no_way : counts_.forwarded);
        }
    }

    int socket_;
    std::pair<std::chrono::microseconds, std::chrono::microseconds> around_;
    std::minstd_rand random_{1};
    std::array<std::byte, kBytesMax> buffer_{};
    std::map<Mac, int> places_;  // interfaces
    std::multimap<Clock::time_point, Frame> waiting_;
    std::size_t waiting_bytes_ = 0;
    Counts counts_;
};

// Of all interfaces, what others send; checksums and segments that a sender's kernel left to its
// device come with a header that says so, and go on with it.
int open_socket() {
    const int socket = ::socket(AF_PACKET, SOCK_RAW, htons(kEveryProtocol));
    if (socket < 0) return -1;
    constexpr int kOn = 1;
    (void)::setsockopt(socket, SOL_SOCKET, SO_RCVBUFFORCE, &kKernelBytes, sizeof kKernelBytes);
    (void)::setsockopt(socket, SOL_SOCKET, SO_SNDBUFFORCE, &kKernelBytes, sizeof kKernelBytes);
    for (const int option : {PACKET_VNET_HDR, PACKET_IGNORE_OUTGOING})
        if (::setsockopt(socket, SOL_PACKET, option, &kOn, sizeof kOn) != 0) return -1;
    return socket;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string_view text = argc == 2 ? argv[1] : "";
    std::uint32_t delay_us = 0;
    const auto [at, bad] = std::from_chars(text.data(), text.data() + text.size(), delay_us);
    if (bad != std::errc{} || at != text.data() + text.size() || delay_us > 10'000'000) {
        fmt::print(stderr, "usage: weft_delay_switch DELAY_US (0 to 10000000)\n");
        return 2;
    }
    sigset_t ends, while_waiting;
    ::sigemptyset(&ends);
    ::sigaddset(&ends, SIGTERM);
    ::sigaddset(&ends, SIGINT);
    ::sigprocmask(SIG_BLOCK, &ends, &while_waiting);
    struct sigaction action{};
    action.sa_handler = [](int) { over = 1; };
    ::sigaction(SIGTERM, &action, nullptr);
    ::sigaction(SIGINT, &action, nullptr);
    const int socket = open_socket();
    if (socket < 0) {
        fmt::print(stderr, "weft_delay_switch: {}\n", std::strerror(errno));
        return 1;
    }
    DelaySwitch frames(socket, std::chrono::microseconds(delay_us));
    frames.run(while_waiting);
    tpacket_stats unread{};
    socklen_t unread_bytes = sizeof unread;
    (void)::getsockopt(socket, SOL_PACKET, PACKET_STATISTICS, &unread, &unread_bytes);
    fmt::print("forwarded {} no_room {} unread {} no_way {}\n", frames.counts().forwarded,
               frames.counts().no_room, unread.tp_drops, frames.counts().no_way);
    ::close(socket);
    return 0;
}
