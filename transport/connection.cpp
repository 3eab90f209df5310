#include "transport/connection.h"

#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace weft::transport {

namespace {

// The head of a unit is in the first part.
constexpr std::size_t kHeadRoom = 64;
constexpr std::size_t kPartMin = 4096, kPartMax = PartMemory::kPieceBytes;

bool is_later(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

}  // namespace

Connection::~Connection() { close(descriptor_); }

Io Connection::read(char* buffer, std::size_t size, std::size_t& got) const {
    const ssize_t received = recv(descriptor_, buffer, size, 0);
    got = received > 0 ? static_cast<std::size_t>(received) : 0;
    if (received > 0) return Io::Done;
    return received < 0 && is_later(errno) ? Io::Later : Io::Ended;
}

void Connection::keep(std::string_view begin) {
    Part& part = begin_part(std::max(begin.size(), kHeadRoom));
    part.size = begin.copy(part.bytes.get(), begin.size());
    unfinished_bytes_ = begin.size();
}

Connection::Part& Connection::begin_part(std::size_t room) {
    unfinished_room_ += room;
    return unfinished_.emplace_back(memory_.take(room), room);
}

Io Connection::read_on(std::size_t frame_bytes_max, std::size_t share, std::size_t& got) {
    for (;;) {
        const Unit unit = next_unit(phase, unfinished_.front().view(), frame_bytes_max);
        if (!unit.good || unfinished_bytes_ == unit.bytes) return Io::Done;
        if (got >= share) return Io::Later;
        const std::size_t missing = unit.bytes - unfinished_bytes_;
        if (unfinished_.back().size == unfinished_.back().room) {
            const std::size_t bytes =
                std::min(missing, std::clamp(unfinished_bytes_, kPartMin, kPartMax));
            if (!memory_.has(bytes)) return Io::Later;
            begin_part(bytes);
        }
        Part& part = unfinished_.back();
        const std::size_t room = std::min({missing, part.room - part.size, share - got});
        std::size_t more = 0;
        const Io result = read(part.bytes.get() + part.size, room, more);
        if (result != Io::Done) return result;
        part.size += more;
        unfinished_bytes_ += more;
        got += more;
    }
}

std::string Connection::take_unfinished() {
    std::string whole;
    whole.reserve(std::exchange(unfinished_bytes_, 0));
    unfinished_room_ = 0;
    for (Part& part : std::exchange(unfinished_, {})) {
        whole += part.view();
        part.bytes.reset();
    }
    return whole;
}

Io Connection::send(const OutgoingFrame& frame) {
    const FrameHead head(frame.size());
    const std::string_view parts[] = {head.view(), frame.begin, frame.shared.view(), frame.end};
    constexpr std::size_t kShared = 2;
    std::size_t sent = 0;
    if (unsent_.empty()) {
        iovec vectors[std::size(parts)];
        std::ranges::transform(parts, vectors, [](std::string_view part) {
            return iovec{const_cast<char*>(part.data()), part.size()};
        });
        msghdr message{};
        message.msg_iov = vectors;
        message.msg_iovlen = std::size(vectors);
        const ssize_t result = sendmsg(descriptor_, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (result < 0 && !is_later(errno)) return Io::Ended;
        sent = result < 0 ? 0 : static_cast<std::size_t>(result);
        if (sent == parts[0].size() + frame.size()) return Io::Done;
    }
    std::string rest;
    for (std::size_t i = 0; i < std::size(parts); ++i) {
        const std::size_t of_part = std::min(sent, parts[i].size());
        sent -= of_part;
        if (i != kShared || frame.shared.empty()) {
            rest += parts[i].substr(of_part);
            continue;
        }
        wait_to_send(Bytes::adopt(std::exchange(rest, {})));
        wait_to_send(frame.shared.slice(of_part, frame.shared.size()));
    }
    wait_to_send(Bytes::adopt(std::move(rest)));
    return Io::Later;
}

void Connection::wait_to_send(Bytes part) {
    if (part.empty()) return;
    unsent_bytes_ += part.size();
    unsent_.push_back(std::move(part));
}

Io Connection::flush() {
    while (!unsent_.empty()) {
        const std::string_view rest = unsent_.front().view().substr(sent_of_first_);
        const ssize_t result =
            ::send(descriptor_, rest.data(), rest.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (result < 0) return is_later(errno) ? Io::Later : Io::Ended;
        const auto sent = static_cast<std::size_t>(result);
        unsent_bytes_ -= sent;
        sent_of_first_ += sent;
        if (sent < rest.size()) continue;
        unsent_.pop_front();
        sent_of_first_ = 0;
    }
    return Io::Done;
}

}  // namespace weft::transport
