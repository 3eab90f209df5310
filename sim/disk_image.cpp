#include "sim/disk_image.h"

#include "core/random.h"

#include <utility>

namespace weft::sim {

std::size_t MemoryImage::crash(const Crash& crash) {
    const std::size_t most = Random(crash.salt).below(crash.unsynced.size() + 1);
    std::size_t kept = 0;
    while (kept < most && store_.apply(crash.unsynced[kept])) ++kept;
    store_.set_map_bytes(options_.map_bytes);
    return kept;
}

void MemoryImage::wipe() {
    store_ = storage::MemoryStore(options_);
    boot_ = {};
}

void MemoryImage::set_map_bytes(std::uint64_t bytes) {
    options_.map_bytes = bytes != 0 ? bytes : storage::MemoryStore::Options{}.map_bytes;
    store_.set_map_bytes(options_.map_bytes);
}

std::function<void()> MemoryImage::snapshot() {
    return [this, store = store_, boot = boot_] {
        store_ = store;
        store_.set_map_bytes(options_.map_bytes);
        boot_ = boot;
    };
}

}  // namespace weft::sim
