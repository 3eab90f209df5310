#include "storage/data_directory.h"

#include "core/error.h"
#include "core/hash.h"
#include "storage/data_check.h"
#include "support.h"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>

namespace weft::storage::test {
namespace {

namespace fs = std::filesystem;

class DataDirectoryTest : public testing::Test {
protected:
    DataDirectoryTest() {
        options_ = directory_options(dir_.file("a/b/data"));
        options_.kernel_boot_id = "kernel-1";
    }
    std::unique_ptr<DataDirectory> open() {
        auto opened = DataDirectory::open(options_);
        if (opened) return std::move(*opened);
        ADD_FAILURE() << opened.error().message;
        return nullptr;
    }
    // The refusal's number; 0 = it was opened.
    int refusal() {
        const auto opened = DataDirectory::open(options_);
        if (!opened) message_ = opened.error().message;
        return opened ? 0 : opened.error().number;
    }
    void write_some(DataDirectory& data) {
        WriteBatch batch;
        log_.append(batch, Term{1}, "entry");
        batch.put_row(Table::Entity, "row", std::string(5000, 'r'));
        ASSERT_TRUE(data.store().apply(batch).has_value());
    }
    std::string file(const std::string& name) const { return options_.path + "/" + name; }

    TempDir dir_;
    DataDirectoryOptions options_;
    LogWriter log_{PartitionId{1}};
    std::string message_;
};

TEST_F(DataDirectoryTest, CountsBootsAndKeepsRecords) {
    for (std::uint64_t boot = 1; boot <= 3; ++boot) {
        auto data = open();
        ASSERT_NE(data, nullptr);
        EXPECT_EQ(data->fresh(), boot == 1);
        EXPECT_EQ(data->begin_boot(), Boot{boot});
        EXPECT_EQ(data->boot(), Boot{boot});
        EXPECT_EQ(data->store().recover().size(), boot == 1 ? 0U : 1U);
        write_some(*data);
        EXPECT_TRUE(data->record_durable(data->store().stats().durable).has_value());
    }
}

TEST_F(DataDirectoryTest, IsTakenByOneProcessAtATime) {
    auto data = open();
    EXPECT_EQ(refusal(), 5005);
    EXPECT_NE(message_.find(std::to_string(getpid())), std::string::npos) << message_;
    data.reset();
    EXPECT_EQ(refusal(), 0);
}

TEST_F(DataDirectoryTest, RefusesAnotherMeshsAndAnotherNodesData) {
    open();
    options_.cluster.bytes[5] = 9;
    EXPECT_EQ(refusal(), 5007);
    options_.cluster.bytes[5] = 0;
    options_.node.bytes[5] = 9;
    EXPECT_EQ(refusal(), 5007);
    options_.node.bytes[5] = 0;
    EXPECT_EQ(refusal(), 0);
}

TEST_F(DataDirectoryTest, RefusesANewerFormatWhateverElseItHolds) {
    open();
    const std::string text = "weft data directory\nformat 2\nshape unknown\n";
    write_file(file("identity.2"), text + fmt::format("checksum {:016x}\n", xxh3_64(text)));
    EXPECT_EQ(refusal(), 5006);
}

TEST_F(DataDirectoryTest, RefusesPathsThatAreNoDirectories) {
    write_file(dir_.file("plain"), "x");
    options_.path = dir_.file("plain");
    EXPECT_EQ(refusal(), 5008);
    options_.path = dir_.file("plain/below");
    EXPECT_EQ(refusal(), 5008);
    options_.path = "/proc/weft";
    EXPECT_EQ(refusal(), 5008);
}

TEST_F(DataDirectoryTest, OneDamagedIdentityCopyIsEnoughAndIsReplaced) {
    EXPECT_EQ(open()->begin_boot(), Boot{1});
    write_file(file("identity"), "rubbish");
    EXPECT_EQ(open()->begin_boot(), Boot{2});
    write_file(file("identity.2"), "");
    EXPECT_EQ(open()->begin_boot(), Boot{3});
    write_file(file("identity"), "rubbish");
    write_file(file("identity.2"), "rubbish");
    EXPECT_EQ(refusal(), 5002);
}

// A crash between the two copies: the boot counter must not come back.
TEST_F(DataDirectoryTest, TakesTheHigherBootOfTwoCopies) {
    auto data = open();
    EXPECT_EQ(data->begin_boot(), Boot{1});
    const std::string old = read_file(file("identity"));
    EXPECT_EQ(data->begin_boot(), Boot{2});
    data.reset();
    write_file(file("identity"), old);
    EXPECT_EQ(open()->begin_boot(), Boot{3});
}

TEST_F(DataDirectoryTest, TreatsAnUnwrittenFileWithoutIdentityAsFresh) {
    for (const std::size_t size : {0U, 100U, 4096U, 8192U}) {
        fs::remove_all(options_.path);
        fs::create_directories(options_.path);
        write_file(file("data.mdb"), std::string(size, '\0'));
        EXPECT_TRUE(open()->fresh()) << size;
    }
}

TEST_F(DataDirectoryTest, RefusesAnIdentityWithoutData) {
    open();
    fs::remove(file("data.mdb"));
    EXPECT_EQ(refusal(), 5008);
    write_file(file("data.mdb"), std::string(8192, '\0'));
    EXPECT_EQ(refusal(), 5008);
}

TEST_F(DataDirectoryTest, RefusesRecordsWithoutIdentityAndDeletesNothing) {
    write_some(*open());
    fs::remove(file("identity"));
    fs::remove(file("identity.2"));
    EXPECT_EQ(refusal(), 5008);
    EXPECT_EQ(refusal(), 5008);
    EXPECT_TRUE(fs::exists(file("data.mdb")));
}

TEST_F(DataDirectoryTest, AnEmptyStoreWithoutIdentityIsFresh) {
    open();
    fs::remove(file("identity"));
    fs::remove(file("identity.2"));
    EXPECT_TRUE(open()->fresh());
}

// S18: a restored copy is another replica's memory.
TEST_F(DataDirectoryTest, RefusesDataThatWasRolledBack) {
    write_some(*open());
    const std::string old = read_file(file("data.mdb"));
    {
        auto data = open();
        write_some(*data);
        ASSERT_TRUE(data->record_durable(data->store().stats().durable).has_value());
    }
    EXPECT_EQ(refusal(), 0);
    write_file(file("data.mdb"), old);
    EXPECT_EQ(refusal(), 5002);
    EXPECT_NE(message_.find("older copy"), std::string::npos) << message_;
}

TEST_F(DataDirectoryTest, AfterAFailedSyncStartsOnlyUnderAnotherKernelBoot) {
    ASSERT_TRUE(open()->mark_sync_failed().has_value());
    EXPECT_EQ(refusal(), 5004);
    EXPECT_NE(message_.find("delete " + file("sync-failed")), std::string::npos) << message_;
    options_.kernel_boot_id = "kernel-2";
    EXPECT_EQ(refusal(), 0);
    options_.kernel_boot_id = "kernel-1";
    EXPECT_EQ(refusal(), 0);
    ASSERT_TRUE(open()->mark_sync_failed().has_value());
    EXPECT_EQ(refusal(), 5004);
    fs::remove(file("sync-failed"));
    EXPECT_EQ(refusal(), 0);
}

TEST_F(DataDirectoryTest, ALockFileThatCannotBeWrittenIsRefusedWithItsName) {
    fs::create_directories(file("lock"));
    EXPECT_EQ(refusal(), 5008);
    EXPECT_NE(message_.find("lock"), std::string::npos) << message_;
}

// ---- weft data check ----------------------------------------------------------------------------

TEST_F(DataDirectoryTest, CheckCountsEverythingOfASoundDirectory) {
    {
        auto data = open();
        EXPECT_EQ(check_data(options_.path).error().number, 5005);
        write_some(*data);
        write_some(*data);
    }
    std::uint64_t shown = 0;
    const auto report = check_data(options_.path, [&](std::uint64_t done, std::uint64_t total) {
        EXPECT_LE(done, total);
        shown = done;
    });
    ASSERT_TRUE(report.has_value()) << report.error().message;
    EXPECT_TRUE(report->sound()) << report->damaged.at(0);
    EXPECT_EQ(report->groups, 1U);
    EXPECT_EQ(report->entries, 2U);
    EXPECT_EQ(report->rows[0], 1U);
    EXPECT_EQ(report->identity->node, options_.node);
    EXPECT_GT(shown, 5000U);
}

TEST_F(DataDirectoryTest, CheckNamesDamagedRecordsAndRows) {
    write_some(*open());
    std::string bytes = read_file(file("data.mdb"));
    // Everywhere: pages that are no longer used may hold copies.
    const auto damage_all = [&](std::string_view wanted, std::size_t offset) {
        std::size_t count = 0;
        for (std::size_t at = bytes.find(wanted); at != std::string::npos;
             at = bytes.find(wanted, at + wanted.size()), ++count)
            bytes[at + offset] = static_cast<char>(bytes[at + offset] ^ 1);
        return count;
    };
    EXPECT_GT(damage_all(std::string(1000, 'r'), 50), 0U);
    EXPECT_GT(damage_all(log_.entry(LogIndex{1}).view(), kEntryHeaderBytes + 9), 0U);
    write_file(file("data.mdb"), bytes);
    const auto report = check_data(options_.path);
    ASSERT_TRUE(report.has_value()) << report.error().message;
    const std::string all = fmt::format("{}", fmt::join(report->damaged, "\n"));
    EXPECT_NE(all.find("table ent, row row"), std::string::npos) << all;
    EXPECT_NE(all.find("log entry 1 of group 1"), std::string::npos) << all;
}

TEST_F(DataDirectoryTest, CheckOfAFolderWithoutDataIsRefused) {
    EXPECT_EQ(check_data(dir_.path()).error().number, 5008);
}

}  // namespace
}  // namespace weft::storage::test
