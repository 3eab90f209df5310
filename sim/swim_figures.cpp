#include "sim/swim_figures.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <numeric>
#include <set>
#include <utility>

namespace weft::sim {

namespace {

using namespace std::chrono_literals;

constexpr Duration kLook = 10ms;
constexpr Duration kPatience = 120s;
// Long enough for rumours of the start to end.
constexpr Duration kSettled = 30s;
constexpr Duration kFlip = 20s;
constexpr unsigned kMostLost = 800;

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

std::vector<std::size_t> some_of(std::size_t members, std::size_t count, Random& random) {
    std::vector<std::size_t> all(members);
    std::iota(all.begin(), all.end(), std::size_t{0});
    for (std::size_t i = 0; i < count; ++i) std::swap(all[i], all[i + random.below(members - i)]);
    all.resize(count);
    return all;
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

StarvedFigure measure_starved(const SwimSetup& setup, const StarvedCell& cell) {
    SwimWorld world(setup);
    world.boot_all();
    until_all_see_all(world);
    Random random = Random(setup.seed).stream("swim starved");
    const std::vector<std::size_t> chosen = some_of(world.size(), cell.starved + 1, random);
    const std::size_t victim = chosen.back();
    for (std::size_t i = 0; i < cell.starved; ++i) world.starve(chosen[i], 500ms, 2500ms);
    world.lose(cell.loss);
    world.run(60s);
    const Instant crashed = world.now();
    world.crash(victim, false);
    world.run(60s);
    StarvedFigure figure;
    std::set<std::size_t> gone;
    for (const SwimDeath& death : world.deaths()) {
        const bool true_word = death.subject == victim && death.at >= crashed;
        if (!true_word) gone.insert(death.subject);
        if (true_word && !figure.first) figure.first = death.at - crashed;
    }
    figure.false_deaths = gone.size();
    return figure;
}

UnstableFigure measure_unstable(const SwimSetup& setup, Unstable kind, std::size_t bad,
                                Duration span) {
    SwimWorld world(setup);
    world.boot_all();
    until_all_see_all(world);
    world.run(kSettled);
    Random random = Random(setup.seed).stream("swim unstable");
    const std::vector<std::size_t> chosen = some_of(world.size(), bad, random);
    const std::set<std::size_t> known(chosen.begin(), chosen.end());
    const std::uint64_t suspicions = world.suspicions();
    const SwimWorld::Cut deaf = [&](std::size_t, std::size_t to) { return known.contains(to); };
    const auto to_all = [&](unsigned to, unsigned from) {
        for (const std::size_t member : chosen) {
            world.lose_to(member, to);
            world.lose_from(member, from);
        }
    };
    if (kind == Unstable::Lossy) {
        to_all(kMostLost, kMostLost);
        world.run(span);
        to_all(0, 0);
    } else {
        const Instant end = world.now() + span;
        for (bool off = true; world.now() < end; off = !off) {
            world.cut(off ? deaf : SwimWorld::Cut{});
            world.run(std::min<Duration>(kFlip, end - world.now()));
        }
        world.cut({});
    }
    UnstableFigure figure;
    std::set<std::size_t> healthy, found;
    for (const SwimDeath& death : world.deaths()) {
        if (known.contains(death.subject))
            found.insert(death.subject);
        else if (!known.contains(death.observer))  // the bad ones hear nobody
            healthy.insert(death.subject);
    }
    figure.healthy_deaths = healthy.size();
    figure.found = found.size();
    figure.suspicions = world.suspicions() - suspicions;
    figure.healed = until_all_see_all(world);
    return figure;
}

}  // namespace weft::sim
