#pragma once
/// The built-in type `counter` for programs: a sum of 64 bits with sign per id.

#include "weft/client.h"
#include "weft/config.h"
#include "weft/errors.h"

#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace weft::counter {

/// A counter's reply as a number; nothing when it is not one.
inline std::optional<std::int64_t> parse_sum(std::string_view reply) {
    std::int64_t sum = 0;
    const char* const end = reply.data() + reply.size();
    const auto [stop, error] = std::from_chars(reply.data(), end, sum);
    if (error != std::errc{} || stop != end) return std::nullopt;
    return sum;
}

/// How an addition ended. `call` tells all there is, the request id of an unknown outcome included.
struct Added {
    CallResult call;
    std::int64_t sum = 0;  ///< after this addition; only when done()
    bool done() const { return call.done(); }
};

/// One counter of a mesh. A handle as Entity: cheap to copy, thread-safe, and it keeps the
/// connection. A counter that nobody has added to is zero.
class Counter {
public:
    /// `id`: 1 to 200 bytes of UTF-8 without NUL; what is not is reported by the first call.
    Counter(const Mesh& mesh, std::string_view id) : entity_(mesh.entity("counter", id)) {}

    /// The sum. Blocks. A read may always be repeated. Malformed (ErrorNumber::BadMessage): the
    /// node's reply is no number.
    Result<std::int64_t> get(const CallOptions& options = {}) const {
        CallResult call = entity_.call("get", {}, options);
        if (!call.done()) return std::unexpected(std::move(call.error));
        if (const auto sum = parse_sum(call.reply.view())) return *sum;
        return std::unexpected(not_a_number());
    }

    /// Adds `amount`, which may be negative. Rejected with ErrorNumber::EntityRejected when the sum
    /// would leave the range; it has not changed then. Unknown: repeat with CallOptions::request
    /// only, or the amount may be added twice. Blocks until a quorum has it durable.
    Added add(std::int64_t amount, const CallOptions& options = {}) const {
        Added added{entity_.call("add", std::to_string(amount), options)};
        if (!added.done()) return added;
        if (const auto sum = parse_sum(added.call.reply.view())) {
            added.sum = *sum;
        } else {
            // It was added; what the sum is now get() may tell.
            added.call.outcome = Outcome::Unknown;
            added.call.error = not_a_number();
        }
        return added;
    }

    /// For calls that do not block: `counter.entity().start("add", "1")`; parse_sum() reads them.
    const Entity& entity() const { return entity_; }

private:
    static Error not_a_number() {
        return {ErrorCode::Malformed, static_cast<std::uint16_t>(ErrorNumber::BadMessage),
                "the reply of a counter is not a number"};
    }

    Entity entity_;
};

}  // namespace weft::counter
