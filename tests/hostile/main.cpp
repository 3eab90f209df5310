// weft_hostile ATTACK: does to a node of this machine what hostile strangers did, and says what it
// did in one line of JSON. `weft_hostile load`: honest clients beside it; scripts/hostile.sh runs
// both.

#include "tests/hostile/attacks.h"
#include "tests/hostile/honest_load.h"
#include "tests/hostile/memory_watch.h"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <charconv>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <sstream>

namespace weft::hostile {
namespace {

using nlohmann::json;

constexpr double kMiB = 1024.0 * 1024.0;

int usage() {
    std::string text =
        "usage: weft_hostile ATTACK --client PORT --mesh PORT [--on client|mesh|both]\n"
        "                           [--amount N] [--seconds N] [--seed N] [--keys FILE]\n"
        "       weft_hostile load ADDRESS...   commands on standard input, see README.md\n"
        "       weft_hostile list\n"
        "Ports are of 127.0.0.1. Attacks, and what their amount counts:\n";
    for (const Attack& attack : attacks())
        text += fmt::format("  {:18} {} {}\n", attack.name, attack.amount, attack.amount_of);
    fmt::print(stderr, "{}", text);
    return 2;
}

struct Options {
    std::map<std::string, std::string> given;

    std::optional<std::uint64_t> number(const std::string& name, std::uint64_t otherwise) const {
        const auto found = given.find(name);
        if (found == given.end()) return otherwise;
        const std::string& text = found->second;
        std::uint64_t value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
        return value;
    }
    std::string text(const std::string& name, const std::string& otherwise) const {
        const auto found = given.find(name);
        return found == given.end() ? otherwise : found->second;
    }
};

std::optional<Options> parse(int argc, char** argv) {
    Options options;
    for (int i = 2; i < argc; i += 2) {
        const std::string_view name = argv[i];
        bool known = false;
        for (const char* each : {"client", "mesh", "on", "amount", "seconds", "seed", "keys"})
            known |= name == std::string("--") + each;
        if (!known || i + 1 == argc) return std::nullopt;
        options.given[std::string(name.substr(2))] = argv[i + 1];
    }
    return options;
}

int attack_with(const Attack& attack, const Options& options) {
    constexpr std::uint64_t kPortMax = 65535, kSecondsMax = 3600;
    const auto client = options.number("client", 0), mesh = options.number("mesh", 0);
    const auto amount = options.number("amount", attack.amount);
    const auto seconds = options.number("seconds", 5), seed = options.number("seed", 1);
    const std::string on = options.text("on", "both");
    if (!client || !mesh || !amount || !seconds || !seed) return usage();
    if (*client == 0 || *client > kPortMax || *mesh == 0 || *mesh > kPortMax) return usage();
    if (*amount == 0 || *seconds > kSecondsMax) return usage();
    if (on != "client" && on != "mesh" && on != "both") return usage();
    const auto begin = Clock::now();
    Plan plan{static_cast<std::uint16_t>(*client),
              static_cast<std::uint16_t>(*mesh),
              {},
              *amount,
              begin + std::chrono::seconds(*seconds),
              *seed,
              {}};
    if (const std::string file = options.text("keys", ""); !file.empty()) {
        std::ifstream in(file);
        plan.gossip_keys.assign(std::istreambuf_iterator<char>(in), {});
        if (plan.gossip_keys.empty()) return usage();
    }
    if (on != "mesh") plan.targets.push_back(plan.client_port);
    if (on != "client") plan.targets.push_back(plan.mesh_port);
    raise_descriptor_limit();
    const Tally tally = attack.run(plan);
    json line = {{"attack", attack.name},
                 {"on", on},
                 {"amount", *amount},
                 {"seed", *seed},
                 {"seconds", std::chrono::duration<double>(Clock::now() - begin).count()},
                 {"connections", tally.connections},
                 {"refused", tally.refused},
                 {"cut", tally.cut},
                 {"messages", tally.messages},
                 {"bytes", tally.bytes}};
    for (const auto& [name, text] : tally.notes) line[name] = text;
    if (!tally.trouble.empty()) line["trouble"] = tally.trouble;
    fmt::print("{}\n", line.dump(-1, ' ', false, json::error_handler_t::replace));
    return tally.trouble.empty() ? 0 : 1;
}

// ---- the honest load, told on standard input what to do: one line of JSON for each command
//   begin PID     forgets the figures so far and watches that process's memory
//   end           the figures since begin, and the memory so far
//   settle SECS   waits until the memory is no more than 64 MiB above what it was and has not grown
//                 for two seconds, or until the time is over
//   check         reads back what was acknowledged, and puts as a new client
class LoadCommands {
public:
    explicit LoadCommands(HonestLoad& load) : load_(load) {}

    std::optional<json> run(const std::string& line) {
        std::istringstream words(line);
        std::string verb;
        int number = 0;
        words >> verb >> number;
        if (verb == "begin") return begin(number);
        if (verb == "end" && watch_) return end();
        if (verb == "settle" && watch_) return settle(std::chrono::seconds(number));
        if (verb == "check") return check();
        return std::nullopt;
    }

private:
    json begin(int pid) {
        load_.take_figures();
        watch_ = std::make_unique<MemoryWatch>(pid);
        return memory();
    }
    json end() {
        LoadFigures figures = load_.take_figures();
        json out = memory();
        out["served"] = figures.milliseconds.size();
        out["refused"] = figures.refused;
        out["refusal"] = figures.refusal;
        out["p50_ms"] = figures.percentile(0.5);
        out["p99_ms"] = figures.percentile(0.99);
        out["max_ms"] = figures.percentile(1);
        return out;
    }
    json settle(std::chrono::seconds limit) {
        constexpr std::uint64_t kAboveMax = std::uint64_t{64} << 20;
        const auto end = Clock::now() + limit;
        auto quiet_since = Clock::now();
        std::uint64_t highest = watch_->last();
        while (Clock::now() < end && watch_->last() > 0) {
            std::this_thread::sleep_for(100ms);
            const std::uint64_t now = watch_->last();
            constexpr std::uint64_t kGrowth = std::uint64_t{1} << 20;
            if (now > highest + kGrowth || now > watch_->before() + kAboveMax) {
                highest = std::max(highest, now);
                quiet_since = Clock::now();
            }
            if (Clock::now() - quiet_since > 2s) break;
        }
        return memory();
    }
    json check() {
        const Check found = load_.check();
        return {{"read", found.read},
                {"lost", found.lost},
                {"refused", found.refused},
                {"complaint", found.complaint}};
    }
    json memory() const {
        return {{"before_mib", static_cast<double>(watch_->before()) / kMiB},
                {"peak_mib", static_cast<double>(watch_->peak()) / kMiB},
                {"last_mib", static_cast<double>(watch_->last()) / kMiB}};
    }

    HonestLoad& load_;
    std::unique_ptr<MemoryWatch> watch_;
};

int load(const std::vector<std::string>& addresses) {
    HonestLoad honest(addresses);
    if (const auto started = honest.start(); !started) {
        fmt::print(stderr, "weft_hostile load: {}\n", started.error().message);
        return 1;
    }
    LoadCommands commands(honest);
    fmt::print("{{}}\n");
    std::fflush(stdout);
    for (std::string line; std::getline(std::cin, line);) {
        const auto answer = commands.run(line);
        if (!answer) {
            fmt::print(stderr, "weft_hostile load: cannot '{}'\n", line);
            return 2;
        }
        fmt::print("{}\n", answer->dump(-1, ' ', false, json::error_handler_t::replace));
        std::fflush(stdout);
    }
    return 0;
}

}  // namespace
}  // namespace weft::hostile

int main(int argc, char** argv) {
    using namespace weft::hostile;
    if (argc < 2) return usage();
    const std::string_view verb = argv[1];
    if (verb == "load" && argc > 2) return load({argv + 2, argv + argc});
    if (verb == "list") {
        for (const Attack& attack : attacks())
            fmt::print("{} {} {}\n", attack.name, attack.amount, attack.amount_of);
        return 0;
    }
    for (const Attack& attack : attacks()) {
        if (attack.name != verb) continue;
        const auto options = parse(argc, argv);
        return options ? attack_with(attack, *options) : usage();
    }
    return usage();
}
