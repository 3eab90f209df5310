#include "cli/find_folder.h"
#include "cli/input.h"
#include "cli/node_folder.h"
#include "cli/verbs.h"
#include "core/error.h"
#include "storage/data_check.h"

#include <fmt/core.h>
#include <unistd.h>

#include <optional>

namespace weft::cli {

namespace {

struct CheckOptions {
    std::optional<std::string> folder;
};

// Of a node's folder, or the data directory itself.
Result<std::filesystem::path> find_data(const Shell& shell,
                                        const std::optional<std::string>& given) {
    if (!given && !(shell.has_context() && is_node_folder(shell.context())))
        return std::unexpected(wrong_usage("which node? Give its FOLDER"));
    auto path = given ? find_folder(shell, *given) : shell.dev_folder();
    return path && is_node_folder(*path) ? NodeFolder{*path}.data() : path;
}

void show_progress(const Shell& shell, std::uint64_t done, std::uint64_t total) {
    if (!shell.human() || ::isatty(STDERR_FILENO) == 0) return;
    const std::uint64_t percent =
        total == 0 ? 100 : std::min<std::uint64_t>(100, done * 100 / total);
    shell.note(fmt::format("\r{:3} %", percent));
}

int print_report(const Shell& shell, const storage::DataCheckReport& report,
                 const std::filesystem::path& path) {
    if (!shell.human()) {
        Record record{{"path", path.string()},
                      {"sound", report.sound()},
                      {"durable_lsn", report.durable.value},
                      {"groups", report.groups},
                      {"entries", report.entries},
                      {"entity_rows", report.rows[0]},
                      {"journal_rows", report.rows[1]},
                      {"session_rows", report.rows[2]},
                      {"meta_rows", report.rows[3]},
                      {"bytes", report.bytes},
                      {"damaged", report.damage_count},
                      {"first_damage", report.damaged.empty() ? "" : report.damaged.front()}};
        shell.print(render(shell.format(), record));
    } else {
        shell.print(fmt::format("{}: {}, {}, {} + {} + {} + {} rows, {} read\n", path.string(),
                                counted(report.groups, "group"),
                                counted(report.entries, "entry", "entries"), report.rows[0],
                                report.rows[1], report.rows[2], report.rows[3],
                                counted(report.bytes, "byte")));
        for (const std::string& name : report.damaged) shell.print("  damaged: " + name + "\n");
        shell.print(report.sound() ? "sound\n"
                                   : counted(report.damage_count, "record") + " damaged\n");
    }
    return exit_code(report.sound() ? Exit::Ok : Exit::Unhealthy);
}

int check(Shell& shell, const CheckOptions& options) {
    const auto path = find_data(shell, options.folder);
    if (!path) return shell.fail(path.error());
    const auto report = storage::check_data(
        path->string(),
        [&shell](std::uint64_t done, std::uint64_t total) { show_progress(shell, done, total); });
    if (shell.human() && ::isatty(STDERR_FILENO) != 0) shell.note("\r     \r");
    if (!report) return shell.fail(report.error());
    return print_report(shell, *report, *path);
}

}  // namespace

void add_data(Command& root) {
    Command& noun = root.verb("data", "the files of a stopped node");
    Command& verb = noun.verb("check", "read every record and name what is damaged; exit code 10");
    auto& options = verb.state<CheckOptions>();
    verb.optional_argument("FOLDER", options.folder,
                           "a node's folder, or the name of a dev node; default: the folder of -c")
        .is_file();
    verb.example("weft data check b", "a dev node that was killed");
    verb.example("weft data check /srv/weft/a");
    verb.run([&options](Shell& shell) { return check(shell, options); });
}

}  // namespace weft::cli
