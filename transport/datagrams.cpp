#include "transport/datagrams.h"

#include "core/error.h"
#include "transport/address.h"
#include "transport/listener.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <string>
#include <unordered_map>
#include <utility>

namespace weft::transport {

namespace {

// Taken in with one call.
constexpr std::size_t kBatch = 32;
// What arrives while the thread is busy: some thousand packets. The kernel may give less.
constexpr int kReceiveBytes = 2 << 20;
// Numbers that were sent to, as the system takes them; then they are parsed anew.
constexpr std::size_t kDestinationsKept = 8192;

}  // namespace

struct Datagrams::State {
    explicit State(Descriptor bound, int bound_family)
        : socket(std::move(bound)), family(bound_family) {
        for (std::size_t i = 0; i < kBatch; ++i) {
            parts[i] = {bytes[i].data(), bytes[i].size()};
            messages[i] = {};
            messages[i].msg_hdr.msg_iov = &parts[i];
            messages[i].msg_hdr.msg_iovlen = 1;
        }
    }
    State(const State&) = delete;
    State& operator=(const State&) = delete;

    bool fill();
    const SocketAddress* destination(std::string_view number);

    Descriptor socket;
    int family;
    DatagramCounts counts;
    // What is longer is cut off behind the one byte more that tells of it.
    std::array<std::array<char, kDatagramBytesMax + 1>, kBatch> bytes{};
    std::array<iovec, kBatch> parts{};
    std::array<mmsghdr, kBatch> messages{};
    std::size_t next = 0, filled = 0;
    std::unordered_map<std::string, SocketAddress> known;
};

bool Datagrams::State::fill() {
    // An error is somebody else's news, like a destination that refused: it is taken off, and the
    // next call tells of what has come.
    constexpr int kErrorsMax = 8;
    next = filled = 0;
    for (int errors = 0; errors < kErrorsMax; ++errors) {
        const int count = recvmmsg(socket.get(), messages.data(), kBatch, MSG_DONTWAIT, nullptr);
        if (count > 0) {
            filled = static_cast<std::size_t>(count);
            return true;
        }
        if (count == 0 || errno == EAGAIN || errno == EWOULDBLOCK) return false;
    }
    return false;
}

const SocketAddress* Datagrams::State::destination(std::string_view number) {
    std::string key(number);
    if (const auto found = known.find(key); found != known.end()) return &found->second;
    const auto parsed = parse_address(number);
    if (!parsed || parsed->named) return nullptr;
    const SocketAddress to = socket_address(*parsed);
    if (to.family != family) return nullptr;
    if (known.size() >= kDestinationsKept) known.clear();
    return &known.emplace(std::move(key), to).first->second;
}

Datagrams::Datagrams(std::unique_ptr<State> state) : state_(std::move(state)) {}
Datagrams::Datagrams(Datagrams&&) noexcept = default;
Datagrams& Datagrams::operator=(Datagrams&&) noexcept = default;
Datagrams::~Datagrams() = default;

Result<Datagrams> Datagrams::bind(std::string_view address) {
    auto bound = bind_at(address, SOCK_DGRAM);
    if (!bound) return std::unexpected(std::move(bound).error());
    setsockopt(bound->socket.get(), SOL_SOCKET, SO_RCVBUF, &kReceiveBytes, sizeof kReceiveBytes);
    return Datagrams(std::make_unique<State>(std::move(bound->socket), bound->family));
}

std::optional<std::span<char>> Datagrams::receive() {
    State& state = *state_;
    if (state.next == state.filled && !state.fill()) return std::nullopt;
    const std::size_t at = state.next++;
    ++state.counts.received;
    return std::span<char>(state.bytes[at].data(), state.messages[at].msg_len);
}

bool Datagrams::send(std::string_view number, std::string_view datagram) {
    const SocketAddress* const to = state_->destination(number);
    const bool sent =
        to != nullptr && sendto(state_->socket.get(), datagram.data(), datagram.size(),
                                MSG_DONTWAIT | MSG_NOSIGNAL, to->get(), to->size) >= 0;
    ++(sent ? state_->counts.sent : state_->counts.unsent);
    return sent;
}

const DatagramCounts& Datagrams::counts() const { return state_->counts; }
int Datagrams::descriptor() const { return state_->socket.get(); }

}  // namespace weft::transport
