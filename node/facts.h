#pragma once
// The entity `!mesh/facts`: all that is agreed about the mesh itself, as the history of how it came
// about (docs/design.md, "Identity and placement"). Event-sourced, lives in group 0, changed by
// nodes only.

#include "core/command.h"
#include "entity/type.h"
#include "routing/genesis.h"
#include "routing/placement.h"

#include <memory>
#include <string>
#include <string_view>

namespace weft::node {

inline constexpr std::string_view kFactsType = "!mesh";
inline constexpr std::string_view kFactsId = "facts";
inline constexpr std::string_view kFoundCommand = "found";        // nodes only
inline constexpr std::string_view kDescribeCommand = "describe";  // read; JSON text

std::unique_ptr<const entity::EntityType> make_facts_type();

// The payload of kFoundCommand: every founder admitted, epoch 1 with its table's digest, every
// entity type of this node.
std::string founding_facts(const routing::Genesis& genesis, const routing::PlacementTable& table,
                           const entity::TypeTable& types);

// Asks that of the facts. Of its id only the partition is known yet.
Request facts_request(std::string_view command, std::string_view payload);

// One event in words, for `weft journal '!mesh/facts'`: "admitted a (3f2c...)"; empty: unknown.
std::string describe_fact(std::string_view event);

}  // namespace weft::node
