// Entries, configurations and snapshots that a leader might send.

#include "core/entry.h"
#include "entity/host.h"
#include "replication/partition/rows.h"
#include "replication/partition/sections.h"
#include "replication/partition/snapshot_format.h"
#include "replication/raft/config.h"
#include "routing/key.h"
#include "tests/fuzz/forge.h"

#include <iterator>

namespace weft::fuzz {

using namespace replication;

void Forger::write_change(EntryBuilder& builder, const EntryHeader& header) {
    RequestPart request;
    request.client.bytes.fill(static_cast<std::uint8_t>(1 + input_.choice(2)));
    request.start_ms = stamp();
    request.seq = near(std::uint64_t{1});
    request.lowest_open = near(request.seq);
    write_request(builder, request);
    EntityPart entity;
    entity.type = kForgedTypes[input_.choice(std::size(kForgedTypes))];
    entity.id = kForgedIds[input_.choice(std::size(kForgedIds))];
    entity.hash = input_.choice(8) == 0
                      ? input_.number<std::uint64_t>()
                      : routing::entity_hash(lab_.genesis.hash_key, entity.type, entity.id);
    entity.standing.generation = Generation{near(header.index.value)};
    entity.standing.revision = Revision{near(header.index.value)};
    entity.standing.version = Version{near(std::uint64_t{1})};
    write_entity(builder, entity);
    if (header.kind == EntryKind::Outcome) {
        write_outcome(builder, {Outcome{static_cast<std::uint8_t>(1 + input_.choice(5))},
                                input_.number<std::uint16_t>(), input_.text(16)});
        return;
    }
    if (input_.flag()) return write_value(builder, {input_.choice(4) == 0, input_.text(32)});
    std::vector<Bytes> events;
    for (std::size_t left = input_.choice(4); left-- > 0;)
        events.push_back(Bytes::copy_of(input_.text(12)));
    if (!events.empty()) write_events(builder, events);
    if (input_.choice(4) == 0) builder.section(SectionType::SnapshotPart, input_.text(12));
}

std::string Forger::config_bytes() {
    Config config;
    const bool changed = input_.choice(4) == 0;
    for (const auto& founder : lab_.genesis.founders)
        config.members.push_back({founder.node, changed ? number() : LogIndex{}});
    if (input_.choice(4) == 0) config.members.resize(1 + input_.choice(config.members.size()));
    config.voters = PeerSet::first(config.members.size());
    if (input_.flag()) config.voters = PeerSet::from_bits(input_.byte());
    if (input_.choice(4) == 0) config.outgoing = PeerSet::from_bits(input_.byte());
    return encode_config(config);
}

std::string Forger::entry(const EntryHeader& wanted, const Chain& previous, Chain& chain) {
    EntryHeader header = wanted;
    EntryBuilder builder;
    builder.begin(header.kind);
    switch (header.kind) {
        case EntryKind::Command:
        case EntryKind::Outcome:
            write_change(builder, header);
            break;
        case EntryKind::Config:
            builder.section(SectionType::Config, config_bytes());
            break;
        case EntryKind::Resolve: {
            RequestPart request;
            request.client.bytes.fill(static_cast<std::uint8_t>(1 + input_.choice(2)));
            request.start_ms = stamp();
            request.seq = near(std::uint64_t{1});
            write_request(builder, request);
            break;
        }
        default:
            break;
    }
    if (input_.choice(16) == 0) {
        const SectionType type{static_cast<std::uint16_t>(1 + input_.choice(17))};
        const bool critical = input_.flag();
        builder.section(type, input_.text(20), critical);
    }
    const Bytes encoded = builder.finish(header, previous);
    chain = header.chain;
    return std::string(encoded.view());
}

AppendBatch Forger::append(std::size_t to) {
    const View at = view(to);
    AppendItem item;
    item.group = at.group;
    item.term = near(at.term);
    item.prev = position(to, at);
    item.commit = near(at.last);
    Chain chain = input_.choice(8) == 0 ? Chain{} : chain_at(to, at, item.prev.index);
    std::string blob;
    LogIndex index = item.prev.index;
    for (std::size_t left = input_.choice(4); left-- > 0; ++item.count) {
        EntryHeader header;
        header.group = at.group;
        header.index = index = next(index);
        header.term = input_.choice(4) == 0 ? item.prev.term : item.term;
        header.stamp_ms = stamp();
        header.kind = EntryKind{static_cast<std::uint8_t>(1 + input_.choice(6))};
        blob += entry(header, chain, chain);
    }
    item.bytes = static_cast<std::uint32_t>(blob.size());
    item.receiver_since = number();
    AppendBatch batch;
    batch.items.push_back(item);
    batch.blob = Bytes::adopt(std::move(blob));
    return batch;
}

std::string Forger::snapshot_row() {
    const char* type = kForgedTypes[input_.choice(std::size(kForgedTypes))];
    const char* id = kForgedIds[input_.choice(std::size(kForgedIds))];
    std::string key, value;
    auto table = storage::Table::Entity;
    entity::write_key(key, routing::entity_hash(lab_.genesis.hash_key, type, id), type, id);
    switch (input_.choice(5)) {
        case 0:
            value = encode_entity_row(
                {.applied = LogIndex{input_.byte()},
                 .standing = {Revision{input_.byte()}, Version{input_.byte()},
                              Generation{input_.byte()}},
                 .kind = entity::Kind{static_cast<std::uint8_t>(1 + input_.choice(2))},
                 .value = input_.text(24)});
            break;
        case 1:
            table = storage::Table::Journal;
            key = journal_row_key({}, key, Version{near(std::uint64_t{1})});
            value = encode_journal_row({{}, LogIndex{input_.byte()}, input_.text(64)});
            break;
        case 2: {
            table = storage::Table::Session;
            Session session;
            session.lowest_open = near(std::uint64_t{1});
            Remembered done;
            done.seq = near(session.lowest_open);
            done.outcome = Outcome{input_.byte()};
            session.remembered.insert(done);
            key = session_row_key({}, {stamp(), {}});
            value = encode_session_row(session);
            break;
        }
        case 3:
            key += '\0';
            value = encode_snapshot_row(
                {LogIndex{input_.byte()}, Version{input_.byte()}, input_.text(24)});
            break;
        default:
            table = storage::Table{static_cast<std::uint8_t>(1 + input_.choice(4))};
            key = input_.text(40);
            value = input_.text(64);
            break;
    }
    std::string row;
    append_snapshot_row(row, {table, key, value});
    return row;
}

SnapshotChunk Forger::chunk(std::size_t to) {
    const View at = view(to);
    SnapshotChunk chunk;
    chunk.group = at.group;
    chunk.term = near(at.term);
    chunk.at = position(to, at);
    chunk.sequence = static_cast<std::uint32_t>(input_.choice(3));
    chunk.last = input_.flag();
    storage::LogBase base;
    base.index = input_.choice(8) == 0 ? near(chunk.at.index) : chunk.at.index;
    base.term = input_.choice(8) == 0 ? near(chunk.at.term) : chunk.at.term;
    base.stamp_ms = stamp();
    base.chain = chain_at(to, at, base.index);
    base.config = config_bytes();
    if (chunk.sequence == 0 || input_.choice(8) == 0)
        chunk.base = Bytes::adopt(encode_snapshot_base(base));
    std::string rows;
    for (std::size_t left = input_.choice(4); left-- > 0;) rows += snapshot_row();
    chunk.rows = Bytes::adopt(std::move(rows));
    return chunk;
}

}  // namespace weft::fuzz
