#include "cli/torture_alarms.h"

#include <algorithm>
#include <iterator>
#include <stop_token>

namespace weft::cli {

namespace {

using namespace std::chrono_literals;

constexpr auto kWellBefore = 15s;
constexpr auto kBetweenReads = 50ms;

bool explains(const Silence& silence, const HeldForDead& death) {
    const bool between = (silence.a == death.by || silence.a == death.of) &&
                         (silence.b == death.by || silence.b == death.of);
    return between && silence.from <= death.at &&
           (silence.until == SteadyMoment::max() || death.suspected <= silence.until + kWellBefore);
}

// "TIME LEVEL EVENT node=ID ...": the event and the id; empty when it is no line of a member.
std::pair<std::string_view, std::string_view> words_of(std::string_view line) {
    std::string_view words[4];
    for (std::string_view& word : words) {
        const std::size_t end = std::min(line.find(' '), line.size());
        word = line.substr(0, end);
        line.remove_prefix(std::min(end + 1, line.size()));
    }
    constexpr std::string_view kNode = "node=";
    if (!words[3].starts_with(kNode)) return {};
    return {words[2], words[3].substr(kNode.size())};
}

}  // namespace

std::vector<HeldForDead> false_alarms(const std::vector<HeldForDead>& deaths,
                                      const std::vector<Silence>& silences) {
    std::vector<HeldForDead> found;
    std::ranges::copy_if(deaths, std::back_inserter(found), [&](const HeldForDead& death) {
        return std::ranges::none_of(
            silences, [&](const Silence& silence) { return explains(silence, death); });
    });
    return found;
}

void MemberWords::read(std::size_t by, std::string_view lines, SteadyMoment now) {
    while (!lines.empty()) {
        const std::size_t end = std::min(lines.find('\n'), lines.size());
        const auto [event, id] = words_of(lines.substr(0, end));
        lines.remove_prefix(std::min(end + 1, lines.size()));
        if (event == "node.started")  // it knows nothing of what it suspected
            std::erase_if(suspected_, [by](const auto& one) { return one.first.first == by; });
        const auto at = std::ranges::find(members_, id);
        if (at == members_.end() || !event.starts_with("member.")) continue;
        const auto of = static_cast<std::size_t>(at - members_.begin());
        if (event == "member.suspected") {
            suspected_.try_emplace({by, of}, now);
            continue;
        }
        const auto suspicion = suspected_.extract({by, of});
        if (event == "member.dead")
            deaths_.push_back({by, of, suspicion ? suspicion.mapped() : now, now});
    }
}

void DeathWatch::Reading::read_all() {
    for (std::size_t by = 0; by < logs.size(); ++by)
        for (std::string lines = logs[by].read(); !lines.empty(); lines = logs[by].read())
            words.read(by, lines, std::chrono::steady_clock::now());
}

Result<DeathWatch> DeathWatch::start(const DevMesh& mesh) {
    std::vector<LogTail> logs;
    std::vector<std::string> members;
    for (const DevNode& node : mesh.nodes()) {
        auto log = LogTail::open(node.folder.log(), 0);
        if (!log) return std::unexpected(std::move(log).error());
        logs.push_back(*std::move(log));
        members.push_back(node.record.node.hex().substr(0, 8));
    }
    return DeathWatch({std::move(logs), MemberWords(std::move(members))});
}

DeathWatch::DeathWatch(Reading reading)
    : reading_(std::make_unique<Reading>(std::move(reading))),
      thread_([reading = reading_.get()](const std::stop_token& over) {
          for (; !over.stop_requested(); std::this_thread::sleep_for(kBetweenReads))
              reading->read_all();
      }) {}

std::vector<HeldForDead> DeathWatch::finish() {
    thread_.request_stop();
    thread_.join();
    reading_->read_all();
    return reading_->words.deaths();
}

}  // namespace weft::cli
