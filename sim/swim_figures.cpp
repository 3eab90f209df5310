#include "sim/swim_figures.h"

#include <algorithm>
#include <chrono>
#include <memory>

namespace weft::sim {

namespace {

using namespace std::chrono_literals;

constexpr Duration kLook = 10ms;
constexpr Duration kPatience = 120s;
// Long enough for rumours of the start to end.
constexpr Duration kSettled = 30s;

// Nothing: not in time.
std::optional<Duration> until_all_see_all(SwimWorld& world) {
    const Instant begun = world.now();
    while (!world.all_see_all()) {
        if (world.now() - begun > kPatience) return std::nullopt;
        world.run(kLook);
    }
    return world.now() - begun;
}

double per_member(std::uint64_t count, const SwimWorld& world) {
    return static_cast<double>(count) / static_cast<double>(world.size());
}

double seconds(Duration span) { return static_cast<double>(span.count()) / 1e9; }

}  // namespace

std::optional<SwimArm> parse_swim_arm(std::string_view text) {
    if (text == "weft") return SwimArm::Weft;
    if (text == "swim") return SwimArm::Swim;
    if (text == "lifeguard") return SwimArm::Lifeguard;
    return std::nullopt;
}

membership::Options swim_options(SwimArm arm) {
    if (arm == SwimArm::Weft) return {};
    membership::Options options = membership::Options::paper();
    options.lha_probe = options.lha_suspicion = options.buddy = arm == SwimArm::Lifeguard;
    return options;
}

Duration percentile(std::vector<Duration>& spans, unsigned part) {
    if (spans.empty()) return {};
    std::ranges::sort(spans);
    return spans[(spans.size() - 1) * part / 100];
}

JoinFigure measure_join(const SwimSetup& setup, Duration within) {
    SwimWorld world(setup);
    Random random = Random(setup.seed).stream("swim join");
    const Instant begun = world.now();
    std::vector<Duration> starts;
    for (std::size_t i = 0; i < setup.members; ++i)
        starts.push_back(random.between(Duration{0}, within));
    std::ranges::sort(starts);
    for (std::size_t i = 0; i < setup.members; ++i) {
        world.run(begun + starts[i] - world.now());
        world.boot(i);
    }
    JoinFigure figure;
    figure.all_see_all = until_all_see_all(world);
    if (figure.all_see_all) figure.all_see_all = world.now() - begun;
    figure.bytes_per_member =
        per_member(world.traffic().bytes + world.traffic().stream_bytes, world);
    return figure;
}

IdleFigure measure_idle(const SwimSetup& setup, Duration span) {
    SwimWorld world(setup);
    world.boot_all();
    until_all_see_all(world);
    world.run(kSettled);
    const SwimTraffic before = world.traffic();
    const std::uint64_t suspicions = world.suspicions();
    std::vector<std::uint64_t> packets;
    for (std::size_t i = 0; i < world.size(); ++i) packets.push_back(world.traffic_of(i).packets);
    world.run(span);
    const SwimTraffic& after = world.traffic();
    std::uint64_t most = 0;
    for (std::size_t i = 0; i < world.size(); ++i)
        most = std::max(most, world.traffic_of(i).packets - packets[i]);
    const std::uint64_t bytes =
        after.bytes - before.bytes + after.stream_bytes - before.stream_bytes;
    IdleFigure figure;
    figure.bytes_per_second = per_member(bytes, world) / seconds(span);
    figure.packets_per_second = per_member(after.packets - before.packets, world) / seconds(span);
    figure.busiest_packets_per_second = static_cast<double>(most) / seconds(span);
    figure.suspicions = world.suspicions() - suspicions;
    return figure;
}

CrashFigure measure_crash(const SwimSetup& setup, bool refuses) {
    SwimWorld world(setup);
    world.boot_all();
    until_all_see_all(world);
    Random random = Random(setup.seed).stream("swim crash");
    world.run(kSettled + random.between(Duration{0}, 1s));
    const std::size_t victim = random.below(world.size());
    const Instant begun = world.now();
    world.crash(victim, refuses);
    while (world.now() - begun < kPatience && !world.all_see_all()) world.run(kLook);
    CrashFigure figure;
    std::vector<Duration> spans;
    for (const SwimDeath& death : world.deaths()) {
        if (death.subject != victim)
            ++figure.false_deaths;
        else if (death.at >= begun)
            spans.push_back(death.at - begun);
    }
    figure.missed = world.size() - 1 - std::min(spans.size(), world.size() - 1);
    figure.median = percentile(spans, 50);
    figure.first = percentile(spans, 0);
    figure.last = percentile(spans, 100);
    return figure;
}

}  // namespace weft::sim
