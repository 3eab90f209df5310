#include "support.h"

#include "core/hash.h"

#include <fmt/core.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
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

void LogWriter::move_base(WriteBatch& batch, LogIndex to) {
    const EntryHeader header = at(to).header;
    entries_.erase(entries_.begin(),
                   entries_.begin() + static_cast<std::ptrdiff_t>(to.value - base_.index.value));
    base_ = {to, header.term, header.chain, header.stamp_ms, base_.space, "config"};
    batch.move_base(group_, base_);
}

void LogWriter::install(WriteBatch& batch, LogIndex index, Term term) {
    Chain chain;
    chain.bytes[0] = static_cast<std::uint8_t>(index.value);
    chain.bytes[1] = static_cast<std::uint8_t>(term.value);
    base_ = {index, term, chain, 0, {base_.space.value + 1}, std::string(3000, 'c')};
    entries_.clear();
    batch.move_base(group_, base_);
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

std::size_t scaled(std::size_t full) {
    const char* given = std::getenv("WEFT_STORAGE_SCALE");
    const std::size_t hundredths = given == nullptr ? 100 : std::strtoull(given, nullptr, 10);
    return std::max<std::size_t>(1, full * hundredths / 100);
}

LmdbStoreBounds drawn_bounds(Random& random) {
    const LmdbStoreBounds usual;
    const auto draw = [&random](auto tiny, auto few, auto most) {
        const std::uint64_t which = random.below(3);
        return which == 0 ? tiny : which == 1 ? few : most;
    };
    LmdbStoreBounds bounds;
    bounds.erase_slice_chunks = draw(std::size_t{1}, std::size_t{5}, usual.erase_slice_chunks);
    bounds.trim_chunks_min = draw(std::uint64_t{1}, std::uint64_t{3}, usual.trim_chunks_min);
    bounds.log_slack_bytes = draw(std::uint64_t{0}, std::uint64_t{4096}, usual.log_slack_bytes);
    bounds.log_gaps_max = draw(std::uint64_t{1}, std::uint64_t{2}, usual.log_gaps_max);
    bounds.verify_bytes_max = draw(std::uint64_t{0}, std::uint64_t{9000}, usual.verify_bytes_max);
    bounds.check_bytes = draw(std::size_t{1}, std::size_t{3000}, usual.check_bytes);
    bounds.check_rows = draw(std::size_t{1}, std::size_t{3}, usual.check_rows);
    return bounds;
}

BatchMaker::BatchMaker(std::uint64_t seed, std::uint32_t groups) : random_(seed) {
    for (std::uint32_t g = 0; g < groups; ++g) logs_.emplace_back(PartitionId{g * 7});
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
            if (held > 0) log.move_base(batch, any());
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
    std::string key = prefix() + "k";
    const std::uint64_t tail = random_.below(40);
    if (tail < 30) key += std::to_string(tail);
    for (std::uint64_t i = 30; i < tail; ++i) key.push_back(static_cast<char>(tail % 2));
    if (random_.chance(1, 60)) {
        for (const Table each : {Table::Entity, Table::Journal, Table::Session, Table::Meta})
            batch.erase_prefix(each, prefix());
        ++prefixes_;
    } else if (random_.chance(1, 4)) {
        batch.erase_row(table, key);
    } else {
        batch.put_row(table, key, random_bytes(random_, size_of_value()));
    }
}

std::string BatchMaker::prefix_of(std::uint64_t number) { return fmt::format("p{}/", number); }

std::vector<std::string> BatchMaker::erased() const {
    std::vector<std::string> all;
    for (std::uint64_t number = 0; number < prefixes_; ++number) all.push_back(prefix_of(number));
    return all;
}

void finish_erasing(Store& store, const std::vector<std::string>& erased) {
    constexpr int kRoundsMax = 1'000'000;
    int rounds = 0;
    for (const std::string& prefix : erased)
        for (const Table table : {Table::Entity, Table::Journal, Table::Session, Table::Meta})
            while (true) {
                const auto left = store.scan({table, prefix, "", 1, 1});
                ASSERT_TRUE(left.has_value()) << left.error().message;
                if (left->rows.empty()) break;
                ASSERT_LT(++rounds, kRoundsMax) << "rows below " << prefix << " stay";
                ASSERT_TRUE(store.apply(WriteBatch{}).has_value());
            }
}

// ---- picture ------------------------------------------------------------------------------------

namespace {

void draw_group(const Store& store, const RecoveredGroup& group, std::size_t bytes_max,
                std::string& out) {
    out += fmt::format(
        "group {} term {} vote {} hard_damaged {} base {}/{} {} space {} config {} {}\n",
        group.group.value, group.hard.term.value, group.hard.vote.hex(), group.hard_damaged,
        group.base.index.value, group.base.term.value, group.base.chain.hex(),
        group.base.space.value, group.base.config.size(), group.base_damaged);
    for (const RecoveredEntry& entry : group.log)
        out += fmt::format("  {} term {} readable {} intact {}\n", entry.header.index.value,
                           entry.header.term.value, entry.readable, entry.intact);
    LogRange range{group.group, next(group.base.index), LogIndex{}, bytes_max};
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

ReadBounds drawn_read_bounds(Random& random) {
    constexpr std::size_t kBytes[] = {1, 1000, 5000, std::size_t{256} << 10, std::size_t{1} << 20};
    constexpr std::size_t kRows[] = {1, 2, 7, 1024, 1'000'000};
    return {kBytes[random.below(std::size(kBytes))], kBytes[random.below(std::size(kBytes))],
            kRows[random.below(std::size(kRows))]};
}

std::string picture(const Store& store, const ReadBounds& bounds, const std::string& prefix) {
    std::string out;
    for (const RecoveredGroup& group : store.recover())
        draw_group(store, group, bounds.log_bytes, out);
    for (const Table table : {Table::Entity, Table::Journal, Table::Session, Table::Meta}) {
        RowScan scan{table, prefix, "", bounds.scan_bytes, bounds.scan_rows};
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
