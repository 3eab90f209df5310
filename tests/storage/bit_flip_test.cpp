// Bits that change on the disk. Inside a record: the record is named damaged, all others are
// served. In a page of the tree: a refusal, named damage or an end of the process, never a wrong
// answer.

#include "storage/data_check.h"
#include "storage/data_directory.h"
#include "storage/log_record.h"
#include "storage/memory_store.h"
#include "support.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

namespace weft::storage::test {
namespace {

std::string flipped(std::string bytes, std::size_t at, unsigned bit) {
    bytes[at] = static_cast<char>(bytes[at] ^ (1 << bit));
    return bytes;
}

// A directory that was written, stopped cleanly and can be put back as often as wanted.
class Written {
public:
    template <class Fill>
    explicit Written(Fill&& fill) {
        auto opened = DataDirectory::open(directory_options(dir_.path()));
        EXPECT_TRUE(opened.has_value());
        fill([&](const WriteBatch& batch) {
            EXPECT_TRUE((*opened)->store().apply(batch).has_value());
            (*opened)->check();
            EXPECT_TRUE(expected_.apply(batch).has_value());
        });
        EXPECT_TRUE((*opened)->record_durable((*opened)->store().stats().durable).has_value());
        opened->reset();
        bytes_ = read_file(dir_.file("data.mdb"));
    }
    const std::string& bytes() const { return bytes_; }
    std::string path() const { return dir_.path(); }
    const MemoryStore& expected() const { return expected_; }
    Result<std::unique_ptr<DataDirectory>> open_with(const std::string& bytes,
                                                     const LmdbStoreBounds& bounds = {}) const {
        write_file(dir_.file("data.mdb"), bytes);
        DataDirectoryOptions options = directory_options(dir_.path());
        options.bounds = bounds;
        return DataDirectory::open(options);
    }
    // `bytes` with one bit of `record` changed, in every copy that pages in and out of use hold.
    std::string with_flip(std::string_view record, std::size_t at, unsigned bit) const {
        std::string changed = bytes_;
        std::size_t copies = 0;
        for (std::size_t found = bytes_.find(record); found != std::string::npos;
             found = bytes_.find(record, found + 1), ++copies)
            changed = flipped(std::move(changed), found + at, bit);
        EXPECT_GT(copies, 0U);
        return changed;
    }

private:
    TempDir dir_;
    MemoryStore expected_;
    std::string bytes_;
};

TEST(BitFlip, InALogRecordDamagesThatEntryAlone) {
    LogWriter log(PartitionId{5});
    const Written written([&](auto&& apply) {
        WriteBatch batch;
        for (int i = 0; i < 5; ++i) log.append(batch, Term{3}, "some payload " + std::to_string(i));
        apply(batch);
    });
    const std::string entry(log.entry(LogIndex{3}).view());
    const std::size_t start = written.bytes().find(entry);
    ASSERT_NE(start, std::string::npos);
    const std::string record =
        written.bytes().substr(start - kLogHeaderBytes, kLogHeaderBytes + entry.size());
    for (std::size_t at = 0; at < record.size(); ++at) {
        SCOPED_TRACE(at);
        const auto opened =
            written.open_with(written.with_flip(record, at, static_cast<unsigned>(at % 8)));
        ASSERT_TRUE(opened.has_value()) << opened.error().message;
        const Store& store = (*opened)->store();
        const auto recovered = store.recover().at(0);
        ASSERT_EQ(recovered.log.size(), 5U);
        for (std::size_t i = 0; i < 5; ++i) {
            EXPECT_EQ(recovered.log[i].intact, i != 2) << i;
            EXPECT_EQ(recovered.log[i].header.index, LogIndex{i + 1});
        }
        const bool entry_header = at >= kLogHeaderBytes && at < kLogHeaderBytes + kEntryHeaderBytes;
        EXPECT_EQ(recovered.log[2].readable, !entry_header);
        const auto fetched = store.read_log({PartitionId{5}, LogIndex{1}, LogIndex{5}, 1 << 20});
        EXPECT_EQ(fetched->entries.size(), 2U);
        EXPECT_EQ(fetched->damaged, LogIndex{3});
    }
}

TEST(BitFlip, ADamagedEntryIsSoundAgainOnceItIsRepaired) {
    LogWriter log(PartitionId{5});
    const Written written([&](auto&& apply) {
        WriteBatch batch;
        for (int i = 0; i < 5; ++i) log.append(batch, Term{3}, std::string(3000, 'p'));
        apply(batch);
    });
    const std::string entry(log.entry(LogIndex{2}).view().substr(0, 1900));
    for (const std::size_t at : {std::size_t{9}, std::size_t{1000}}) {
        auto opened = written.open_with(written.with_flip(entry, at, 3));
        ASSERT_TRUE(opened.has_value()) << opened.error().message;
        EXPECT_FALSE((*opened)->store().recover().at(0).log[1].intact);
        WriteBatch batch;
        log.repair(batch, LogIndex{2});
        ASSERT_TRUE((*opened)->store().apply(batch).has_value());
        opened->reset();
        opened = DataDirectory::open(directory_options(written.path()));
        ASSERT_TRUE(opened.has_value()) << opened.error().message;
        const RecoveredGroup group = (*opened)->store().recover().at(0);
        for (const RecoveredEntry& e : group.log) EXPECT_TRUE(e.intact);
    }
}

// A truncation that got lost would bring conflicting entries back to life.
TEST(BitFlip, InATruncationLeavesItInForce) {
    LogWriter log(PartitionId{5});
    const Written written([&](auto&& apply) {
        WriteBatch batch;
        for (int i = 0; i < 5; ++i) log.append(batch, Term{3}, "entry");
        apply(batch);
        batch.clear();
        log.truncate(batch, LogIndex{3});
        apply(batch);
    });
    LogRecordHeader header;
    header.kind = LogRecordKind::Truncate;
    header.group = PartitionId{5};
    header.index = LogIndex{3};
    const std::string payload = control_payload(header);
    const std::size_t start = written.bytes().find(payload);
    ASSERT_NE(start, std::string::npos);
    const std::string record =
        written.bytes().substr(start - kLogHeaderBytes, kLogHeaderBytes + payload.size());
    const std::string right = picture(written.expected());
    for (std::size_t at = 0; at < record.size(); ++at) {
        const auto opened = written.open_with(written.with_flip(record, at, 5));
        ASSERT_TRUE(opened.has_value()) << at << opened.error().message;
        EXPECT_EQ(picture((*opened)->store()), right) << at;
    }
}

TEST(BitFlip, InARowOrAHardStateIsReportedThere) {
    const std::string value(3000, 'v');
    const Written written([&](auto&& apply) {
        WriteBatch batch;
        batch.put_row(Table::Session, "row", value);
        batch.put_row(Table::Session, "other", "sound");
        HardState state{Term{0x1234567890abcdULL}, {}};
        batch.hard_state(PartitionId{5}, state);
        apply(batch);
    });
    auto opened = written.open_with(written.with_flip(value.substr(0, 900), 3, 1));
    ASSERT_TRUE(opened.has_value()) << opened.error().message;
    const auto row = (*opened)->store().read_row({Table::Session, "row"});
    EXPECT_EQ(row->state, FetchedRow::State::Corrupt);
    EXPECT_TRUE(row->value.empty());
    const auto rows = (*opened)->store().scan({Table::Session, "", "", 1 << 20, 10});
    EXPECT_EQ(rows->rows.at(0).state, FetchedRow::State::Found);
    EXPECT_EQ(rows->rows.at(1).state, FetchedRow::State::Corrupt);
    opened->reset();

    // S1: such a replica may not vote.
    opened = written.open_with(written.with_flip("\xcd\xab\x90\x78\x56\x34\x12", 2, 1));
    ASSERT_TRUE(opened.has_value()) << opened.error().message;
    EXPECT_TRUE((*opened)->store().recover().at(0).hard_damaged);
    EXPECT_EQ((*opened)->store().recover().at(0).hard, HardState{});
}

// Under its new key the row would be a stranger, under its own it would be missing.
TEST(BitFlip, InARowsKeyRefusesToOpen) {
    const std::string key = "a name like no other";
    const Written written([&](auto&& apply) {
        WriteBatch batch;
        batch.put_row(Table::Entity, "a", "before");
        batch.put_row(Table::Entity, key, "value");
        batch.put_row(Table::Entity, "b", "behind");
        apply(batch);
    });
    for (std::size_t at = 1; at < key.size(); ++at) {
        const auto opened = written.open_with(written.with_flip(key, at, 0));
        ASSERT_FALSE(opened.has_value()) << at;
        EXPECT_EQ(opened.error().number, 5002);
    }
}

// A table beyond the bound is not read at open: what a look-up then misses is named by the checker.
TEST(BitFlip, InARowsKeyOfATableTooLargeToReadAtOpenIsFoundByTheCheck) {
    const std::string key = "a name like no other";
    const Written written([&](auto&& apply) {
        WriteBatch batch;
        batch.put_row(Table::Entity, key, "value");
        apply(batch);
    });
    LmdbStoreBounds bounds;
    bounds.verify_bytes_max = 0;
    {
        const auto opened = written.open_with(written.with_flip(key, 3, 0), bounds);
        ASSERT_TRUE(opened.has_value()) << opened.error().message;
    }
    const auto report = check_data(written.path());
    ASSERT_TRUE(report.has_value()) << report.error().message;
    EXPECT_FALSE(report->sound());
}

// The words are bounded, the count is not.
TEST(BitFlip, InMoreRowsThanAreNamedAreAllCounted) {
    const std::string value = "a value like no other";
    constexpr std::size_t kRows = kDamageNamesMax + 200;
    const Written written([&](auto&& apply) {
        WriteBatch batch;
        for (std::size_t i = 0; i < kRows; ++i)
            batch.put_row(Table::Entity, "row " + std::to_string(i), value);
        apply(batch);
    });
    write_file(written.path() + "/data.mdb", written.with_flip(value, 3, 0));
    const auto report = check_data(written.path());
    ASSERT_TRUE(report.has_value()) << report.error().message;
    EXPECT_FALSE(report->sound());
    EXPECT_EQ(report->damaged.size(), kDamageNamesMax);
    EXPECT_GE(report->damage_count, kRows);
}

// Records that not even their owner is known of leave a place in its log each. With more of them
// than the bound the log as a whole is not to be trusted.
TEST(BitFlip, InRecordsBeyondTheirOwnersNameLeaveGapsUpToABound) {
    LogWriter log(PartitionId{3});
    const Written written([&](auto&& apply) {
        WriteBatch batch;
        for (int i = 0; i < 6; ++i) log.append(batch, Term{1}, "entry " + std::to_string(i));
        apply(batch);
    });
    std::string bytes = written.bytes();
    for (const LogIndex index : {LogIndex{2}, LogIndex{4}}) {
        const std::string_view entry = log.entry(index).view();
        for (std::size_t at = bytes.find(entry); at != std::string::npos; at = bytes.find(entry)) {
            bytes = flipped(std::move(bytes), at - kLogHeaderBytes + 9, 1);
            bytes = flipped(std::move(bytes), at + 3, 1);
        }
    }
    for (const std::uint64_t gaps_max : {std::uint64_t{1}, std::uint64_t{2}, std::uint64_t{3}}) {
        LmdbStoreBounds bounds;
        bounds.log_gaps_max = gaps_max;
        const auto opened = written.open_with(bytes, bounds);
        ASSERT_EQ(opened.has_value(), gaps_max > 2) << gaps_max;
        if (!opened.has_value()) {
            EXPECT_EQ(opened.error().number, 5002);
            continue;
        }
        const RecoveredGroup group = (*opened)->store().recover().at(0);
        ASSERT_EQ(group.log.size(), 6U);
        for (const RecoveredEntry& entry : group.log)
            EXPECT_EQ(entry.intact, entry.header.index.value != 2 && entry.header.index.value != 4);
    }
}

// ---- pages of the tree --------------------------------------------------------------------------

bool right_log(const Store& store, const RecoveredGroup& wanted, const RecoveredGroup& found) {
    if (!found.hard_damaged && found.hard != wanted.hard) return false;
    if (found.base_damaged) return true;
    if (found.base != wanted.base || found.log.size() != wanted.log.size()) return false;
    for (std::size_t i = 0; i < found.log.size(); ++i) {
        if (!found.log[i].intact) continue;
        if (found.log[i].header != wanted.log[i].header) return false;
        const LogIndex index = wanted.log[i].header.index;
        const auto fetched = store.read_log({wanted.group, index, index, 1});
        if (!fetched) return true;
        if (fetched->missing) return false;
        if (!fetched->damaged && !check_entry_alone(fetched->entries.at(0).view())) return false;
    }
    return true;
}

// True when every answer is right or says that it is damaged.
bool honest(const Store& store, const MemoryStore& expected) {
    const auto wanted = expected.recover();
    const auto found = store.recover();
    if (wanted.size() != found.size()) return false;
    for (std::size_t i = 0; i < wanted.size(); ++i)
        if (wanted[i].group != found[i].group || !right_log(store, wanted[i], found[i]))
            return false;
    for (const Table table : {Table::Entity, Table::Journal, Table::Session, Table::Meta}) {
        const auto rows = store.scan({table, "", "", 64U << 20, 100000});
        if (!rows) continue;
        const auto keys = expected.row_keys(table);
        if (!rows->last || rows->rows.size() != keys.size()) return false;
        for (std::size_t i = 0; i < keys.size(); ++i) {
            const auto right = expected.read_row({table, keys[i]});
            const auto read = store.read_row({table, keys[i]});
            if (rows->rows[i].key != keys[i]) return false;
            if (rows->rows[i].state == FetchedRow::State::Found &&
                rows->rows[i].value != right->value)
                return false;
            if (!read) continue;
            if (read->state == FetchedRow::State::Missing) return false;
            if (read->state == FetchedRow::State::Found && read->value != right->value)
                return false;
        }
    }
    return true;
}

enum class Verdict : std::uint8_t { Right, Refused, Ended, Wrong };

// In a process of its own: LMDB asserts on some damage, and maps what may lie outside the file.
Verdict open_in_child(const Written& written, const std::string& bytes) {
    const pid_t child = fork();
    if (child == 0) {
        const int quiet = ::open("/dev/null", O_WRONLY);
        dup2(quiet, STDERR_FILENO);
        dup2(quiet, STDOUT_FILENO);
        alarm(5);
        const auto opened = written.open_with(bytes);
        if (!opened) _exit(1);
        _exit(honest((*opened)->store(), written.expected()) ? 0 : 77);
    }
    int status = 0;
    if (waitpid(child, &status, 0) != child) return Verdict::Wrong;
    if (!WIFEXITED(status)) return Verdict::Ended;
    if (WEXITSTATUS(status) == 77) return Verdict::Wrong;
    return WEXITSTATUS(status) == 0 ? Verdict::Right : Verdict::Refused;
}

TEST(BitFlip, InATreePageNeverGivesAWrongAnswer) {
    constexpr int kFlips = 400;
    constexpr std::size_t kPage = 4096;
    Random random(11);
    const Written written([&](auto&& apply) {
        BatchMaker maker(4, 5);
        for (int i = 0; i < 120; ++i) apply(maker.next());
        WriteBatch batch;
        for (int i = 0; i < 300; ++i)
            batch.put_row(Table::Entity, "many/" + std::to_string(i), std::string(90, 'm'));
        LogWriter last(PartitionId{1000});
        for (int i = 0; i < 60; ++i) last.append(batch, Term{1}, std::string(150, 'l'));
        apply(batch);
        for (int i = 0; i < 20; ++i) apply(WriteBatch{});
        batch.clear();
        last.append(batch, Term{1}, "the end");
        apply(batch);
    });
    int count[4] = {};
    for (int i = 0; i < kFlips; ++i) {
        const std::size_t page = random.below(written.bytes().size() / kPage) * kPage;
        // Half of them where the page says what it is.
        const std::size_t at = page + random.below(random.chance(1, 2) ? 64 : kPage);
        const auto bit = static_cast<unsigned>(random.below(8));
        const Verdict verdict = open_in_child(written, flipped(written.bytes(), at, bit));
        ++count[static_cast<int>(verdict)];
        EXPECT_NE(verdict, Verdict::Wrong) << "byte " << at << " bit " << bit;
    }
    EXPECT_GT(count[0], 0);
    EXPECT_GT(count[1], 0);
    RecordProperty("right", count[0]);
    RecordProperty("refused", count[1]);
    RecordProperty("ended", count[2]);
}

}  // namespace
}  // namespace weft::storage::test
