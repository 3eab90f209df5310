#pragma once
// Every field of every message, for comparison: what a codec is held to.

#include "flatbuffers/wire_link.h"
#include "node/events.h"
#include "routing/messages.h"

#include <tuple>
#include <variant>

namespace weft {

inline auto fields(const Request& m) {
    return std::tie(m.id, m.lowest_open, m.digest, m.kind, m.deadline_ms, m.leaders_lost, m.forced,
                    m.type, m.entity, m.command, m.payload);
}
inline auto fields(const Reply& m) {
    return std::tie(m.id, m.part, m.last, m.outcome, m.error, m.payload, m.index, m.revision,
                    m.version, m.generation, m.exists, m.level, m.leader_hint, m.hint_term);
}

}  // namespace weft

namespace weft::routing {

inline auto fields(const ClientHello& m) {
    return std::tie(m.client, m.wire_version, m.program, m.by_version, m.known, m.nodes_digest,
                    m.wanted);
}
inline auto fields(const AdminRequest& m) { return std::tie(m.id, m.verb, m.arguments); }
inline auto fields(const HelloNode& m) { return std::tie(m.node, m.name, m.client_address); }
inline bool operator==(const HelloNode& a, const HelloNode& b) { return fields(a) == fields(b); }
inline auto fields(const HelloReply& m) {
    return std::tie(m.cluster, m.node, m.boot, m.log_time_ms, m.hash_key, m.groups, m.epoch,
                    m.nodes, m.leaders, m.terms, m.told, m.version, m.nodes_digest);
}
inline auto fields(const AdminReply& m) {
    return std::tie(m.id, m.error, m.columns, m.kinds, m.cells, m.last, m.cursor);
}

}  // namespace weft::routing

namespace weft::replication {

inline auto fields(const VoteAsk& m) {
    return std::tie(m.group, m.term, m.last, m.pre, m.transfer);
}
inline auto fields(const VoteAnswer& m) {
    return std::tie(m.group, m.term, m.pre, m.granted, m.sender_since);
}
inline auto fields(const AppendItem& m) {
    return std::tie(m.group, m.term, m.prev, m.commit, m.count, m.offset, m.bytes,
                    m.receiver_since);
}
inline auto fields(const AppendAnswer& m) {
    return std::tie(m.group, m.term, m.accepted, m.damaged, m.index, m.hint_term, m.stamp_ahead,
                    m.sender_since);
}
inline auto fields(const GroupBeat& m) { return std::tie(m.group, m.term, m.commit); }
inline auto fields(const GroupTerm& m) { return std::tie(m.group, m.term); }

template <class Item>
    requires requires(const Item& item) { fields(item); }
bool operator==(const Item& a, const Item& b) {
    return fields(a) == fields(b);
}

inline auto fields(const VoteAsks& m) { return std::tie(m.items); }
inline auto fields(const VoteAnswers& m) { return std::tie(m.items); }
inline auto fields(const AppendBatch& m) { return std::tie(m.items, m.blob); }
inline auto fields(const AppendAnswers& m) { return std::tie(m.items); }
inline auto fields(const TimeoutNow& m) { return std::tie(m.group, m.term); }
inline auto fields(const SnapshotChunk& m) {
    return std::tie(m.group, m.term, m.at, m.sequence, m.last, m.base, m.rows, m.transfer,
                    m.receiver_since);
}
inline auto fields(const SnapshotAnswer& m) {
    return std::tie(m.group, m.term, m.at, m.next, m.refused, m.transfer, m.sender_since);
}
inline auto fields(const Heartbeat& m) {
    return std::tie(m.round, m.listed, m.unlisted, m.unlisted_hash, m.disk_age_ms, m.wall_ms);
}
inline auto fields(const HeartbeatAnswer& m) {
    return std::tie(m.round, m.refused, m.want_all, m.disk_age_ms, m.wall_ms, m.cannot_stand);
}
inline auto fields(const Confirm& m) { return std::tie(m.round, m.groups); }
inline auto fields(const ConfirmAnswer& m) { return std::tie(m.round, m.refused); }

}  // namespace weft::replication

namespace weft::node {

inline auto fields(const PeerHello& m) {
    return std::tie(m.genesis, m.mesh_address, m.answer, m.types, m.nonce, m.token, m.refused,
                    m.wall_ms);
}

inline auto fields(const MemberMessage& m) { return std::tie(m.content); }
inline auto fields(const NodeRequest& m) {
    return std::tuple_cat(std::tie(m.tag), fields(m.request));
}
inline auto fields(const NodeReply& m) { return std::tuple_cat(std::tie(m.tag), fields(m.reply)); }

}  // namespace weft::node

namespace weft::wire {

inline auto fields(const LinkChallenge& m) { return std::tie(m.secret); }
inline auto fields(const LinkAnswer& m) { return std::tie(m.secrets); }

}  // namespace weft::wire

namespace weft::test {

template <class... Messages>
bool same(const std::variant<Messages...>& a, const std::variant<Messages...>& b);

template <class Message>
bool same(const Message& a, const Message& b) {
    return fields(a) == fields(b);
}

template <class... Messages>
bool same(const std::variant<Messages...>& a, const std::variant<Messages...>& b) {
    if (a.index() != b.index()) return false;
    return std::visit(
        [&](const auto& each) { return same(each, std::get<std::decay_t<decltype(each)>>(b)); }, a);
}

}  // namespace weft::test
