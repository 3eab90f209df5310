#include "cli/config.h"

#include "cli/config_file.h"
#include "cli/input.h"
#include "cli/nearest.h"
#include "core/error.h"
#include "core/invariant.h"
#include "transport/sockets.h"
#include "weft/types.h"

#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <utility>

namespace weft::cli {

namespace {

namespace fs = std::filesystem;
using SettingKind = Setting::Kind;

constexpr Setting kSettings[] = {
    {"node.folder", SettingKind::Text, "", "folder that 'weft node init' made"},
    {"node.cpu", SettingKind::Cpu, "any", "processor that all threads of the node use"},
    {"listen.mesh", SettingKind::Address, "",
     "HOST:PORT to listen on for nodes; empty: where others reach it, as in its node.line"},
    {"listen.client", SettingKind::Address, "",
     "HOST:PORT to listen on for clients; empty: likewise"},
    {"gossip.keys", SettingKind::Text, "",
     "file of keys that datagrams of membership are sealed with, read again at SIGHUP; empty: "
     "gossip.keys of the node's folder, when it is there"},
    {"log.level", SettingKind::Level, "info", "debug, info, warn or error", true},
    {"log.file", SettingKind::Text, "",
     "appended to, opened again at SIGHUP; empty: standard error"},
    {"storage.map", SettingKind::Bytes, "64GiB",
     "how large the data file may become; address space"},
    {"client.addresses", SettingKind::Addresses, "",
     "client addresses of the mesh that verbs talk to"},
    {"client.cluster", SettingKind::Cluster, "",
     "its id, 32 hex digits; empty: the one that answers"},
};

constexpr std::uint64_t kMapBytesMin = std::uint64_t{64} << 20,
                        kMapBytesMax = std::uint64_t{1} << 46;
constexpr int kCpuMax = 4095;
constexpr std::string_view kEnvironmentBegin = "WEFT_";

std::optional<LogLevel> parse_level(std::string_view text) {
    const auto* found = std::ranges::find(kLogLevelNames, text);
    if (found == std::end(kLogLevelNames)) return std::nullopt;
    return static_cast<LogLevel>(found - std::begin(kLogLevelNames));
}

std::optional<int> parse_cpu(std::string_view text) {
    if (text == "any") return -1;
    int cpu = 0;
    const auto [at, bad] = std::from_chars(text.data(), text.data() + text.size(), cpu);
    if (bad != std::errc{} || at != text.data() + text.size() || cpu < 0 || cpu > kCpuMax)
        return std::nullopt;
    return cpu;
}

// Of a value; goes on behind "KEY is 'TEXT', ".
Result<void> wrong(std::string what) { return fail(ErrorNumber::BadConfiguration, "{}", what); }

Result<void> check_addresses(SettingKind kind, std::string_view text) {
    for (const std::string& address : split_list(text))
        if (auto good = transport::check_address(address); !good) {
            Error error = std::move(good).error();
            error.message.insert(0, "and ");
            return std::unexpected(std::move(error));
        }
    const bool several = kind == SettingKind::Address && text.find(',') != std::string_view::npos;
    return several ? wrong("not one HOST:PORT") : Result<void>();
}

Result<void> check_value(SettingKind kind, std::string_view text) {
    switch (kind) {
        case SettingKind::Text:
            break;
        case SettingKind::Level:
            if (!parse_level(text)) return wrong("not debug, info, warn or error");
            break;
        case SettingKind::Cpu:
            if (!parse_cpu(text)) return wrong(fmt::format("not 'any' or 0 to {}", kCpuMax));
            break;
        case SettingKind::Bytes: {
            const auto bytes = parse_bytes(text);
            if (!bytes || *bytes < kMapBytesMin || *bytes > kMapBytesMax)
                return wrong("not a size from 64MiB to 64TiB");
            break;
        }
        case SettingKind::Cluster:
            if (!text.empty() && !ClusterId::from_hex(text)) return wrong("not 32 hex digits");
            break;
        case SettingKind::Address:
        case SettingKind::Addresses:
            return check_addresses(kind, text);
    }
    return {};
}

const Setting* find_setting(std::string_view key) {
    const auto* found = std::ranges::find(kSettings, key, &Setting::key);
    return found == std::end(kSettings) ? nullptr : found;
}

// WEFT_LOG__LEVEL
std::string variable_of(const Setting& setting) {
    std::string name(kEnvironmentBegin);
    for (const char c : setting.key)
        name += c == '.'
                    ? std::string("__")
                    : std::string(1, static_cast<char>(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c));
    return name;
}

// The one that the variable stands for; null: it is no setting's, and means nothing to us.
Result<const Setting*> setting_of_variable(std::string_view name) {
    if (!is_setting_variable(name)) return nullptr;
    std::vector<std::string> known;
    for (const Setting& setting : kSettings) {
        known.push_back(variable_of(setting));
        if (known.back() == name) return &setting;
    }
    return fail(ErrorNumber::BadConfiguration, "the variable {} is no setting{}", name,
                did_you_mean(nearest(name, known)));
}

}  // namespace

std::span<const Setting> settings() { return kSettings; }

bool is_setting_variable(std::string_view name) {
    return name.starts_with(kEnvironmentBegin) && name.find("__") != std::string_view::npos;
}

std::optional<std::uint64_t> parse_bytes(std::string_view text) {
    std::uint64_t number = 0;
    const auto [at, bad] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (bad != std::errc{}) return std::nullopt;
    const std::string_view unit(at, static_cast<std::size_t>(text.data() + text.size() - at));
    int shift = -1;
    if (unit.empty() || unit == "B") shift = 0;
    if (unit == "KiB") shift = 10;
    if (unit == "MiB") shift = 20;
    if (unit == "GiB") shift = 30;
    if (unit == "TiB") shift = 40;
    if (shift < 0 || number > (UINT64_MAX >> shift)) return std::nullopt;
    return number << shift;
}

std::vector<std::string> process_environment() {
    std::vector<std::string> all;
    for (char** entry = ::environ; *entry != nullptr; ++entry) all.emplace_back(*entry);
    return all;
}

bool names_settings(const std::string& context) {
    std::error_code ignored;
    const fs::path given = context;
    return fs::exists(given, ignored) ? !fs::is_directory(given, ignored)
                                      : given.extension() == ".toml";
}

Result<std::optional<fs::path>> config_file(const std::string& context) {
    std::error_code ignored;
    if (context.empty()) {
        const fs::path usual = "/etc/weft/weft.toml";
        return fs::exists(usual, ignored) ? std::optional(usual) : std::nullopt;
    }
    const fs::path given = fs::absolute(context);
    if (!fs::exists(given, ignored))
        return fail(ErrorNumber::BadConfiguration, "{} is not there", given.string());
    if (names_settings(context)) return std::optional(given);
    const fs::path inside = given / "weft.toml";
    return fs::exists(inside, ignored) ? std::optional(inside) : std::nullopt;
}

Result<Config> Config::load(const std::optional<fs::path>& file,
                            std::span<const std::string> environment, const ConfigFlags& flags) {
    Config config;
    for (const Setting& setting : kSettings)
        config.values_[std::string(setting.key)] = {std::string(setting.fallback), "default"};
    if (file) {
        auto values = read_config_file(*file);
        if (!values) return std::unexpected(std::move(values).error());
        for (auto& [setting, value] : *values)
            if (auto good = config.set(*setting, std::move(value)); !good)
                return std::unexpected(std::move(good).error());
    }
    for (const std::string& entry : environment) {
        const std::size_t equals = std::min(entry.find('='), entry.size());
        const std::string name = entry.substr(0, equals);
        const auto setting = setting_of_variable(name);
        if (!setting) return std::unexpected(setting.error());
        if (*setting == nullptr) continue;
        const std::string text = equals < entry.size() ? entry.substr(equals + 1) : "";
        if (auto good = config.set(**setting, {text, name}); !good)
            return std::unexpected(std::move(good).error());
    }
    for (const auto& [key, value] : flags) {
        const Setting* setting = find_setting(key);
        WEFT_INVARIANT(setting != nullptr, "no setting {}", key);
        if (auto good = config.set(*setting, value); !good)
            return std::unexpected(as_usage(std::move(good).error()));
    }
    if (auto good = config.check_ports(); !good) return std::unexpected(std::move(good).error());
    return config;
}

Result<void> Config::set(const Setting& setting, SettingValue value) {
    if (auto good = check_value(setting.kind, value.text); !good) {
        Error error = std::move(good).error();
        error.message =
            fmt::format("{}: {} is '{}', {}", value.origin, setting.key, value.text, error.message);
        return std::unexpected(std::move(error));
    }
    values_.insert_or_assign(std::string(setting.key), std::move(value));
    return {};
}

// A node's two ports; where one is not given the node's line has a word on it.
Result<void> Config::check_ports() const {
    const SettingValue &mesh = at("listen.mesh"), &client = at("listen.client");
    if (mesh.text.empty() || mesh.text != client.text) return {};
    Error error = make_error(ErrorNumber::BadConfiguration,
                             fmt::format("{}: listen.client is '{}', and so is listen.mesh: each "
                                         "has a port of its own",
                                         client.origin, client.text));
    if (mesh.is_flag() || client.is_flag()) error = as_usage(std::move(error));
    return std::unexpected(std::move(error));
}

const SettingValue& Config::at(std::string_view key) const {
    const auto found = values_.find(key);
    WEFT_INVARIANT(found != values_.end(), "no setting {}", key);
    return found->second;
}

LogLevel Config::log_level() const {
    return parse_level(text("log.level")).value_or(LogLevel::Info);
}
int Config::cpu() const { return parse_cpu(text("node.cpu")).value_or(-1); }
std::uint64_t Config::bytes(std::string_view key) const {
    return parse_bytes(text(key)).value_or(0);
}
std::vector<std::string> Config::list(std::string_view key) const { return split_list(text(key)); }

std::vector<std::string> Config::fixed_changes(const Config& before) const {
    std::vector<std::string> keys;
    for (const Setting& setting : kSettings)
        if (!setting.reloads && text(setting.key) != before.text(setting.key))
            keys.emplace_back(setting.key);
    return keys;
}

}  // namespace weft::cli
