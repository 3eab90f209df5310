#pragma once
// Entity -> hash -> group (docs/design.md, "Identity and placement"). Golden vectors:
// tests/golden/key_hash.txt.

#include "core/hash.h"
#include "weft/result.h"
#include "weft/types.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace weft::routing {

// The hash that places an entity: SipHash-2-4 of 0x01 | tag when `id` has a non-empty part between
// its first '{' and the next '}', else of 0x00 | len(type) u8 | type | id.
std::uint64_t entity_hash(const HashKey& key, std::string_view type, std::string_view id);

// Reserved types ("!...") live in group 0, all others in 1 + (hash mod groups).
PartitionId group_of(const HashKey& key, std::uint32_t groups, std::string_view type,
                     std::string_view id);

// Malformed (WEFT-3001) with the reason: empty, too long, NUL, invalid UTF-8, bad type characters.
// `allow_reserved`: types that begin with '!' pass.
Result<void> check_entity_id(std::string_view type, std::string_view id,
                             bool allow_reserved = false);

// "type/id" as people write it; the id may contain further slashes.
Result<EntityId> parse_entity_id(std::string_view text, bool allow_reserved = false);

// The digest a request carries: XXH3-128 over length-prefixed type, id, command and payload.
Digest request_digest(std::string_view type, std::string_view id, std::string_view command,
                      std::string_view payload);

}  // namespace weft::routing
