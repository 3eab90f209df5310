#include "sim/real_image.h"

#include "core/invariant.h"
#include "sim/torn_file.h"

#include <fmt/core.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <utility>

namespace weft::sim {
namespace {

namespace fs = std::filesystem;

// Far above what a run writes; only addresses are taken.
constexpr std::uint64_t kMapBytes = std::uint64_t{1} << 30;

std::string read_file(const std::string& path) {
    std::ifstream stream(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), {}};
}

void write_file(const std::string& path, std::string_view bytes) {
    std::ofstream stream(path, std::ios::binary | std::ios::trunc);
    stream.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
    stream.flush();
    WEFT_INVARIANT(stream.good(), "{} cannot be written", path);
}

}  // namespace

// Nothing may depend on the file system that the folder lies in.
RealImage::RealImage(const Options& options) : checks_(false, options.check_steps) {
    options_.path = options.path;
    options_.cluster = options.cluster;
    options_.node = options.node;
    options_.bounds = options.bounds;
    options_.map_bytes = kMapBytes;
    options_.preallocate_bytes = 0;
    options_.reserve_bytes = 0;
    open();
}

void RealImage::open() {
    options_.kernel_boot_id = fmt::format("kernel {}", kernel_);
    auto opened = storage::DataDirectory::open(options_);
    WEFT_INVARIANT(opened.has_value(), "the store does not open: {}", opened.error().message);
    directory_ = std::move(*opened);
}

Result<storage::StoreStats> RealImage::apply(const storage::WriteBatch& batch) {
    auto applied = directory_->store().apply(batch);
    if (checks_.after_round()) directory_->check();
    return applied;
}

Boot RealImage::begin_boot() {
    const auto boot = directory_->begin_boot();
    WEFT_INVARIANT(boot.has_value(), "the boot counter cannot be raised: {}", boot.error().message);
    return *boot;
}

std::size_t RealImage::crash(const Crash& crash) {
    Random chance(crash.salt);
    storage::WriteBatch commit;
    for (const storage::WriteBatch& batch : crash.unsynced.first(crash.under_way))
        commit.merge(batch);
    bool kept = false;
    if (!commit.empty()) {
        if (crash.ending != Ending::Killed)
            kept = commit_and_cut(commit, chance);
        else if (chance.chance(1, 2))
            kept = apply(commit).has_value();
    }
    if (crash.ending == Ending::SyncFailed) {
        const auto marked = directory_->mark_sync_failed();
        WEFT_INVARIANT(marked.has_value(), "no mark of a failed sync: {}", marked.error().message);
    }
    if (crash.ending != Ending::Killed) ++kernel_;
    directory_.reset();
    open();
    return kept ? crash.under_way : 0;
}

bool RealImage::commit_and_cut(const storage::WriteBatch& batch, Random chance) {
    const std::string before = read_data();
    const bool applied = apply(batch).has_value();  // without room the file stays as it is
    const std::string after = read_data();
    const std::string left = torn_file(before, after, chance);
    write_file(data_file(), left);
    return applied && left == after;
}

void RealImage::wipe() {
    directory_.reset();
    fs::remove_all(options_.path);
    open();
}

void RealImage::set_map_bytes(std::uint64_t bytes) {
    options_.map_bytes = bytes != 0 ? bytes : kMapBytes;
    directory_.reset();
    open();
}

std::string RealImage::read_data() const { return read_file(data_file()); }

RealImage::Files RealImage::read_files() const {
    Files files;
    for (const auto& entry : fs::directory_iterator(options_.path)) {
        const std::string name = entry.path().filename().string();
        if (name == "lock" || name == "lock.mdb") continue;
        files[name] = read_file(entry.path().string());
    }
    return files;
}

std::function<void()> RealImage::snapshot() {
    return [this, files = read_files()] {
        directory_.reset();
        fs::remove_all(options_.path);
        fs::create_directory(options_.path);
        for (const auto& [name, bytes] : files) write_file(options_.path + '/' + name, bytes);
        open();
    };
}

}  // namespace weft::sim
