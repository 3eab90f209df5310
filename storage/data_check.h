#pragma once
// `weft data check`: reads every record and every row of a stopped node's directory and names what
// is damaged. Changes nothing in the data.

#include "storage/identity_file.h"
#include "storage/lmdb_store.h"
#include "weft/result.h"

#include <array>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace weft::storage {

inline constexpr std::size_t kDamageNamesMax = 1000;

struct DataCheckReport {
    std::optional<Identity> identity;
    Lsn durable;
    std::uint64_t groups = 0;
    std::uint64_t entries = 0;
    // By table: entity, journal, session, meta.
    std::array<std::uint64_t, 4> rows{};
    std::uint64_t bytes = 0;  // read and checked
    std::uint64_t damage_count = 0;
    std::vector<std::string> damaged;  // the first kDamageNamesMax, in words
    bool sound() const { return damage_count == 0; }
};

// Bytes read so far, of about how many.
using DataCheckProgress = std::function<void(std::uint64_t done, std::uint64_t total)>;

// An error when nothing could be read: no such data, in use, a newer format. Damage is a report.
Result<DataCheckReport> check_data(const std::string& path, const DataCheckProgress& progress = {},
                                   const LmdbStoreBounds& bounds = {});

}  // namespace weft::storage
