#include "client/socket_links.h"

#include "flatbuffers/wire_client.h"

#include <algorithm>
#include <utility>

namespace weft::client {

void SocketLinks::open(const OpenLink& what, std::vector<Event>& events) {
    if (links_.contains(what.link)) return;
    auto socket = transport::Dealer::connect(context_, what.address, wire::kFrameBytesMax);
    if (!socket) {
        events.push_back(LinkDown{what.link});
        return;
    }
    links_.try_emplace(what.link, std::move(*socket));
    poll_changed_ = true;
}

void SocketLinks::close(LinkId id) {
    if (links_.erase(id) != 0) poll_changed_ = true;
}

// Closes every link that `keep` says no of, after it.
template <class Keep>
void SocketLinks::drop_unless(std::vector<Event>& events, Keep keep) {
    for (auto next = links_.begin(); next != links_.end();) {
        const auto each = next++;
        const LinkId id = each->first;
        if (keep(id, each->second)) continue;
        close(id);
        events.push_back(LinkDown{id});
    }
}

void SocketLinks::write(LinkId id, const routing::ToNode& message, std::vector<Event>& events) {
    const auto place = links_.find(id);
    if (place == links_.end()) return;
    Link& link = place->second;
    const auto added = wire::add_or_begin_anew(
        link.frame, [&] { return wire::write(link.frame, message); },
        [&] { finish_frame(id, link); });
    if (!added) events.push_back(FromNode{id, wire::too_large(message, added.error())});
    if (link.frame.bytes() >= wire::kFrameCloseBytes) finish_frame(id, link);
}

void SocketLinks::finish_frame(LinkId id, Link& link) {
    wire::FrameHeader header;
    header.channel = wire::Channel::Client;
    header.cluster = caller_.cluster();
    header.receiver = caller_.link_node(id);
    const std::string_view frame = link.frame.seal(header);
    const bool sent = link.backlog.empty() && link.socket.send(frame);
    if (!sent) {
        if (link.backlog.empty()) link.took_at.reset();
        link.backlog_bytes += frame.size();
        link.backlog.emplace_back(frame);
    }
    link.frame.clear();
}

bool SocketLinks::send_backlog(Instant now, Link& link) {
    if (!link.took_at) link.took_at = now;
    while (!link.backlog.empty() && link.socket.send(link.backlog.front())) {
        link.took_at = now;
        link.backlog_bytes -= link.backlog.front().size();
        link.backlog.pop_front();
    }
    return link.backlog_bytes <= kLinkBytesMax || now - *link.took_at < kLinkPatience;
}

void SocketLinks::flush(Instant now, std::vector<Event>& events) {
    drop_unless(events, [&](LinkId id, Link& link) {
        if (!link.frame.empty()) finish_frame(id, link);
        return link.backlog.empty() || send_backlog(now, link);
    });
}

void SocketLinks::receive(std::vector<Event>& events) {
    drop_unless(events, [&](LinkId id, Link& link) { return receive(id, link, events); });
}

bool SocketLinks::receive(LinkId id, Link& link, std::vector<Event>& events) {
    while (const auto frame = link.socket.receive())
        if (!read_frame(id, *frame, events)) return false;
    return true;
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
    drop_unless(events, [&](LinkId id, Link& link) { return look_at(id, link, events); });
}

bool SocketLinks::look_at(LinkId id, Link& link, std::vector<Event>& events) {
    for (const transport::LinkEvent event : link.socket.link_events()) {
        if (event == transport::LinkEvent::Connected) {
            link.refusal.clear();
            if (!std::exchange(link.up, true)) events.push_back(LinkUp{id});
        } else if (event == transport::LinkEvent::Refused) {
            const std::string_view why = link.socket.unresolved();
            link.refusal =
                why.empty() ? link.socket.address() + " refuses the connection" : std::string(why);
        } else if (link.up) {
            // The socket would connect again by itself and send what it still holds; a new one
            // starts without such a past.
            return false;
        }
    }
    return true;
}

std::string_view SocketLinks::refusal(LinkId id) const {
    const auto place = links_.find(id);
    return place == links_.end() ? std::string_view() : std::string_view(place->second.refusal);
}

bool SocketLinks::backlogged() const {
    return std::ranges::any_of(links_,
                               [](const auto& each) { return !each.second.backlog.empty(); });
}

void SocketLinks::wait(int wake, std::int64_t timeout_ms) {
    if (std::exchange(poll_changed_, false)) {
        poll_.sockets.clear();
        poll_.descriptors.assign(1, wake);
        for (const auto& [id, link] : links_) {
            poll_.sockets.push_back(link.socket.handle());
            link.socket.descriptors(poll_.descriptors);
        }
    }
    transport::wait_readable(poll_, timeout_ms);
}

}  // namespace weft::client
