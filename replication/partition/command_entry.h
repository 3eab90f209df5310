#pragma once
// What the entry of a command says: written where it was decided, read by every replica that
// applies it. Also when the handler said no or changed nothing there is an entry: its outcome is
// remembered.

#include "core/command.h"
#include "core/entry.h"
#include "entity/host.h"
#include "entity/kind.h"
#include "entity/type.h"
#include "replication/partition/sections.h"
#include "replication/partition/sessions.h"

#include <cstddef>
#include <cstdint>

namespace weft::replication {

// What was decided; `next` is what it changes the entity to, nothing when it does not.
struct Decided {
    const entity::EntityType& type;
    const entity::Entity& entity;
    const Request& request;
    const entity::Decision& decision;
    const entity::Ahead* next = nullptr;
};

// What an entry without payloads takes, at most.
inline constexpr std::size_t kBareEntryBytes = 1024;

// Puts together what a leader proposes, an entry at a time: the last one is gone with the next. The
// buffer stays, so that a command costs no allocation here.
class EntryWriter {
public:
    EntryBuilder& command(const Decided& decided);
    // Who asks how a command ended.
    EntryBuilder& resolve(const Request& request);
    // Sessions that start below end.
    EntryBuilder& floor(std::int64_t start_ms);

private:
    EntryBuilder builder_;
};

RequestPart request_part(const Request& request);

// Where the entity stands, as the reply says it.
void tell_standing(Reply& reply, const Standing& standing);

// What an entry of kind Command does to its entity; points into the entry.
entity::Change change_of(const EntryHeader& header, const DecodedEntry& entry);
// What the session remembers of the entry.
Remembered outcome_of(const EntryHeader& header, const DecodedEntry& entry);
// The answer to a command that is remembered.
Reply reply_of(const RequestId& id, const Remembered& known);
// The same answer as reply_of(), without a copy: the payload is a slice of the entry.
Reply reply_of_entry(const EntryHeader& header, const DecodedEntry& entry, const Bytes& encoded);

}  // namespace weft::replication
