#include "replication/partition/mailboxes.h"

#include "core/invariant.h"

#include <utility>

namespace weft::replication {

Mailboxes::Added Mailboxes::add(std::string_view key, Queued& item, const PartitionLimits& limits) {
    const auto known = activations_.find(key);
    const std::size_t waiting = known == activations_.end() ? 0 : known->second.mailbox.size();
    const std::size_t bytes = item.request.payload.size();
    if (waiting >= limits.mailbox || size_ >= limits.waiting_replies ||
        bytes_ + bytes > limits.mailbox_bytes)
        return Added::NoRoom;
    size_ += 1;
    bytes_ += bytes;
    const bool first = known == activations_.end();
    Activation& activation = first ? activations_[std::string(key)] : known->second;
    activation.mailbox.push_back(std::move(item));
    return first ? Added::First : Added::Behind;
}

Activation* Mailboxes::find(std::string_view key) {
    const auto known = activations_.find(key);
    return known == activations_.end() ? nullptr : &known->second;
}

std::optional<Queued> Mailboxes::next(std::string_view key) {
    const auto known = activations_.find(key);
    if (known == activations_.end()) return std::nullopt;
    std::deque<Queued>& mailbox = known->second.mailbox;
    Queued item = std::move(mailbox.front());
    mailbox.pop_front();
    size_ -= 1;
    bytes_ -= item.request.payload.size();
    if (mailbox.empty()) activations_.erase(known);
    return item;
}

std::vector<Refused> Mailboxes::refuse() {
    std::vector<Refused> refused;
    refused.reserve(size_);
    for (const auto& [key, activation] : activations_)
        for (const Queued& item : activation.mailbox)
            refused.push_back(not_led(item.from, item.request.id));
    activations_.clear();
    size_ = bytes_ = 0;
    return refused;
}

void Mailboxes::check() const {
    std::size_t waiting = 0;
    std::size_t bytes = 0;
    for (const auto& [key, activation] : activations_) {
        WEFT_INVARIANT(!activation.mailbox.empty(),
                       "an entity of {} bytes of key is awaited by nobody", key.size());
        waiting += activation.mailbox.size();
        for (const Queued& item : activation.mailbox) bytes += item.request.payload.size();
    }
    WEFT_INVARIANT(waiting == size_ && bytes == bytes_,
                   "{} commands of {} bytes wait, {} of {} counted", waiting, bytes, size_, bytes_);
}

}  // namespace weft::replication
