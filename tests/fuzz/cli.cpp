// The command line (cli/command.h) and what the program prints (cli/output.h): values arrive as
// they were typed, and what is printed reads back as what was given. No network, no files.

#include "cli/bench_workload.h"
#include "cli/call_verbs.h"
#include "cli/command.h"
#include "cli/output.h"
#include "cli/verbs.h"
#include "core/error.h"
#include "core/invariant.h"
#include "tests/fuzz/input.h"

#include <fmt/core.h>
#include <nlohmann/json.hpp>

#include <charconv>

namespace weft::fuzz {
namespace {

using namespace cli;
using Json = nlohmann::json;

// What people type, so that not every line fails at its first word.
constexpr const char* kWords[] = {
    "put",         "get",       "delete",    "cas",     "call",      "outcome", "status",
    "health",      "peers",     "mesh",      "node",    "partition", "entity",  "entities",
    "journal",     "data",      "check",     "dev",     "kill",      "start",   "stop",
    "list",        "init",      "create",    "run",     "sim",       "soak",    "bench",
    "torture",     "version",   "help",      "--help",  "-h",        "--",      "-",
    "-o",          "-ojson",    "--output=", "json",    "--addr",    "-c",      "-f",
    "--file",      "--timeout", "--request", "--force", "--type",    "kv/a",    "counter/c",
    "-5",          "-.5",       "0",         "1",       "5s",        "--seed",  "--minutes",
    "--clients=8", "--mix",     "a=1,b",     "[1,2]",   "%%",        "--nodes", "--version",
    "--follow"};

std::string word(Input& input) {
    const std::uint8_t choice = input.byte();
    if (choice < std::size(kWords)) return kWords[choice];
    return std::string(input.text(40));
}

// Any line under the program's own grammar.
void check_line(Input& input) {
    std::vector<std::string> words;
    while (!input.empty() && words.size() < 16) words.push_back(word(input));
    GlobalOptions globals;
    Grammar grammar("weft", "a mesh");
    add_verbs(grammar.root(), globals);
    const Parsed parsed = grammar.parse(words);
    WEFT_INVARIANT(parsed.command != nullptr, "a line without a command");
    const bool run = parsed.kind == Parsed::Kind::Run;
    WEFT_INVARIANT(run == parsed.message.empty(), "{} says: {}", run ? "a run" : "no run",
                   parsed.message);
    if (!run) return;
    const std::string path = parsed.command->path();
    const std::string last = path.substr(path.rfind(' ') + 1);
    WEFT_INVARIANT(path == "weft" || std::ranges::count(words, last) > 0 ||
                       std::ranges::count(words, "--" + last) > 0,
                   "'{}' was not typed", path);
    (void)Shell::open(globals);
}

struct Seen {
    std::string id;
    std::optional<std::string> value, second, file;
    std::uint64_t number = 7;
    bool flag = false;
};

std::optional<std::uint64_t> plain_number(std::string_view text) {
    std::uint64_t number = 0;
    const auto [at, bad] = std::from_chars(text.data(), text.data() + text.size(), number);
    const bool spelled =
        bad == std::errc{} && at == text.data() + text.size() && std::to_string(number) == text;
    return spelled ? std::optional(number) : std::nullopt;
}

// Values of any characters arrive at their targets.
void check_values(Input& input) {
    const std::uint8_t shape = input.byte();
    const std::string id(input.text()), file(input.text()), value(input.text()),
        second(input.text()), number(input.text(24));
    Seen seen;
    Grammar grammar("weft", "a mesh");
    Command& verb = grammar.root().verb("set", "a target's");
    verb.argument("ID", seen.id, "");
    verb.optional_argument("VALUE", seen.value, "");
    verb.optional_argument("SECOND", seen.second, "");
    verb.option("-f,--file", seen.file, "");
    verb.option("-n,--number", seen.number, "");
    verb.flag("-x,--exact", seen.flag, "");
    std::vector<std::string> line{"set"};
    if ((shape & 3) == 1) line.insert(line.end(), {"--file", file});
    if ((shape & 3) == 2) line.push_back("--file=" + file);
    if ((shape & 3) == 3) line.insert(line.end(), {"-xf", file});
    if ((shape & 4) != 0) line.insert(line.end(), {"-n", number});
    line.insert(line.end(), {"--", id});
    if ((shape & 8) != 0) line.push_back(value);
    if ((shape & 24) == 24) line.push_back(second);
    const Parsed parsed = grammar.parse(line);
    if ((shape & 4) != 0 && !plain_number(number)) return;
    WEFT_INVARIANT(parsed.kind == Parsed::Kind::Run, "a whole line is refused: {}", parsed.message);
    WEFT_INVARIANT(seen.id == id, "the id is '{}', not '{}'", seen.id, id);
    WEFT_INVARIANT(seen.file == ((shape & 3) != 0 ? std::optional(file) : std::nullopt),
                   "the file is '{}', not '{}'", seen.file.value_or("(none)"), file);
    WEFT_INVARIANT(seen.value == ((shape & 8) != 0 ? std::optional(value) : std::nullopt),
                   "the value is '{}', not '{}'", seen.value.value_or("(none)"), value);
    WEFT_INVARIANT(seen.second == ((shape & 24) == 24 ? std::optional(second) : std::nullopt),
                   "the second is '{}', not '{}'", seen.second.value_or("(none)"), second);
    WEFT_INVARIANT(seen.flag == ((shape & 3) == 3), "a flag that was not typed");
    WEFT_INVARIANT(seen.number == ((shape & 4) != 0 ? *plain_number(number) : 7),
                   "the number is {}, not {}", seen.number, number);
}

// ---- what is printed ----------------------------------------------------------------------------

// Nothing but ends of lines may move a terminal's cursor.
void check_terminal(std::string_view printed) {
    for (std::size_t i = 0; i < printed.size(); ++i) {
        const auto byte = static_cast<unsigned char>(printed[i]);
        const bool end = byte == '\n';
        WEFT_INVARIANT(end || (byte >= 0x20 && byte != 0x7f), "byte {:#x} for a terminal", byte);
        const auto next = static_cast<unsigned char>(i + 1 < printed.size() ? printed[i + 1] : 0);
        WEFT_INVARIANT(byte != 0xc2 || next < 0x80 || next >= 0xa0,
                       "a control character of two bytes for a terminal");
    }
}

Cell cell_of(Input& input) {
    switch (input.choice(6)) {
        case 0:
            return std::monostate{};
        case 1:
            return input.flag();
        case 2:
            return input.number<std::int64_t>();
        case 3:
            return input.number<std::uint64_t>();
        default:
            return std::string(input.text());
    }
}

void check_json(const Json& json, const Record& record) {
    WEFT_INVARIANT(json.is_object() && json.size() == record.size(), "{} fields of {}", json.size(),
                   record.size());
    for (const Field& field : record) {
        const Json& value = json.at(field.name);
        if (const auto* text = std::get_if<std::string>(&field.value)) {
            WEFT_INVARIANT(!is_utf8(*text) || value == *text, "'{}' became {}", *text,
                           value.dump());
        } else if (const auto* number = std::get_if<std::uint64_t>(&field.value)) {
            WEFT_INVARIANT(value == *number, "{} became {}", *number, value.dump());
        } else if (const auto* whole = std::get_if<std::int64_t>(&field.value)) {
            WEFT_INVARIANT(value == *whole, "{} became {}", *whole, value.dump());
        }
    }
}

void check_record(Input& input) {
    Record record;
    for (int i = 0; i < 8 && !input.empty(); ++i)
        record.push_back({fmt::format("f{}", i), cell_of(input)});
    check_json(Json::parse(render(Format::Json, record)), record);
    const std::string line = render(Format::Ndjson, record);
    WEFT_INVARIANT(line.ends_with('\n') && std::ranges::count(line, '\n') == 1,
                   "an object of {} lines", std::ranges::count(line, '\n'));
    check_json(Json::parse(line), record);
    check_terminal(render(Format::Table, record));
    (void)render(Format::Csv, record);
}

// RFC 4180, as strictly as it can be read.
std::vector<std::vector<std::string>> read_csv(std::string_view text) {
    std::vector<std::vector<std::string>> rows;
    while (!text.empty()) {
        auto& row = rows.emplace_back();
        for (bool more = true; more;) {
            std::string& cell = row.emplace_back();
            const bool quoted = text.starts_with('"');
            if (quoted) text.remove_prefix(1);
            while (!text.empty()) {
                const bool quote = text.front() == '"';
                if (quoted && quote && !text.substr(1).starts_with('"')) break;
                if (!quoted && (text.front() == ',' || text.front() == '\n')) break;
                if (quoted && quote) text.remove_prefix(1);
                cell += text.front();
                text.remove_prefix(1);
            }
            if (quoted && !text.empty()) text.remove_prefix(1);
            WEFT_INVARIANT(text.starts_with(',') || text.starts_with('\n'), "a cell without end");
            more = text.front() == ',';
            text.remove_prefix(1);
        }
    }
    return rows;
}

void check_table(Input& input) {
    Table table;
    const std::size_t columns = 1 + input.choice(4);
    for (std::size_t c = 0; c < columns; ++c) {
        table.columns.push_back(fmt::format("c{}", c));
        table.numeric.push_back(input.flag());
    }
    while (!input.empty() && table.rows.size() < 8) {
        auto& row = table.rows.emplace_back();
        for (std::size_t c = 0; c < columns; ++c) row.emplace_back(input.text());
    }
    const std::string aligned = render(Format::Table, table);
    check_terminal(aligned);
    WEFT_INVARIANT(std::size_t(std::ranges::count(aligned, '\n')) == table.rows.size() + 1,
                   "{} rows in {} lines", table.rows.size(), std::ranges::count(aligned, '\n'));
    const auto csv = read_csv(render(Format::Csv, table));
    WEFT_INVARIANT(csv.size() == table.rows.size() + 1, "{} rows in {} of CSV", table.rows.size(),
                   csv.size());
    for (std::size_t r = 0; r < table.rows.size(); ++r)
        WEFT_INVARIANT(csv[r + 1] == table.rows[r], "row {} became another one", r);
    WEFT_INVARIANT(Json::parse(render(Format::Json, table)).size() == table.rows.size(),
                   "another number of rows");
}

void check_error(Input& input) {
    Error error{ErrorCode::Rejected, input.number<std::uint16_t>(), std::string(input.text())};
    const std::string text = render_error(Format::Table, error);
    check_terminal(text);
    const Json json = Json::parse(render_error(Format::Json, error, {{"request", "x"}}));
    WEFT_INVARIANT(json.at("error").contains("number"), "an error without its number");
}

// Small texts with a grammar of their own.
void check_words(Input& input) {
    const std::string text(input.rest());
    if (const auto time = parse_duration(text))
        WEFT_INVARIANT(time->count() > 0 && *time <= std::chrono::hours(24), "{} ms",
                       time->count());
    WorkloadOptions options;
    std::vector<std::string> parts;
    for (std::size_t at = 0; at <= text.size();) {
        const std::size_t comma = std::min(text.find(',', at), text.size());
        parts.push_back(text.substr(at, comma - at));
        at = comma + 1;
    }
    if (parse_mix(parts, options)) {
        std::uint32_t all = 0;
        for (const std::uint32_t percent : options.percent) all += percent;
        WEFT_INVARIANT(all <= 100, "{} percent", all);
    }
    if (const auto id = kv_address(text))
        WEFT_INVARIANT(text.ends_with(id->id), "'{}' addresses {}/{}", text, id->type, id->id);
}

}  // namespace
}  // namespace weft::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace weft::fuzz;
    weft::fuzz::Input input(data, size);
    using Check = void (*)(weft::fuzz::Input&);
    static constexpr Check kChecks[] = {check_line,  check_values, check_record,
                                        check_table, check_error,  check_words};
    kChecks[input.choice(std::size(kChecks))](input);
    return 0;
}
