#pragma once
// What a power cut leaves of a file while a commit was under way: the old file plus any of the
// sectors that the commit has changed. LMDB syncs all pages before it writes one of the two meta
// pages, which name the root: so a changed meta page is there only when all the others are.

#include "core/random.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace weft::sim {

inline constexpr std::size_t kSectorBytes = 512;
inline constexpr std::size_t kMetaPages = 2;  // pages 0 and 1

struct ChangedSectors {
    // Numbers of sectors, in order.
    std::vector<std::size_t> data;
    std::vector<std::size_t> meta;
};
// Sectors behind the end of a file count as zeros.
ChangedSectors changed_sectors(std::string_view before, std::string_view after);

// `before` with these sectors of `after`.
std::string with_sectors(std::string_view before, std::string_view after,
                         const std::vector<std::size_t>& kept);

// Nothing, all, all but the meta page, or any subset.
std::string torn_file(std::string_view before, std::string_view after, Random chance);

}  // namespace weft::sim
