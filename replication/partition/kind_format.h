#pragma once
// What the kinds of entities differ in where entries hold their changes: the second table of kinds,
// beside entity/kind.h. A further kind is one more file in kinds/ and one more line in
// kKindFormats, and the sections of its own in sections.h. Rows need no line: where a state is kept
// is KindRules::state_on_all, what it is folded from is Unflushed.

#include "core/entry.h"
#include "entity/kind.h"
#include "replication/partition/command_entry.h"
#include "replication/partition/sections.h"

#include <array>
#include <optional>
#include <span>

namespace weft::replication {

struct KindFormat {
    entity::Kind kind = {};
    // The sections of its own in which an entry holds a change.
    std::span<const SectionReader> sections;
    // What was decided. Written as if each decision were of this kind: the host has seen to it.
    void (*write_change)(EntryBuilder& builder, const entity::Decision& decision) = nullptr;
    // Behind the reply: what may be left out.
    void (*write_state)(EntryBuilder& builder, const Decided& decided) = nullptr;
    // The entry holds a change of this kind.
    bool (*changes)(const DecodedEntry& entry) = nullptr;
    // That change is one which the entity can have had.
    bool (*possible)(const DecodedEntry& entry) = nullptr;
    void (*read_change)(const DecodedEntry& entry, entity::Change& change) = nullptr;
};

extern const KindFormat kValueFormat;
extern const KindFormat kEventSourcedFormat;
// In the order of entity::Kind.
inline constexpr std::array kKindFormats = {&kEventSourcedFormat, &kValueFormat};
static_assert(kKindFormats.size() == entity::kKindRules.size());

inline const KindFormat& format_of(entity::Kind kind) {
    return *kKindFormats[static_cast<std::size_t>(kind) - 1];
}
// The one kind whose change the entry holds. Nothing: none, of several, or one that cannot be.
std::optional<entity::Kind> kind_of(const DecodedEntry& entry);

}  // namespace weft::replication
