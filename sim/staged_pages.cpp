#include "sim/staged_pages.h"

#include "core/byte_io.h"
#include "core/hash.h"
#include "replication/partition/rows.h"
#include "replication/partition/snapshot_format.h"

#include <algorithm>

namespace weft::sim {
namespace {

constexpr std::size_t kPrefixBytes = 8;  // group and space, before every key of a group's rows

}  // namespace

std::uint64_t StagedRows::row(storage::Table table, std::string_view key, std::string_view value) {
    constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15ULL;
    return (xxh3_64(key) * kOdd + xxh3_64(value)) * kOdd + static_cast<std::uint64_t>(table);
}

void StagedRows::apply(const storage::WriteOp& op) {
    using Kind = storage::WriteOp::Kind;
    if (op.kind == Kind::MoveBase) {
        storage::LogBase base;
        const auto staged = groups_.find(op.group);
        if (staged != groups_.end() && get_log_base(op.value, base))
            staged->second.in_force = base.space == staged->second.space;
        return;
    }
    if (op.kind != Kind::PutRow) return;
    if (op.table == storage::Table::Meta) {
        const std::string_view name = "staging";
        if (!op.key.starts_with(name)) return;
        const PartitionId group{ByteReader(op.key.substr(name.size())).get_sorted<std::uint32_t>()};
        groups_[group] = {{ByteReader(op.value).get<std::uint32_t>()}, {}, false};
        return;
    }
    ByteReader prefix(op.key);
    const auto staged = groups_.find(PartitionId{prefix.get_sorted<std::uint32_t>()});
    if (staged == groups_.end() || staged->second.in_force ||
        prefix.get_sorted<std::uint32_t>() != staged->second.space.value)
        return;
    staged->second.rows.insert(row(op.table, op.key.substr(kPrefixBytes), op.value));
}

bool StagedRows::holds(PartitionId group, std::uint64_t row) const {
    const auto staged = groups_.find(group);
    return staged != groups_.end() && staged->second.rows.contains(row);
}

void SentPages::sent(const replication::SnapshotChunk& chunk) {
    const auto rows = replication::decode_snapshot_rows(chunk.rows.view());
    if (!rows) return;
    Rows page;
    for (const replication::SnapshotRowOut& row : *rows)
        page.push_back(StagedRows::row(row.table, row.key, row.value));
    Transfer& transfer = transfers_[chunk.group];
    if (chunk.term < transfer.term) return;  // of a leader that has not heard of its successor
    if (transfer.term != chunk.term || transfer.at != chunk.at)
        transfer = {chunk.term, chunk.at, {}};
    transfer.pages[chunk.sequence].insert(std::move(page));
}

std::uint32_t SentPages::first_missing(const replication::SnapshotAnswer& answer,
                                       const StagedRows& disk) const {
    const auto found = transfers_.find(answer.group);
    if (found == transfers_.end() || found->second.at != answer.at ||
        found->second.term != answer.term)
        return answer.next;
    for (const auto& [sequence, versions] : found->second.pages) {
        if (sequence >= answer.next) break;
        const bool held = std::ranges::any_of(versions, [&](const Rows& rows) {
            return std::ranges::all_of(
                rows, [&](std::uint64_t row) { return disk.holds(answer.group, row); });
        });
        if (!held) return sequence;
    }
    return answer.next;
}

}  // namespace weft::sim
