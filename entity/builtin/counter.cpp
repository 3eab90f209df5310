#include "entity/builtin/counter.h"

#include "core/error.h"

#include <charconv>
#include <cstring>
#include <limits>

namespace weft::entity {

namespace {

constexpr std::size_t kNumberBytes = sizeof(std::int64_t);

std::optional<std::int64_t> decode(std::string_view bytes) {
    if (bytes.size() != kNumberBytes) return std::nullopt;
    std::int64_t number = 0;
    std::memcpy(&number, bytes.data(), kNumberBytes);
    return number;
}

std::string_view view_of(const std::int64_t& number) {
    return {reinterpret_cast<const char*>(&number), kNumberBytes};
}

std::optional<std::int64_t> parse_decimal(std::string_view text) {
    std::int64_t number = 0;
    const char* end = text.data() + text.size();
    const auto [stop, error] = std::from_chars(text.data(), end, number);
    if (error != std::errc{} || stop != end || text.empty()) return std::nullopt;
    return number;
}

// Nothing when the sum does not fit.
std::optional<std::int64_t> checked_sum(std::int64_t a, std::int64_t b) {
    std::int64_t sum = 0;
    if (__builtin_add_overflow(a, b, &sum)) return std::nullopt;
    return sum;
}

class Counter final : public EntityType {
public:
    const TypeInfo& info() const override { return info_; }

    std::optional<Access> command(std::string_view name) const override {
        if (name == "get") return Access::Read;
        if (name == "add") return Access::Write;
        return std::nullopt;
    }

    Decision handle(const StateView& state, std::string_view command, std::string_view payload,
                    const Context&) const override {
        const std::int64_t now = decode(state.state).value_or(0);
        Decision decision;
        if (command == "get") {
            if (!payload.empty())
                return rejection(
                    make_error(ErrorNumber::BadPayload, "get of counter takes no payload"));
            decision.reply = Bytes::adopt(std::to_string(now));
            return decision;
        }
        const auto amount = parse_decimal(payload);
        if (!amount)
            return rejection(make_error(ErrorNumber::BadPayload,
                                        "add takes a decimal number of 64 bits with sign"));
        const auto sum = checked_sum(now, *amount);
        if (!sum)
            return rejection(
                make_error(ErrorNumber::EntityRejected,
                           fmt::format("{} more would leave the range of 64 bits", *amount)));
        decision.change = Decision::Change::Events;
        decision.events.push_back(Bytes::copy_of(view_of(*amount)));
        decision.reply = Bytes::adopt(std::to_string(*sum));
        return decision;
    }

    Result<std::string> apply(std::string_view state, std::string_view event) const override {
        const auto before = state.empty() ? std::int64_t{0} : decode(state);
        const auto amount = decode(event);
        if (!before || !amount)
            return fail(ErrorNumber::DataDamaged, "a counter's state of {} and event of {} bytes",
                        state.size(), event.size());
        const auto sum = checked_sum(*before, *amount);
        if (!sum) return fail(ErrorNumber::DataDamaged, "a counter's event leaves its range");
        return std::string(view_of(*sum));
    }

private:
    TypeInfo info_{.name = "counter",
                   .kind = Kind::EventSourced,
                   .snapshot_every = 256,
                   .commands = "add, get"};
};

}  // namespace

std::unique_ptr<const EntityType> make_counter() { return std::make_unique<Counter>(); }

}  // namespace weft::entity
