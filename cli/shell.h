#pragma once
// What every verb is given: the global options, the way to the mesh, and where to print.

#include "cli/config.h"
#include "cli/exit_code.h"
#include "cli/output.h"
#include "weft/client.h"

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::cli {

// As given on the command line, not yet read.
struct GlobalOptions {
    std::string output = "table";
    std::optional<std::string> addr;     // "host:port,host:port" of client ports
    std::optional<std::string> context;  // folder of a mesh or node, or file of settings
    std::string timeout = "5s";
    std::string color = "auto";
};

// "500ms", "10s", "2m"; a bare number means seconds. Nothing when malformed or zero.
std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

// Whether what is written to `file` (1 or 2) is coloured when --color is `when`. "auto": at a
// terminal, unless NO_COLOR is set (no-color.org) or TERM is dumb. Nothing when it is no such word.
std::optional<bool> parse_color(std::string_view when, int file);

class Shell {
public:
    // Malformed options are an error (BadConfiguration, exit code 2).
    static Result<Shell> open(const GlobalOptions& options);

    Format format() const { return format_; }
    bool has_context() const { return options_.context.has_value(); }
    // What -c names; empty: it was not given.
    std::string context() const { return options_.context.value_or(""); }
    // The settings as -c, the environment and --addr say (docs/configuration.md).
    Result<Config> config() const;
    bool human() const { return format_ == Format::Table; }
    std::chrono::milliseconds timeout() const { return timeout_; }

    // To standard output; on a terminal without control characters. A failure is told by finish().
    void print(std::string_view text) const;
    // `text` in a colour if standard output takes colours.
    std::string colored(Color color, std::string_view text) const;
    // What somebody stored: a terminal gets no colours of it either, all else the bytes as they
    // are.
    void print_value(std::string_view bytes) const;
    // The bytes as they are, whatever stands behind standard output.
    void print_bytes(std::string_view bytes) const;
    // Progress and notes: standard error, so that results can be piped.
    void note(std::string_view text) const;
    // Prints the error and returns its exit code.
    int fail(const Error& error, const Record& fields = {}) const;
    // A wrong command line: exit code 2.
    int usage(std::string_view message) const;
    // Something that was printed did not get out: a verb without an end can end.
    bool output_failed() const { return print_errno_ != 0; }
    // The program's exit code for a verb that ended with `code`: another one, and an error, when
    // something that was printed did not get out.
    int finish(int code) const;

    // The mesh that -c names, else the settings' client.addresses, else the dev mesh's folder;
    // --addr stands for its addresses. A folder holds the genesis, so the mesh is pinned by its
    // cluster id. client.cluster pins it, too, wherever the addresses come from; one that says
    // another mesh than the folder is BadConfiguration. Addresses, cluster, timeout and program are
    // set.
    Result<ConnectOptions> target() const;
    Result<Mesh> connect() const;
    // For verbs that look at a dev mesh's processes and files: the folder that -c names, else the
    // usual one. With --addr, and when -c names a file, it is a usage error.
    Result<std::filesystem::path> dev_folder() const;
    // A usage error with --addr: for verbs that talk to no node.
    Result<void> refuse_address() const;

private:
    // That -c names, else the one of your own dev mesh.
    std::filesystem::path folder() const;
    Result<void> find_mesh(ConnectOptions& target) const;
    Result<void> pin(const Config& settings, ConnectOptions& target) const;

    Format format_ = Format::Table;
    std::chrono::milliseconds timeout_{5000};
    bool color_out_ = false, color_errors_ = false;
    GlobalOptions options_;
    mutable int print_errno_ = 0;  // of the first print() that failed
};

// Gives the numbers of standard streams that are closed to something that fails like a closed one:
// else the next socket would get the number, and what is printed. First thing in main().
void reserve_standard_streams();

}  // namespace weft::cli
