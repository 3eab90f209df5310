#include "sim/disk_image.h"

#include "core/invariant.h"
#include "core/random.h"

#include <utility>

namespace weft::sim {

std::size_t MemoryImage::crash(const Crash& crash) {
    const std::size_t kept = Random(crash.salt).below(crash.unsynced.size() + 1);
    for (const storage::WriteBatch& batch : crash.unsynced.first(kept)) {
        const auto applied = store_.apply(batch);
        WEFT_INVARIANT(applied.has_value(), "simulated disk refused: {}", applied.error().message);
    }
    return kept;
}

void MemoryImage::wipe() {
    store_ = storage::MemoryStore(options_);
    boot_ = {};
}

std::function<void()> MemoryImage::snapshot() {
    return [this, store = store_, boot = boot_] {
        store_ = store;
        boot_ = boot;
    };
}

}  // namespace weft::sim
