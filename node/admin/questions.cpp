#include "node/admin/questions.h"

#include "core/invariant.h"

#include <algorithm>
#include <ranges>
#include <utility>

namespace weft::node {

namespace {

std::size_t bytes_of(const routing::AdminRequest& request) {
    std::size_t bytes = sizeof request + request.verb.size();
    for (const std::string& argument : request.arguments)
        bytes += sizeof argument + argument.size();
    return bytes;
}

}  // namespace

bool Questions::has_room(const Connection& connection, std::size_t bytes) const {
    const std::size_t most = waiting_ < kRoomy ? kPerConnection : 1;
    if (connection.waiting.size() >= most) return false;
    return bytes <= kSmallBytes || bytes_ + bytes <= kBytesMax;
}

bool Questions::add(ClientRef from, routing::AdminRequest request) {
    const std::size_t bytes = bytes_of(request);
    const auto place = connections_.try_emplace(from).first;
    Connection& connection = place->second;
    if (!has_room(connection, bytes)) {
        if (connection.waiting.empty() && !connection.answering) connections_.erase(place);
        return false;
    }
    if (connection.waiting.empty() && !connection.answering) turns_.push_back(from);
    connection.waiting.push_back(std::move(request));
    ++waiting_;
    bytes_ += bytes;
    return true;
}

std::optional<Questions::Asked> Questions::take() {
    if (turns_.empty()) return std::nullopt;
    const ClientRef from = turns_.front();
    turns_.pop_front();
    Connection& connection = connections_[from];
    connection.answering = true;
    Asked asked{from, std::move(connection.waiting.front())};
    connection.waiting.pop_front();
    --waiting_;
    bytes_ -= bytes_of(asked.request);
    return asked;
}

void Questions::done(ClientRef from) {
    const auto place = connections_.find(from);
    if (place == connections_.end() || !place->second.answering) return;
    place->second.answering = false;
    if (place->second.waiting.empty())
        connections_.erase(place);
    else
        turns_.push_back(from);
}

void Questions::forget(ClientRef from) {
    const auto place = connections_.find(from);
    if (place == connections_.end()) return;
    for (const routing::AdminRequest& request : place->second.waiting) bytes_ -= bytes_of(request);
    waiting_ -= place->second.waiting.size();
    connections_.erase(place);
    std::erase(turns_, from);
}

std::size_t Questions::answering() const {
    return static_cast<std::size_t>(
        std::ranges::count(std::views::values(connections_), true, &Connection::answering));
}

void Questions::check() const {
    std::size_t waiting = 0, bytes = 0;
    for (const Connection& connection : std::views::values(connections_)) {
        waiting += connection.waiting.size();
        for (const routing::AdminRequest& request : connection.waiting) bytes += bytes_of(request);
    }
    WEFT_INVARIANT(waiting == waiting_ && bytes == bytes_,
                   "{} questions of {} bytes wait, {} of {} are counted", waiting, bytes, waiting_,
                   bytes_);
}

}  // namespace weft::node
