// Clients that ask how a request ended, and clients whose processes end.

#include "core/invariant.h"
#include "sim/client_actor.h"

#include <fmt/core.h>

#include <memory>
#include <utility>

namespace weft::sim {
namespace {

constexpr int kAsksMax = 4;
constexpr Duration kSoon = std::chrono::milliseconds(5);
constexpr Duration kLate = std::chrono::seconds(2);

bool same(OperationOutcome known, Outcome again) {
    return (known == OperationOutcome::Done && again == Outcome::Done) ||
           (known == OperationOutcome::Rejected && again == Outcome::Rejected) ||
           (known == OperationOutcome::NotDone && again == Outcome::NotDone);
}

}  // namespace

std::optional<std::string> contradiction(const Operation& known, const Reply& again) {
    if (again.outcome == Outcome::Unknown) return std::nullopt;
    if (!same(known.outcome, again.outcome))
        return fmt::format("I8: a request of client {} ended with outcome {}, then with {}",
                           known.client, static_cast<int>(known.outcome),
                           static_cast<int>(again.outcome));
    const bool told = again.outcome == Outcome::Done && known.result;
    if (told && again.payload.view() != *known.result)
        return fmt::format("I8: a request of client {} was answered {}, then {}", known.client,
                           *known.result, again.payload.view());
    return std::nullopt;
}

// True when the call is not over: its outcome will be asked for. What is known is recorded at once
// and asked about all the same, now and then.
bool ClientActor::asks_again(const Open& open, const Reply& reply) {
    const Operation& op = open.operation;
    const bool unknown = op.outcome == OperationOutcome::Unknown;
    if (open.asked > 0) ++(unknown ? asked_.in_vain : asked_.settled);
    // A read is not remembered: asked again, it reads again.
    if (reply.id.seq == 0 || auditing_ || (!unknown && op.kind == OperationKind::Get)) return false;
    if (open.asked >= (finishing_ ? 1 : kAsksMax)) return false;
    Random chance = chance_of(open.call).stream(fmt::format("again {}", open.asked));
    if (!chance.chance(unknown ? workload_.ask_percent : workload_.ask_percent / 2, 100))
        return false;
    Open again = open;
    again.request = reply.id;
    again.known = !unknown;
    ++again.asked;
    // What was certainly not done may be done by the same call once more.
    const bool may_repeat = op.outcome != OperationOutcome::NotDone;
    again.repeat = chance.chance(1, 2) && may_repeat;
    const Duration limit = chance.chance(1, 2) ? kSoon : kLate;
    ask_later(std::move(again), chance.between({}, limit));
    return unknown;
}

void ClientActor::ask_later(Open open, Duration delay) {
    ++waiting_;
    queue_.after(delay, [this, kept = std::make_unique<Open>(std::move(open))] {
        --waiting_;
        if (caller_) return submit(std::move(*kept));
        ask_later(std::move(*kept), kSoon);
    });
}

void ClientActor::told(const Open& open, const Reply& reply) {
    const auto wrong = contradiction(open.operation, reply);
    WEFT_INVARIANT(!wrong, "{}", *wrong);
    ++(reply.outcome == Outcome::Unknown ? asked_.in_vain : asked_.confirmed);
}

// A process that comes back is another client to the mesh.
void ClientActor::start_caller() {
    client::CallerOptions options = options_;
    Random chance = callers_;
    if (lives_++ > 0) {
        chance = callers_.stream(fmt::format("life {}", lives_));
        Random id = chance.stream("id");
        for (std::uint8_t& byte : options.client.bytes)
            byte = static_cast<std::uint8_t>(id.below(256));
    }
    caller_.emplace(std::move(options), chance);
    event(client::Timer{});
}

void ClientActor::live() {
    if (workload_.life == Duration{}) return;
    queue_.after(random_.between(workload_.life / 2, workload_.life * 3 / 2), [this] {
        if (!finishing_) die();
    });
}

// Calls that have an answer outstanding may take effect or not, and nobody is left who would hear
// of it; who had written down the id of a request asks about it in the next life.
void ClientActor::die() {
    for (const client::LinkId link : std::exchange(links_, {})) world_.close_link(number_, link);
    caller_.reset();
    wake_ = Instant::never();
    for (auto& [call, open] : std::exchange(open_, {})) {
        if (open.asked > 0) {
            ask_later(std::move(open), kSoon);
            continue;
        }
        open.operation.end_ns = queue_.now().ns;
        open.operation.outcome = OperationOutcome::Unknown;
        open.operation.note = "the client's process ended";
        record(std::move(open));
    }
    // Longer than what is on its way to the old process takes.
    queue_.after(random_.between(std::chrono::milliseconds(20), std::chrono::milliseconds(500)),
                 [this] {
                     start_caller();
                     live();
                     if (workload_.interval == Duration{}) start_some();
                 });
}

}  // namespace weft::sim
