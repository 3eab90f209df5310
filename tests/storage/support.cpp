#include "support.h"

#include "core/hash.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace weft::storage::test {

DataDirectoryOptions directory_options(const std::string& path) {
    DataDirectoryOptions options;
    options.path = path;
    options.cluster.bytes[0] = 7;
    options.node.bytes[0] = 8;
    options.map_bytes = std::uint64_t{32} << 20;
    options.preallocate_bytes = 0;
    return options;
}

std::string read_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream bytes;
    bytes << in.rdbuf();
    return bytes.str();
}

void write_file(const std::string& path, std::string_view bytes) {
    std::ofstream out(path, std::ios::binary | std::ios::trunc);
    out.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    ASSERT_TRUE(out.good()) << path;
}

// ---- LogWriter ----------------------------------------------------------------------------------

void LogWriter::append(WriteBatch& batch, Term term, std::string_view payload) {
    EntryBuilder builder;
    builder.begin(EntryKind::Command);
    builder.section(SectionType::Value, payload);
    Entry entry;
    entry.header.group = group_;
    entry.header.index = weft::next(last());
    entry.header.term = term;
    entry.header.stamp_ms = static_cast<std::int64_t>(entry.header.index.value);
    entry.bytes =
        builder.finish(entry.header, entries_.empty() ? base_.chain : entries_.back().header.chain);
    batch.append(group_, entry.header.index, entry.bytes.view());
    entries_.push_back(std::move(entry));
}

void LogWriter::truncate(WriteBatch& batch, LogIndex from) {
    batch.truncate(group_, from);
    if (from <= last()) entries_.resize(from.value - base_.index.value - 1);
}

void LogWriter::compact(WriteBatch& batch, LogIndex to) {
    const EntryHeader header = at(to).header;
    entries_.erase(entries_.begin(),
                   entries_.begin() + static_cast<std::ptrdiff_t>(to.value - base_.index.value));
    base_ = {to, header.term, header.chain, header.stamp_ms, base_.slot, "config"};
    batch.rebase(group_, base_);
}

void LogWriter::install(WriteBatch& batch, LogIndex index, Term term) {
    Chain chain;
    chain.bytes[0] = static_cast<std::uint8_t>(index.value);
    chain.bytes[1] = static_cast<std::uint8_t>(term.value);
    base_ = {index, term, chain, 0, base_.slot + 1, std::string(3000, 'c')};
    entries_.clear();
    batch.rebase(group_, base_);
}

void LogWriter::repair(WriteBatch& batch, LogIndex index) const {
    batch.append(group_, index, at(index).bytes.view());
}

void LogWriter::remove(WriteBatch& batch) {
    batch.remove_group(group_);
    entries_.clear();
    base_ = {};
}

// ---- BatchMaker ---------------------------------------------------------------------------------

std::string random_bytes(Random& random, std::size_t size) {
    std::string bytes(size, '\0');
    for (char& c : bytes) c = static_cast<char>(random.next() & 0xff);
    return bytes;
}

BatchMaker::BatchMaker(std::uint64_t seed, std::uint32_t groups) : random_(seed) {
    for (std::uint32_t g = 0; g < groups; ++g) logs_.emplace_back(GroupId{g * 7});
}

std::size_t BatchMaker::size_of_value() {
    if (random_.chance(1, 12)) return random_.below(9000);
    if (random_.chance(1, 12)) return 1800 + random_.below(400);  // around one chunk
    return random_.below(300);
}

WriteBatch BatchMaker::next() {
    WriteBatch batch;
    const std::uint64_t ops = 1 + random_.below(12);
    for (std::uint64_t i = 0; i < ops; ++i) random_.chance(2, 3) ? log_op(batch) : row_op(batch);
    return batch;
}

void BatchMaker::log_op(WriteBatch& batch) {
    LogWriter& log = logs_[random_.below(logs_.size())];
    const std::uint64_t held = log.last().value - log.base().value;
    const auto any = [&] { return LogIndex{log.base().value + 1 + random_.below(held)}; };
    switch (random_.below(24)) {
        case 0:
            if (held > 0) log.truncate(batch, any());
            return;
        case 1:
        case 2:
            if (held > 0) log.compact(batch, any());
            return;
        case 3:
            if (held > 0) log.repair(batch, any());
            return;
        case 4:
            // Inside the log too: its tail then conflicts with the snapshot.
            if (random_.chance(1, 3))
                log.install(batch, LogIndex{log.base().value + 1 + random_.below(held + 5)},
                            Term{++term_.value});
            return;
        case 5:
            if (random_.chance(1, 4)) log.remove(batch);
            return;
        case 6: {
            HardState state{Term{++term_.value}, {}};
            state.vote.bytes[3] = static_cast<std::uint8_t>(random_.next());
            return batch.hard_state(log.group(), state);
        }
        default:
            log.append(batch, term_, random_bytes(random_, size_of_value()));
    }
}

void BatchMaker::row_op(WriteBatch& batch) {
    const auto table = static_cast<Table>(1 + random_.below(4));
    // Keys that are prefixes of each other, with zero bytes at the end: the chunk numbers' trap.
    std::string key = fmt::format("p{}/k", prefixes_);
    const std::uint64_t tail = random_.below(40);
    if (tail < 30) key += std::to_string(tail);
    for (std::uint64_t i = 30; i < tail; ++i) key.push_back(static_cast<char>(tail % 2));
    if (random_.chance(1, 60)) {
        for (const Table each : {Table::Entity, Table::Journal, Table::Session, Table::Meta})
            batch.erase_prefix(each, fmt::format("p{}/", prefixes_));
        ++prefixes_;
    } else if (random_.chance(1, 4)) {
        batch.erase_row(table, key);
    } else {
        batch.put_row(table, key, random_bytes(random_, size_of_value()));
    }
}

// ---- picture ------------------------------------------------------------------------------------

namespace {

void draw_group(const Store& store, const RecoveredGroup& group, std::string& out) {
    out += fmt::format(
        "group {} term {} vote {} hard_damaged {} base {}/{} {} slot {} config {} {}\n",
        group.group.value, group.hard.term.value, group.hard.vote.hex(), group.hard_damaged,
        group.base.index.value, group.base.term.value, group.base.chain.hex(), group.base.slot,
        group.base.config.size(), group.base_damaged);
    for (const RecoveredEntry& entry : group.log)
        out += fmt::format("  {} term {} readable {} intact {}\n", entry.header.index.value,
                           entry.header.term.value, entry.readable, entry.intact);
    LogRange range{group.group, next(group.base.index), LogIndex{}, 1000};
    const LogIndex last{group.base.index.value + group.log.size()};
    while (range.from <= last) {
        range.to = next(last);
        const auto fetched = store.read_log(range);
        if (!fetched) {
            out += "  read fails\n";
            return;
        }
        for (const Bytes& entry : fetched->entries)
            out += fmt::format("  entry {:x}\n", xxh3_64(entry.view()));
        range.from.value += fetched->entries.size();
        if (fetched->damaged) out += fmt::format("  damaged {}\n", fetched->damaged->value);
        if (fetched->missing) out += fmt::format("  missing {}\n", fetched->missing->value);
        if (fetched->damaged) range.from = next(range.from);
        if (fetched->entries.empty() && !fetched->damaged) break;
    }
}

}  // namespace

std::string picture(const Store& store) {
    std::string out;
    for (const RecoveredGroup& group : store.recover()) draw_group(store, group, out);
    for (const Table table : {Table::Entity, Table::Journal, Table::Session, Table::Meta}) {
        RowScan scan{table, "", "", 5000, 7};
        bool last = false;
        while (!last) {
            const auto rows = store.scan(scan);
            if (!rows) return out + "scan fails\n";
            for (const ScannedRow& row : rows->rows) {
                out +=
                    fmt::format("row {} {:x} {} {:x}\n", static_cast<int>(table), xxh3_64(row.key),
                                static_cast<int>(row.state), xxh3_64(row.value.view()));
                const auto again = store.read_row({table, row.key});
                if (!again || again->state != row.state || again->value != row.value)
                    out += "read differs from scan\n";
                scan.after = row.key;
            }
            last = rows->last;
        }
    }
    return out;
}

}  // namespace weft::storage::test
