#include "cli/history_file.h"
#include "cli/verbs.h"
#include "core/error.h"
#include "sim/checkers/shrink.h"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>
#include <thread>

namespace weft::cli {

namespace {

constexpr std::uint64_t kJobsMax = 256;
constexpr std::uint64_t kStepsMax = 1'000'000'000;

struct Options {
    std::string file;
    std::string model;
    std::string part;
    std::uint64_t steps = 5'000'000;
    std::uint64_t jobs = 0;
};

struct Judged {
    std::string entity;
    sim::History history;
    sim::Verdict verdict;
    sim::History part;  // the smallest impossible one, when there is any

    const char* word() const {
        if (verdict.undecided) return "undecided";
        return verdict.linearizable ? "linearizable" : "not linearizable";
    }
};

void judge(Judged& judged, sim::Model model, std::uint64_t steps) {
    judged.verdict = sim::check_linearizable(judged.history, model, steps);
    if (!judged.verdict.linearizable) judged.part = sim::smallest_impossible(judged.history, model);
}

void judge_all(std::vector<Judged>& all, sim::Model model, const Options& options) {
    const std::uint64_t cores = std::max(1U, std::thread::hardware_concurrency());
    const std::uint64_t jobs =
        std::min<std::uint64_t>(options.jobs == 0 ? cores : options.jobs, all.size());
    std::atomic<std::size_t> next = 0;
    const auto work = [&] {
        for (std::size_t i = next++; i < all.size(); i = next++)
            judge(all[i], model, options.steps);
    };
    std::vector<std::thread> others;
    for (std::uint64_t i = 1; i < jobs; ++i) others.emplace_back(work);
    work();
    for (std::thread& thread : others) thread.join();
}

struct Totals {
    std::size_t operations = 0, wrong = 0, undecided = 0;
    double seconds = 0;
};

std::string lines_of(const Judged& judged) {
    std::string lines;
    for (const auto& operation : judged.part) lines += operation_line(judged.entity, operation);
    return lines;
}

std::string as_text(const std::vector<Judged>& all, const Totals& totals) {
    std::string out;
    for (const Judged& judged : all) {
        if (judged.verdict.undecided)
            out +=
                fmt::format("undecided: {}: the search of {} operations gave up after {} steps\n",
                            judged.entity, judged.history.size(), judged.verdict.steps);
        if (judged.verdict.linearizable) continue;
        out += fmt::format(
            "not linearizable: {}: {}\nthe smallest impossible part, {} of {} operations:\n",
            judged.entity, judged.verdict.reason, judged.part.size(), judged.history.size());
        out += lines_of(judged);
    }
    const std::string what =
        fmt::format("{} on {} in {:.2f} s", counted(totals.operations, "operation"),
                    counted(all.size(), "entity", "entities"), totals.seconds);
    if (totals.wrong > 0)
        out += fmt::format("NOT linearizable: {}; {} wrong, {} undecided\n", what, totals.wrong,
                           totals.undecided);
    else if (totals.undecided > 0)
        out +=
            fmt::format("NOT decided: {}; {} undecided: raise --steps\n", what, totals.undecided);
    else
        out += fmt::format("linearizable: {}\n", what);
    return out;
}

std::string as_json(const std::vector<Judged>& all, const Totals& totals, Format format) {
    using Json = nlohmann::ordered_json;
    Json entities = Json::array();
    for (const Judged& judged : all) {
        Json entity = {{"entity", judged.entity},
                       {"verdict", judged.word()},
                       {"operations", judged.history.size()},
                       {"steps", judged.verdict.steps}};
        if (!judged.verdict.linearizable) {
            entity["reason"] = judged.verdict.reason;
            entity["smallest_impossible"] = Json::array();
            for (const auto& operation : judged.part)
                entity["smallest_impossible"].push_back(
                    Json::parse(operation_line(judged.entity, operation)));
        }
        entities.push_back(std::move(entity));
    }
    const Json document = {{"linearizable", totals.wrong + totals.undecided == 0},
                           {"operations", totals.operations},
                           {"wrong", totals.wrong},
                           {"undecided", totals.undecided},
                           {"seconds", totals.seconds},
                           {"entities", std::move(entities)}};
    const int indent = format == Format::Json ? 2 : -1;
    return document.dump(indent, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string as_csv(const std::vector<Judged>& all) {
    Table table{{"entity", "verdict", "operations", "steps", "reason"},
                {false, false, true, true, false},
                {}};
    for (const Judged& judged : all)
        table.rows.push_back({judged.entity, judged.word(), std::to_string(judged.history.size()),
                              std::to_string(judged.verdict.steps), judged.verdict.reason});
    return render(Format::Csv, table);
}

Result<void> write_parts(const std::string& path, const std::vector<Judged>& all) {
    std::string text;
    for (const Judged& judged : all) text += lines_of(judged);
    std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "we"),
                                                         std::fclose);
    const bool written =
        file && std::fwrite(text.data(), 1, text.size(), file.get()) == text.size();
    if (!written || std::fclose(file.release()) != 0)
        return fail(ErrorNumber::BadConfiguration, "cannot write {}: {}", path,
                    std::strerror(errno));
    return {};
}

int check(const Shell& shell, const Options& options) {
    const auto model = sim::parse_model(options.model);
    if (!model)
        return shell.usage(
            fmt::format("--model is '{}', not kv, counter, register or cas", options.model));
    if (options.jobs > kJobsMax)
        return shell.usage(fmt::format("--jobs is {}, it must be 1 to {}", options.jobs, kJobsMax));
    if (options.steps == 0 || options.steps > kStepsMax)
        return shell.usage(
            fmt::format("--steps is {}, it must be 1 to {}", options.steps, kStepsMax));
    const auto begin = std::chrono::steady_clock::now();
    auto histories = read_history(options.file, {.model = model});
    if (!histories) return shell.fail(histories.error());
    if (histories->empty())
        return shell.fail(make_error(ErrorNumber::BadHistory,
                                     fmt::format("{} holds no operation", options.file)));
    std::vector<Judged> all;
    for (auto& [entity, history] : *histories) all.push_back({entity, std::move(history), {}, {}});
    judge_all(all, *model, options);
    Totals totals;
    totals.seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
    for (const Judged& judged : all) {
        totals.operations += judged.history.size();
        totals.wrong += judged.verdict.linearizable ? 0 : 1;
        totals.undecided += judged.verdict.undecided ? 1 : 0;
    }
    if (!options.part.empty())
        if (auto written = write_parts(options.part, all); !written)
            return shell.fail(written.error());
    if (shell.human())
        shell.print(as_text(all, totals));
    else if (shell.format() == Format::Csv)
        shell.print(as_csv(all));
    else
        shell.print(as_json(all, totals, shell.format()));
    if (totals.wrong > 0) return exit_code(Exit::Unhealthy);
    return exit_code(totals.undecided > 0 ? Exit::Partial : Exit::Ok);
}

}  // namespace

void add_check(Command& root) {
    Command& noun = root.verb("check", "judge what clients saw");
    Command& verb = noun.verb("linearizable",
                              "is there an order that explains a history; exit code 10: none is, "
                              "9: the search gave up");
    auto& options = verb.state<Options>();
    verb.argument("FILE", options.file, "JSON lines, as 'weft bench --history FILE' writes them")
        .is_file();
    verb.option("--model", options.model, "kv, counter, register or cas")
        .one_of({"kv", "counter", "register", "cas"});
    verb.option("--steps", options.steps, "of the search, for each entity");
    verb.option("--jobs", options.jobs, "threads; default: one for each core");
    verb.option("--part", options.part, "write the smallest impossible parts to this file")
        .is_file();
    verb.example("weft check linearizable history.jsonl --model kv",
                 "of 'weft bench put --history history.jsonl'");
    verb.run([&options](Shell& shell) { return check(shell, options); });
}

}  // namespace weft::cli
