#include "node/peer.h"

#include "core/overloaded.h"
#include "routing/genesis.h"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <variant>

namespace weft::node {

namespace {

// Of a list; no item takes more than 64 bytes on the wire, so that it fits a frame. One round may
// hold more: each append of a full window that does not fit is refused by an answer of its own, and
// how many appends one frame of a peer holds is not ours to say.
using replication::kBatchItemsMax;
static_assert(kBatchItemsMax * 64 <= std::size_t{256} << 10);
static_assert(kBatchItemsMax <= routing::kGroupsMax, "more than a reader takes in one list");

template <class Batch, class Items>
void flush_items(NodeId to, Items& items, std::vector<Effect>& out) {
    for (std::size_t next = 0; next < items.size(); next += kBatchItemsMax) {
        const auto first = items.begin() + static_cast<std::ptrdiff_t>(next);
        const auto count = std::min(kBatchItemsMax, items.size() - next);
        Items part(first, first + static_cast<std::ptrdiff_t>(count));
        out.push_back(SendPeer{to, replication::PeerMessage{Batch{std::move(part)}}});
    }
    items.clear();
}

}  // namespace

void Outbox::add(replication::GroupMessage message) {
    std::visit(
        Overloaded{
            [&](replication::VoteAsk& ask) { asks_.push_back(ask); },
            [&](replication::VoteAnswer& vote) { votes_.push_back(vote); },
            [&](replication::AppendAnswer& answer) { answers_.push_back(answer); },
            [&](auto& other) { others_.emplace_back(replication::PeerMessage{std::move(other)}); },
        },
        message);
}

void Outbox::add(const replication::AppendItem& item, Bytes entries) {
    appends_.push_back({item, std::move(entries)});
}

bool Outbox::empty() const {
    return asks_.empty() && votes_.empty() && answers_.empty() && appends_.empty() &&
           others_.empty() && hellos_.empty();
}

void Outbox::clear() {
    asks_.clear();
    votes_.clear();
    answers_.clear();
    appends_.clear();
    others_.clear();
    hellos_.clear();
}

void Outbox::keep_only_hellos() {
    std::vector<PeerHello> hellos = std::move(hellos_);
    clear();
    hellos_ = std::move(hellos);
}

void Outbox::flush_appends(NodeId to, std::size_t batch_bytes, std::vector<Effect>& out) {
    std::size_t next = 0;
    while (next < appends_.size()) {
        std::size_t end = next, bytes = 0;
        do {
            bytes += appends_[end++].entries.size();
        } while (end < appends_.size() && end - next < kBatchItemsMax &&
                 bytes + appends_[end].entries.size() <= batch_bytes);
        replication::AppendBatch batch;
        batch.items.reserve(end - next);
        std::string blob;
        const bool alone = appends_[end - 1].entries.size() == bytes;  // nothing to join
        if (!alone) blob.reserve(bytes);
        for (; next < end; ++next) {
            replication::AppendItem& item = batch.items.emplace_back(appends_[next].item);
            item.bytes = static_cast<std::uint32_t>(appends_[next].entries.size());
            item.offset = alone ? 0 : static_cast<std::uint32_t>(blob.size());
            if (alone && item.bytes > 0) batch.blob = std::move(appends_[next].entries);
            if (!alone) blob.append(appends_[next].entries.view());
        }
        if (!alone) batch.blob = Bytes::adopt(std::move(blob));
        out.push_back(SendPeer{to, replication::PeerMessage{std::move(batch)}});
    }
    appends_.clear();
}

void Outbox::flush(NodeId to, std::size_t batch_bytes, std::vector<Effect>& out) {
    for (PeerHello& hello : hellos_) out.push_back(SendPeer{to, std::move(hello)});
    hellos_.clear();
    flush_items<replication::VoteAsks>(to, asks_, out);
    flush_items<replication::VoteAnswers>(to, votes_, out);
    flush_appends(to, batch_bytes, out);
    flush_items<replication::AppendAnswers>(to, answers_, out);
    for (MeshMessage& message : others_) out.push_back(SendPeer{to, std::move(message)});
    others_.clear();
}

}  // namespace weft::node
