#include "client/socket_links.h"

#include "flatbuffers/wire_client.h"

#include <utility>

namespace weft::client {

void SocketLinks::open(const OpenLink& what, std::vector<Event>& events) {
    links_.reach(what.link);
    Link& link = links_[what.link];
    if (link.socket) return;
    auto socket = transport::Dealer::connect(context_, what.address, wire::kFrameBytesMax);
    if (!socket) {
        events.push_back(LinkDown{what.link});
        return;
    }
    link.socket = std::make_unique<transport::Dealer>(std::move(*socket));
    poll_changed_ = true;
}

void SocketLinks::close(LinkId id) {
    if (!links_.has(id)) return;
    links_[id] = Link{};
    poll_changed_ = true;
}

void SocketLinks::drop(LinkId id, std::vector<Event>& events) {
    close(id);
    events.push_back(LinkDown{id});
}

void SocketLinks::write(LinkId id, const routing::ToNode& message, std::vector<Event>& events) {
    if (!links_.has(id) || !links_[id].socket) return;
    const auto added = wire::add_or_begin_anew(
        links_[id].frame, [&] { return wire::write(links_[id].frame, message); },
        [&] { finish_frame(id); });
    if (!added) events.push_back(FromNode{id, wire::too_large(message, added.error())});
    if (links_[id].frame.bytes() >= wire::kFrameCloseBytes) finish_frame(id);
}

void SocketLinks::finish_frame(LinkId id) {
    Link& link = links_[id];
    wire::FrameHeader header;
    header.channel = wire::Channel::Client;
    header.cluster = caller_.cluster();
    header.receiver = caller_.link_node(id);
    const std::string_view frame = link.frame.seal(header);
    const bool sent = link.backlog.empty() && link.socket->send(frame);
    if (!sent) {
        if (link.backlog.empty()) link.took_at.reset();
        link.backlog_bytes += frame.size();
        link.backlog.emplace_back(frame);
    }
    link.frame.clear();
}

bool SocketLinks::send_backlog(Instant now, Link& link) {
    if (!link.took_at) link.took_at = now;
    while (!link.backlog.empty() && link.socket->send(link.backlog.front())) {
        link.took_at = now;
        link.backlog_bytes -= link.backlog.front().size();
        link.backlog.pop_front();
    }
    return link.backlog_bytes <= kLinkBytesMax || now - *link.took_at < kLinkPatience;
}

void SocketLinks::flush(Instant now, std::vector<Event>& events) {
    for (const LinkId id : links_.indexes()) {
        Link& link = links_[id];
        if (!link.socket) continue;
        if (!link.frame.empty()) finish_frame(id);
        if (!link.backlog.empty() && !send_backlog(now, link)) drop(id, events);
    }
}

void SocketLinks::receive(std::vector<Event>& events) {
    for (const LinkId id : links_.indexes()) {
        if (!links_[id].socket) continue;
        bool good = true;
        while (good) {
            const auto frame = links_[id].socket->receive();
            if (!frame) break;
            good = read_frame(id, *frame, events);
        }
        if (!good) drop(id, events);
    }
}

bool SocketLinks::read_frame(LinkId id, std::string_view frame, std::vector<Event>& events) {
    auto reader = wire::FrameReader::open(frame);
    if (!reader) return false;
    for (;;) {
        auto raw = reader->next();
        if (!raw) return false;
        if (!*raw) return true;
        auto message = wire::read_to_client(**raw);
        if (!message) return false;
        if (*message) events.push_back(FromNode{id, std::move(**message)});
    }
}

void SocketLinks::look_at_links(std::vector<Event>& events) {
    for (const LinkId id : links_.indexes()) {
        if (!links_[id].socket) continue;
        for (const transport::LinkEvent event : links_[id].socket->link_events()) {
            if (event == transport::LinkEvent::Connected) {
                links_[id].refusal.clear();
                if (!std::exchange(links_[id].up, true)) events.push_back(LinkUp{id});
                continue;
            }
            if (event == transport::LinkEvent::Refused) {
                const std::string_view why = links_[id].socket->unresolved();
                links_[id].refusal = why.empty()
                                         ? links_[id].socket->address() + " refuses the connection"
                                         : std::string(why);
                continue;
            }
            // The socket would connect again by itself and send what it still holds; a new one
            // starts without such a past.
            if (!links_[id].up) continue;
            drop(id, events);
            break;
        }
    }
}

std::string_view SocketLinks::refusal(LinkId id) const {
    return links_.has(id) ? std::string_view(links_[id].refusal) : std::string_view();
}

bool SocketLinks::backlogged() const {
    for (const Link& link : links_)
        if (!link.backlog.empty()) return true;
    return false;
}

void SocketLinks::wait(int wake, std::int64_t timeout_ms) {
    if (std::exchange(poll_changed_, false)) {
        poll_.sockets.clear();
        poll_.descriptors.assign(1, wake);
        for (const Link& link : links_) {
            if (!link.socket) continue;
            poll_.sockets.push_back(link.socket->handle());
            link.socket->descriptors(poll_.descriptors);
        }
    }
    transport::wait_readable(poll_, timeout_ms);
}

}  // namespace weft::client
