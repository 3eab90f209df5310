#pragma once
/// The built-in type `kv` for programs: one value of raw bytes per id, with compare-and-set.

#include "weft/client.h"
#include "weft/config.h"
#include "weft/kv_payload.h"

#include <optional>
#include <string_view>
#include <utility>

namespace weft::kv {

/// What a read found.
struct Value {
    Bytes bytes;
    Revision revision;  ///< of the last change; Expect::at() takes it
    Version version;    ///< changes since the value came to be
};

/// One value of a mesh. A handle as Entity: cheap to copy, thread-safe, and it keeps the
/// connection. What changes the value returns the CallResult whole, for its outcome may be unknown:
/// then repeat with CallOptions::request, or ask Mesh::outcome.
class Item {
public:
    /// `id`: 1 to 200 bytes of UTF-8 without NUL; what is not is reported by the first call.
    Item(const Mesh& mesh, std::string_view id) : entity_(mesh.entity("kv", id)) {}

    /// The value, or nothing when there is none: never put, or removed. Blocks. An error says why
    /// it cannot be known now; a read may always be repeated.
    Result<std::optional<Value>> get(const CallOptions& options = {}) const {
        CallResult call = entity_.call("get", {}, options);
        if (!call.done()) return std::unexpected(std::move(call.error));
        if (!call.exists) return std::optional<Value>();
        return Value{std::move(call.reply), call.revision, call.version};
    }

    /// Sets the value, whatever it was. At most kPayloadBytesMax bytes: beyond, NotDone with
    /// LimitExceeded. Blocks until a quorum has it durable.
    CallResult put(std::string_view value, const CallOptions& options = {}) const {
        return entity_.call("put", value, options);
    }

    /// Sets the value if it is as expected; else Rejected with ErrorNumber::ValueConflict, and
    /// nothing has changed: read again and decide anew. Blocks. The expected value and the new one
    /// are at most kPayloadBytesMax bytes together, less 13.
    CallResult cas(const Expect& expect, std::string_view value,
                   const CallOptions& options = {}) const {
        return entity_.call("cas", cas_payload(expect, value), options);
    }

    /// Removes the value. Done, too, when there is none. Blocks.
    CallResult remove(const CallOptions& options = {}) const {
        return entity_.call("delete", {}, options);
    }

    /// For calls that do not block: `item.entity().start("put", value)`.
    const Entity& entity() const { return entity_; }

private:
    Entity entity_;
};

}  // namespace weft::kv
