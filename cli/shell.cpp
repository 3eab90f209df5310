#include "cli/shell.h"

#include "cli/dev_mesh.h"
#include "cli/input.h"
#include "cli/node_folder.h"
#include "core/error.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>

namespace weft::cli {

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
    std::uint64_t number = 0;
    const char* end = text.data() + text.size();
    const auto [at, bad] = std::from_chars(text.data(), end, number);
    const std::string_view unit(at, static_cast<std::size_t>(end - at));
    std::uint64_t factor = 0;
    if (unit == "ms") factor = 1;
    if (unit.empty() || unit == "s") factor = 1000;
    if (unit == "m") factor = 60'000;
    constexpr std::uint64_t kDayMs = 24ULL * 3600 * 1000;
    if (bad != std::errc{} || factor == 0 || number == 0 || number > kDayMs / factor) return {};
    return std::chrono::milliseconds(number * factor);
}

std::optional<bool> parse_color(std::string_view when, int file) {
    if (when == "always") return true;
    if (when == "never") return false;
    if (when != "auto") return std::nullopt;
    const char* no_color = std::getenv("NO_COLOR");
    const char* term = std::getenv("TERM");
    const bool unwanted = no_color != nullptr && *no_color != '\0';
    const bool dumb = term == nullptr || std::string_view(term) == "dumb";
    return !unwanted && !dumb && ::isatty(file) == 1;
}

Result<Shell> Shell::open(const GlobalOptions& options) {
    Shell shell;
    shell.options_ = options;
    // Not the same as left out: a script's variable was empty, say.
    if (options.addr && options.addr->empty())
        return weft::fail(ErrorNumber::BadConfiguration, "--addr is empty");
    if (options.context && options.context->empty())
        return weft::fail(ErrorNumber::BadConfiguration, "-c is empty");
    const auto format = parse_format(options.output);
    if (!format)
        return weft::fail(ErrorNumber::BadConfiguration,
                          "-o is '{}', not table, json, ndjson or csv", options.output);
    shell.format_ = *format;
    const auto timeout = parse_duration(options.timeout);
    if (!timeout)
        return weft::fail(ErrorNumber::BadConfiguration,
                          "--timeout is '{}', not a time like 500ms, 10s or 2m", options.timeout);
    shell.timeout_ = *timeout;
    const auto color = parse_color(options.color, STDOUT_FILENO);
    if (!color)
        return weft::fail(ErrorNumber::BadConfiguration,
                          "--color is '{}', not auto, always or never", options.color);
    shell.color_out_ = *color;
    shell.color_errors_ = parse_color(options.color, STDERR_FILENO).value_or(false);
    return shell;
}

void Shell::print(std::string_view text) const {
    if (::isatty(STDOUT_FILENO) == 0) return print_bytes(text);
    // Colours are for people; in what tools read they come from a stored value.
    print_bytes(human() ? for_terminal(text) : printable_value(text));
}

void Shell::print_value(std::string_view bytes) const {
    print_bytes(::isatty(STDOUT_FILENO) != 0 ? printable_value(bytes) : std::string(bytes));
}

void Shell::print_bytes(std::string_view bytes) const {
    const bool whole = std::fwrite(bytes.data(), 1, bytes.size(), stdout) == bytes.size();
    if ((!whole || std::fflush(stdout) != 0) && print_errno_ == 0) print_errno_ = errno;
}

std::string Shell::colored(Color color, std::string_view text) const {
    return color_out_ ? painted(color, text) : std::string(text);
}

void Shell::note(std::string_view text) const {
    std::fwrite(text.data(), 1, text.size(), stderr);
    std::fflush(stderr);
}

int Shell::fail(const Error& error, const Record& fields) const {
    note(render_error(format_, error, fields, color_errors_));
    return exit_code(exit_for(static_cast<ErrorNumber>(error.number), error.code));
}

int Shell::usage(std::string_view message) const { return fail(wrong_usage(std::string(message))); }

int Shell::finish(int code) const {
    if (std::fflush(stdout) != 0 && print_errno_ == 0) print_errno_ = errno;
    if (print_errno_ == 0 && std::ferror(stdout) == 0) return code;
    return fail(make_error(ErrorNumber::OutputFailed,
                           fmt::format("standard output cannot be written: {}",
                                       std::strerror(print_errno_ == 0 ? EIO : print_errno_))));
}

std::filesystem::path Shell::folder() const {
    return options_.context ? std::filesystem::absolute(*options_.context) : default_dev_folder();
}

Result<std::filesystem::path> Shell::dev_folder() const {
    if (options_.addr)
        return std::unexpected(wrong_usage(
            "this verb works on processes and files: -c FOLDER names the mesh, not --addr"));
    if (options_.context && names_settings(*options_.context))
        return std::unexpected(wrong_usage(fmt::format(
            "-c {} is a file: this verb needs the folder of a mesh", *options_.context)));
    return folder();
}

Result<void> Shell::refuse_address() const {
    if (!options_.addr) return {};
    return std::unexpected(wrong_usage("this verb talks to no node: --addr has no place here"));
}

namespace {

// The nodes and the mesh that a folder knows of.
Result<void> read_folder(const std::filesystem::path& folder, ConnectOptions& target) {
    auto cluster = Result<ClusterId>();
    if (is_node_folder(folder)) {
        auto record = read_node_record(folder);
        if (!record) return std::unexpected(std::move(record).error());
        target.addresses.push_back(record->client_address);
        cluster = read_cluster(folder);
    } else {
        auto mesh = DevMesh::open(folder);
        if (!mesh) return std::unexpected(std::move(mesh).error());
        target.addresses = mesh->addresses();
        cluster = mesh->cluster();
    }
    if (!cluster) return std::unexpected(std::move(cluster).error());
    target.cluster = *cluster;
    return {};
}

}  // namespace

Result<Config> Shell::config() const {
    const auto file = config_file(context());
    if (!file) return std::unexpected(file.error());
    ConfigFlags flags;
    if (options_.addr) flags["client.addresses"] = {*options_.addr, "--addr"};
    return Config::load(*file, process_environment(), flags);
}

Result<ConnectOptions> Shell::target() const {
    ConnectOptions target;
    target.timeout = timeout_;
    target.program = "weft";
    target.give_up_when_refused = true;
    if (auto found = find_mesh(target); !found) return std::unexpected(std::move(found).error());
    return target;
}

// A folder that -c names says which mesh it is and where; addresses in its settings do not count.
Result<void> Shell::find_mesh(ConnectOptions& target) const {
    const bool by_folder = has_context() && !names_settings(context());
    if (by_folder)
        if (auto read = read_folder(folder(), target); !read) return read;
    const auto settings = config();
    if (!settings) return std::unexpected(settings.error());
    if (!by_folder || options_.addr) target.addresses = settings->list("client.addresses");
    if (target.addresses.empty()) {
        if (options_.addr) return std::unexpected(wrong_usage("--addr names no address"));
        if (has_context())
            return std::unexpected(wrong_usage(fmt::format(
                "{} names no addresses: give client.addresses there, or --addr", context())));
        if (auto read = read_folder(folder(), target); !read) return read;
    }
    return pin(*settings, target);
}

Result<void> Shell::pin(const Config& settings, ConnectOptions& target) const {
    const SettingValue& setting = settings.at("client.cluster");
    const auto given = ClusterId::from_hex(setting.text);
    if (!given) return {};
    if (target.cluster && *target.cluster != *given)
        return weft::fail(ErrorNumber::BadConfiguration,
                          "{}: client.cluster is {}, and the mesh in {} is {}", setting.origin,
                          setting.text, folder().string(), target.cluster->hex());
    target.cluster = given;
    return {};
}

Result<Mesh> Shell::connect() const {
    const auto options = target();
    if (!options) return std::unexpected(options.error());
    auto mesh = weft::connect(*options);
    // What is wrong with an address is wrong with the command line, when it came from there.
    if (!mesh && options_.addr) return std::unexpected(as_usage(std::move(mesh).error()));
    return mesh;
}

void reserve_standard_streams() {
    // open() takes the lowest free number.
    for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO})
        if (::fcntl(stream, F_GETFD) < 0)
            (void)::open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY);
}

}  // namespace weft::cli
