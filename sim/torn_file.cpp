#include "sim/torn_file.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

namespace weft::sim {
namespace {

// LMDB takes the page size of the operating system and writes it into its meta pages, behind the
// page's header of 16 bytes, magic, version, address and size of the map.
std::size_t page_bytes(std::string_view file) {
    constexpr std::size_t kOffset = 16 + 4 + 4 + 8 + 8;
    std::uint32_t bytes = 4096;
    if (file.size() >= kOffset + sizeof bytes)
        std::memcpy(&bytes, file.data() + kOffset, sizeof bytes);
    return bytes < kSectorBytes ? 4096 : bytes;
}

std::string sector_of(std::string_view file, std::size_t number) {
    const std::size_t at = number * kSectorBytes;
    std::string sector(at < file.size() ? file.substr(at, kSectorBytes) : std::string_view{});
    sector.resize(kSectorBytes, '\0');
    return sector;
}

}  // namespace

ChangedSectors changed_sectors(std::string_view before, std::string_view after) {
    ChangedSectors changed;
    const std::size_t bytes = std::max(before.size(), after.size());
    const std::size_t meta_bytes = kMetaPages * page_bytes(after);
    for (std::size_t number = 0; number * kSectorBytes < bytes; ++number) {
        const std::size_t at = number * kSectorBytes;
        const bool both = at + kSectorBytes <= std::min(before.size(), after.size());
        if (both && before.substr(at, kSectorBytes) == after.substr(at, kSectorBytes)) continue;
        if (!both && sector_of(before, number) == sector_of(after, number)) continue;
        (at < meta_bytes ? changed.meta : changed.data).push_back(number);
    }
    return changed;
}

std::string with_sectors(std::string_view before, std::string_view after,
                         const std::vector<std::size_t>& kept) {
    std::string file(before);
    for (const std::size_t number : kept) {
        const std::size_t at = number * kSectorBytes;
        if (file.size() < at + kSectorBytes) file.resize(at + kSectorBytes, '\0');
        const std::string sector = sector_of(after, number);
        std::ranges::copy(sector, file.begin() + static_cast<std::ptrdiff_t>(at));
    }
    return file;
}

std::string torn_file(std::string_view before, std::string_view after, Random chance) {
    const ChangedSectors changed = changed_sectors(before, after);
    // How many are kept differs by cut, from none to all: tenths, the last of them more often.
    const std::uint64_t parts = std::min<std::uint64_t>(10, chance.below(14));
    std::vector<std::size_t> kept;
    for (const std::size_t sector : changed.data)
        if (chance.chance(parts, 10)) kept.push_back(sector);
    if (kept.size() == changed.data.size() && chance.chance(1, 2))
        kept.insert(kept.end(), changed.meta.begin(), changed.meta.end());
    return with_sectors(before, after, kept);
}

}  // namespace weft::sim
