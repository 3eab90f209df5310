#pragma once
// What an entity type is to its host: named commands, a pure decision, a pure fold. The built-in
// types are `inline`: they run on the core thread and must be short.

#include "core/random.h"
#include "weft/bytes.h"
#include "weft/result.h"
#include "weft/types.h"

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::entity {

enum class Kind : std::uint8_t { EventSourced = 1, Value = 2 };

struct TypeInfo {
    std::string_view name;
    Kind kind{};
    // Event-sourced: a snapshot is made when the version crosses a multiple of this.
    std::uint32_t snapshot_every = 256;
    std::string_view commands = {};  // as messages name them: "add, get"
};

// The entity as a handler sees it. `state`: the value, or the encoded event-sourced state.
struct StateView {
    bool exists = false;
    std::string_view state;
    Revision revision;
    Version version;
    Generation generation;
};

inline constexpr std::size_t kEventsPerCommandMax = 128;

// What the handler may know of the world (docs/design.md, "Entities").
struct Context {
    std::int64_t stamp_ms = 0;  // log time of the entry to be
    LogIndex index;             // index the entry will have
};

// What a handler decided. Read-only commands leave `change` at None. Bytes may borrow from the
// payload or the state the handler was given (borrowed()): the host copies what it keeps.
struct Decision {
    enum class Change : std::uint8_t { None, SetValue, Delete, Events };
    bool rejected = false;
    Error error;  // when rejected
    Bytes reply;  // also kept for repeated calls; at most 1 MiB
    Change change = Change::None;
    Bytes value;                // SetValue
    std::vector<Bytes> events;  // Events: 1..128, together at most 1 MiB
};

// A slice without an owner, for a Decision that hands back what it was given without copying it.
inline Bytes borrowed(std::string_view bytes) {
    return Bytes::of(nullptr, bytes.data(), bytes.size());
}
// A decision that says no, with the reason.
Decision rejection(Error error);

enum class Access : std::uint8_t { Read, Write };

class EntityType {
public:
    virtual ~EntityType() = default;
    virtual const TypeInfo& info() const = 0;
    // Nothing: the type has no such command.
    virtual std::optional<Access> command(std::string_view name) const = 0;
    // Pure. A payload that does not parse is a rejection with BadPayload.
    virtual Decision handle(const StateView& state, std::string_view command,
                            std::string_view payload, const Context& context) const = 0;
    // Event-sourced only: state after one event; `state` is empty for a new entity. Corrupt when
    // the event does not parse.
    virtual Result<std::string> apply(std::string_view state, std::string_view event) const = 0;
};

// The types of one node by name; filled by main() before the node starts.
class TypeTable {
public:
    void add(std::unique_ptr<const EntityType> type);
    const EntityType* find(std::string_view name) const;
    std::vector<const EntityType*> all() const;
    // As messages name them: "counter, kv".
    std::string names() const;

private:
    std::map<std::string, std::unique_ptr<const EntityType>, std::less<>> types_;
};

}  // namespace weft::entity
