#include "entity/builtin/kv.h"

#include "core/error.h"
#include "weft/kv_payload.h"

namespace weft::entity {

namespace {

class Kv final : public EntityType {
public:
    const TypeInfo& info() const override { return info_; }

    std::optional<Access> command(std::string_view name) const override {
        if (name == "get") return Access::Read;
        if (name == "put" || name == "delete" || name == "cas") return Access::Write;
        return std::nullopt;
    }

    Decision handle(const StateView& state, std::string_view command, std::string_view payload,
                    const Context&) const override {
        if (command == "put") return set(payload);
        if (command == "cas") return compare_and_set(state, payload);
        if (!payload.empty())
            return rejection(
                make_error(ErrorNumber::BadPayload, "get and delete of kv take no payload"));
        Decision decision;
        if (command == "get") {
            if (state.exists) decision.reply = borrowed(state.state);
        } else if (state.exists) {
            decision.change = Decision::Change::Delete;
        }
        return decision;
    }

    Result<std::string> apply(std::string_view, std::string_view) const override {
        return fail(ErrorNumber::DataDamaged, "kv has no events");
    }

private:
    static Decision set(std::string_view value) {
        if (value.size() > kPayloadBytesMax)
            return rejection(make_error(
                ErrorNumber::PayloadTooLarge,
                fmt::format("a value of {} bytes, at most {}", value.size(), kPayloadBytesMax)));
        Decision decision;
        decision.change = Decision::Change::SetValue;
        decision.value = borrowed(value);
        return decision;
    }

    static Decision compare_and_set(const StateView& state, std::string_view payload) {
        const auto cas = kv::parse_cas(payload);
        if (!cas)
            return rejection(
                make_error(ErrorNumber::BadPayload, "the payload of cas does not parse"));
        switch (cas->expect.kind) {
            case kv::Expect::Kind::Absent:
                if (state.exists) return conflict("expected no value, found revision {}", state);
                break;
            case kv::Expect::Kind::AtRevision:
                if (!state.exists) return conflict("expected a revision, found no value", state);
                if (state.revision != cas->expect.revision)
                    return conflict("expected another revision than {}", state);
                break;
            case kv::Expect::Kind::Value:
                if (!state.exists) return conflict("expected a value, found none", state);
                if (state.state != cas->expect.value)
                    return conflict("expected another value than that of revision {}", state);
                break;
        }
        return set(cas->new_value);
    }

    static Decision conflict(fmt::format_string<const std::uint64_t&> text,
                             const StateView& state) {
        return rejection(
            make_error(ErrorNumber::ValueConflict, fmt::format(text, state.revision.value)));
    }

    TypeInfo info_{.name = "kv", .kind = Kind::Value, .commands = "cas, delete, get, put"};
};

}  // namespace

std::unique_ptr<const EntityType> make_kv() { return std::make_unique<Kv>(); }

}  // namespace weft::entity
