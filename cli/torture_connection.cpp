#include "cli/torture_connection.h"

#include "weft/kv.h"

#include <fmt/core.h>

#include <charconv>
#include <utility>

namespace weft::cli {

namespace {

using namespace std::chrono_literals;
using sim::OperationKind;
using sim::OperationOutcome;

constexpr std::size_t kWrongMax = 100;
// A mesh without leaders would be asked in a busy loop.
constexpr auto kRefusedPause = 5ms;

OperationOutcome outcome_of(const CallResult& result) {
    switch (result.outcome) {
        case Outcome::Done:
            return OperationOutcome::Done;
        case Outcome::Rejected:
            return OperationOutcome::Rejected;
        case Outcome::NotDone:
            return OperationOutcome::NotDone;
        case Outcome::Unknown:
            break;
    }
    return OperationOutcome::Unknown;
}

bool is_answer(OperationOutcome outcome) {
    return outcome == OperationOutcome::Done || outcome == OperationOutcome::Rejected;
}

}  // namespace

void TortureShared::answered(Clock::time_point now) {
    const std::lock_guard guard(lock_);
    if (last_answer_)
        longest_gap_ = std::max<std::chrono::nanoseconds>(longest_gap_, now - *last_answer_);
    last_answer_ = std::max(last_answer_.value_or(now), now);
}

void TortureShared::forget_last_answer() {
    const std::lock_guard guard(lock_);
    last_answer_.reset();
}

std::chrono::nanoseconds TortureShared::longest_gap() const {
    const std::lock_guard guard(lock_);
    return longest_gap_;
}

TortureConnection::TortureConnection(std::shared_ptr<TortureShared> shared, Mesh mesh,
                                     std::uint32_t number)
    : shared_(std::move(shared)),
      mesh_(std::move(mesh)),
      number_(number),
      random_(Random(shared_->options.seed).stream(fmt::format("connection-{}", number))) {
    for (std::uint32_t lane = 0; lane < shared_->options.lanes; ++lane) free_.push_back(lane);
}

void TortureConnection::run() {
    const auto interval = std::chrono::nanoseconds(
        static_cast<std::int64_t>(1e9 * shared_->options.connections / shared_->options.rate));
    auto next = Clock::now();
    while (!shared_->stopping) {
        std::optional<std::uint32_t> lane;
        {
            std::unique_lock guard(lock_);
            wake_.wait_for(guard, 20ms, [this] { return !free_.empty(); });
            if (std::exchange(refused_, false)) next = std::max(next, Clock::now() + kRefusedPause);
            if (!free_.empty() && !shared_->paused) {
                lane = free_.back();
                free_.pop_back();
                ++flying_;
            }
        }
        if (!lane) {
            if (shared_->paused) std::this_thread::sleep_for(2ms);
            continue;
        }
        std::this_thread::sleep_until(next);
        next = std::max(next + interval, Clock::now() - 50ms);
        if (const auto entity = draw_entity()) {
            launch(*lane, *entity);
            continue;
        }
        const std::lock_guard guard(lock_);
        free_.push_back(*lane);
        --flying_;
    }
}

void TortureConnection::wait_idle() {
    std::unique_lock guard(lock_);
    wake_.wait_for(guard, shared_->options.timeout + 5s, [this] { return flying_ == 0; });
}

// Takes one of the entity's places; nothing when those that were drawn have none.
std::optional<std::uint32_t> TortureConnection::draw_entity() {
    for (int attempt = 0; attempt < 4; ++attempt) {
        const std::uint64_t drawn = random_.below(1000);
        const auto of = [this](std::uint32_t first, std::uint32_t count) {
            return first + static_cast<std::uint32_t>(random_.below(count));
        };
        std::uint32_t entity = of(TortureEntities::first_cold(), shared_->options.cold);
        if (drawn < 250)
            entity =
                of(shared_->hot_set() * TortureEntities::kHotAtOnce, TortureEntities::kHotAtOnce);
        else if (drawn < 370)
            entity = of(TortureEntities::first_counter() +
                            shared_->hot_set() * TortureEntities::kHotCountersAtOnce,
                        TortureEntities::kHotCountersAtOnce);
        else if (drawn < 470)
            entity = of(TortureEntities::first_cold_counter(), TortureEntities::kCounters);
        else if (drawn < 470 + shared_->options.big_per_mille)
            entity = of(TortureEntities::first_big(), TortureEntities::kBig);
        auto& in_flight = shared_->uses[entity].in_flight;
        if (in_flight.fetch_add(1) < kTortureInFlight) return entity;
        --in_flight;
    }
    return std::nullopt;
}

void TortureConnection::compose(Flight& flight) {
    TortureRecord& record = flight.record;
    const std::uint64_t drawn = random_.below(100);
    if (TortureEntities::is_counter(record.entity)) {
        record.kind = drawn < 65 ? OperationKind::Add : OperationKind::Get;
        flight.command = drawn < 65 ? "add" : "get";
        if (drawn >= 65) return;
        record.argument = static_cast<std::int64_t>(1 + random_.below(9));
        flight.payload = std::to_string(record.argument);
        return;
    }
    const bool big = TortureEntities::is_big(record.entity);
    // Both the old and the new value of a cas of big ones would not fit into one call.
    const std::uint64_t cas_below = big ? 50 : 70;
    record.kind = drawn < 50          ? OperationKind::Put
                  : drawn < cas_below ? OperationKind::Cas
                  : drawn < 76        ? OperationKind::Delete
                                      : OperationKind::Get;
    static constexpr const char* kCommands[] = {"put", "get", "delete", "cas"};
    flight.command = kCommands[static_cast<std::size_t>(record.kind)];
    if (record.kind == OperationKind::Get || record.kind == OperationKind::Delete) return;
    const TortureValue value = make_value(number_, ++sequence_);
    record.argument = static_cast<std::int64_t>(value.number);
    flight.payload = value_bytes(shared_->options.seed, record.entity, value);
    if (record.kind == OperationKind::Put) return;
    const TortureValue old{shared_->uses[record.entity].seen};
    record.expected = static_cast<std::int64_t>(old.number);
    const std::string bytes =
        old.number == 0 ? "" : value_bytes(shared_->options.seed, record.entity, old);
    kv::Expect expect;
    if (old.number != 0) expect = {kv::Expect::Kind::Value, {}, bytes};
    flight.payload = kv::cas_payload(expect, flight.payload);
}

void TortureConnection::launch(std::uint32_t lane, std::uint32_t entity) {
    auto flight = std::make_shared<Flight>();
    flight->lane = lane;
    flight->record.entity = entity;
    flight->record.client = number_ * shared_->options.lanes + lane;
    compose(*flight);
    CallOptions options;
    options.timeout = shared_->options.timeout;
    flight->record.start_ns = shared_->now_ns();
    mesh_.entity(TortureEntities::type(entity), TortureEntities::id(entity))
        .start(flight->command, flight->payload, options,
               [self = shared_from_this(), flight](const CallResult& result) {
                   self->landed(flight, result);
               });
}

// On the client's thread, or inside start() when the call was refused there.
void TortureConnection::landed(const std::shared_ptr<Flight>& flight, const CallResult& result) {
    const auto now = Clock::now();
    TortureRecord& record = flight->record;
    record.end_ns = shared_->to_ns(now);
    --shared_->uses[record.entity].in_flight;
    ++shared_->operations;
    take_answer(record, result);
    const bool answered = is_answer(record.outcome);
    if (answered) shared_->answered(now);
    const std::lock_guard guard(lock_);
    switch (record.outcome) {
        case OperationOutcome::Done:
            ++counts_.done;
            counts_.bytes_written += flight->payload.size();
            break;
        case OperationOutcome::Rejected:
            ++counts_.rejected;
            break;
        case OperationOutcome::NotDone:
            ++counts_.not_done;
            refused_ = true;
            break;
        case OperationOutcome::Unknown:
            ++counts_.unknown;
            if (record.kind != OperationKind::Get)
                open_.push_back({result.request, records_.size()});
            break;
    }
    if (answered) {
        const auto took = static_cast<std::uint64_t>(record.end_ns - record.start_ns);
        counts_.latency_ns.record(took);
        if (shared_->weather.faults > 0) counts_.faulty_latency_ns.record(took);
    }
    // Whatever its outcome: a call that was given up has waited, too.
    const auto well_since = shared_->weather.well_since.load();
    if (well_since != TortureWeather::kNever) {
        const auto begin = shared_->options.begin;
        const auto from = std::max(begin + std::chrono::nanoseconds(record.start_ns), well_since);
        if (now - from > counts_.longest_wait.took)
            counts_.longest_wait = {from - begin, now - from, record.entity, result.outcome};
    }
    records_.push_back(record);
    free_.push_back(flight->lane);
    --flying_;
    wake_.notify_all();
}

// Without the lock: comparing a MiB takes a while.
void TortureConnection::take_answer(TortureRecord& record, const CallResult& result) {
    record.outcome = outcome_of(result);
    record.revision = result.revision.value;
    if (record.outcome != OperationOutcome::Done) return;
    if (TortureEntities::is_counter(record.entity)) {
        const std::string_view text = result.reply.view();
        const auto [at, bad] =
            std::from_chars(text.data(), text.data() + text.size(), record.result);
        record.answered = bad == std::errc{} && at == text.data() + text.size();
        if (!record.answered)
            note_wrong(fmt::format("{} answered '{}'", TortureEntities::name(record.entity),
                                   text.substr(0, 40)));
        return;
    }
    auto& seen = shared_->uses[record.entity].seen;
    if (record.kind == OperationKind::Get && result.exists) {
        ReadValue read = read_value(shared_->options.seed, record.entity, result.reply.view());
        record.result = static_cast<std::int64_t>(read.value.number);
        if (!read.wrong.empty())
            note_wrong(fmt::format("{} was read at {} ns: {}", TortureEntities::name(record.entity),
                                   record.end_ns, read.wrong));
    }
    if (record.kind == OperationKind::Get)
        seen = static_cast<std::uint64_t>(record.result);
    else
        seen = static_cast<std::uint64_t>(record.argument);  // delete: none
}

void TortureConnection::note_wrong(std::string text) {
    const std::lock_guard guard(lock_);
    if (wrong_.size() < kWrongMax) wrong_.push_back(std::move(text));
}

bool TortureConnection::settle(std::chrono::milliseconds timeout) {
    std::vector<Open> open;
    {
        const std::lock_guard guard(lock_);
        open.swap(open_);
    }
    std::vector<Open> again;
    constexpr std::size_t kSilentMax = 2;
    for (const Open& question : open) {
        if (again.size() >= kSilentMax) {
            again.push_back(question);
            continue;
        }
        const CallResult told = mesh_.outcome(question.request, timeout);
        if (told.error.code == ErrorCode::Expired) continue;  // unknown for ever
        const bool settled = told.outcome == Outcome::Done || told.outcome == Outcome::Rejected ||
                             (told.outcome == Outcome::NotDone && !told.error.is_retryable());
        if (settled)
            settled_as(question.record, told);
        else
            again.push_back(question);
    }
    const std::lock_guard guard(lock_);
    open_.insert(open_.end(), again.begin(), again.end());
    return again.empty();
}

void TortureConnection::settled_as(std::size_t at, const CallResult& told) {
    TortureRecord record;
    {
        const std::lock_guard guard(lock_);
        record = records_[at];
    }
    record.end_ns = shared_->now_ns();
    take_answer(record, told);
    const std::lock_guard guard(lock_);
    records_[at] = record;
    ++counts_.settled;
}

CallResult TortureConnection::read_patiently(std::uint32_t entity, Clock::time_point until) {
    CallResult result;
    do {
        CallOptions options;
        options.timeout = shared_->options.timeout;
        result = mesh_.entity(TortureEntities::type(entity), TortureEntities::id(entity))
                     .call("get", "", options);
    } while (!result.done() && result.outcome != Outcome::Rejected && Clock::now() < until);
    return result;
}

void TortureConnection::read(const std::vector<std::uint32_t>& entities,
                             std::chrono::milliseconds patience) {
    const auto until = Clock::now() + patience;
    for (const std::uint32_t entity : entities) {
        TortureRecord record;
        record.entity = entity;
        record.client = number_ * shared_->options.lanes;
        record.kind = OperationKind::Get;
        record.start_ns = shared_->now_ns();
        const CallResult result = read_patiently(entity, until);
        record.end_ns = shared_->now_ns();
        take_answer(record, result);
        if (!result.done())
            note_wrong(fmt::format("{} cannot be read: {}", TortureEntities::name(entity),
                                   result.error.message));
        const std::lock_guard guard(lock_);
        records_.push_back(record);
    }
}

void TortureConnection::add_to(TortureCounts& counts, std::vector<std::string>& wrong) const {
    const std::lock_guard guard(lock_);
    counts.done += counts_.done;
    counts.rejected += counts_.rejected;
    counts.not_done += counts_.not_done;
    counts.unknown += counts_.unknown;
    counts.settled += counts_.settled;
    counts.bytes_written += counts_.bytes_written;
    if (counts_.longest_wait.took > counts.longest_wait.took)
        counts.longest_wait = counts_.longest_wait;
    counts.latency_ns.merge(counts_.latency_ns);
    counts.faulty_latency_ns.merge(counts_.faulty_latency_ns);
    wrong.insert(wrong.end(), wrong_.begin(), wrong_.end());
}

void TortureConnection::use_entities(std::vector<bool>& used) const {
    const std::lock_guard guard(lock_);
    for (const TortureRecord& record : records_) used[record.entity] = true;
}

std::vector<TortureRecord> TortureConnection::take_records() {
    const std::lock_guard guard(lock_);
    return std::move(records_);
}

}  // namespace weft::cli
