#pragma once
// The settings of a node and of this program, and where each value came from: built in, one file,
// the environment, the command line; the later wins.

#include "core/log.h"
#include "weft/result.h"

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weft::cli {

struct Setting {
    enum class Kind : std::uint8_t { Text, Address, Addresses, Cluster, Level, Cpu, Bytes };

    std::string_view key;  // "log.level": the key `level` of the table [log]
    Kind kind = Kind::Text;
    std::string_view fallback;  // what is built in, as text
    std::string_view help;
    bool reloads = false;  // a node that runs takes a new value with SIGHUP
};

std::span<const Setting> settings();

struct SettingValue {
    std::string text;    // lists: separated by commas
    std::string origin;  // "default", "/etc/weft/weft.toml:3", "WEFT_LOG__LEVEL", "--log-level"
    bool is_flag() const { return origin.starts_with("--"); }
    bool operator==(const SettingValue&) const = default;
};

// What the command line says: key -> value and the option's name.
using ConfigFlags = std::map<std::string, SettingValue, std::less<>>;

class Config {
public:
    // `file`: nothing, or one that must be there. `environment`: "NAME=value", of which
    // WEFT_SECTION__KEY counts. BadConfiguration names place and reason: what is unknown, with the
    // nearest that is known, of a wrong type, or no value for its key; of a flag it is a usage
    // error (exit code 2). An address beyond loopback is ListenNeedsKeys.
    static Result<Config> load(const std::optional<std::filesystem::path>& file,
                               std::span<const std::string> environment, const ConfigFlags& flags);

    // One of settings().
    const SettingValue& at(std::string_view key) const;
    const std::string& text(std::string_view key) const { return at(key).text; }
    LogLevel log_level() const;
    int cpu() const;  // -1: any
    std::uint64_t bytes(std::string_view key) const;
    std::vector<std::string> list(std::string_view key) const;

    // Keys whose values differ from those of `before` and that do not reload.
    std::vector<std::string> fixed_changes(const Config& before) const;

private:
    Result<void> set(const Setting& setting, SettingValue value);
    Result<void> check_ports() const;

    std::map<std::string, SettingValue, std::less<>> values_;
};

// Whether what -c names is a file of settings, and not a folder.
bool names_settings(const std::string& context);
// The file that -c names, or weft.toml in the folder that it names when it is there; without -c
// /etc/weft/weft.toml when it is there. BadConfiguration: -c names what is not there.
Result<std::optional<std::filesystem::path>> config_file(const std::string& context);

// Whether a variable of that name is meant for a setting: WEFT_..., with two underscores.
bool is_setting_variable(std::string_view name);
// This process's.
std::vector<std::string> process_environment();

// "64GiB" or a number of bytes; nothing when it is neither.
std::optional<std::uint64_t> parse_bytes(std::string_view text);

}  // namespace weft::cli
