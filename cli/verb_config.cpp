#include "cli/config.h"
#include "cli/verbs.h"
#include "core/error.h"

#include <fmt/core.h>

#include <optional>

namespace weft::cli {

namespace {

struct ConfigShow {
    bool origin = false;
};
struct ConfigCheck {
    std::optional<std::string> file;
};

int show_config(Shell& shell, const ConfigShow& options) {
    const auto config = shell.config();
    if (!config) return shell.fail(config.error());
    std::vector<Record> records;
    for (const Setting& setting : settings()) {
        const SettingValue& value = config->at(setting.key);
        Record record{{"key", std::string(setting.key)}, {"value", value.text}};
        if (options.origin || !shell.human()) record.push_back({"origin", value.origin});
        records.push_back(std::move(record));
    }
    shell.print(render(shell.format(), records));
    return exit_code(Exit::Ok);
}

int check_config(Shell& shell, const ConfigCheck& options) {
    if (options.file && options.file->empty()) return shell.usage("FILE is empty");
    const auto file = options.file ? config_file(*options.file) : config_file(shell.context());
    if (!file) return shell.fail(file.error());
    const auto config = Config::load(*file, process_environment(), {});
    if (!config) return shell.fail(config.error());
    const std::string name = *file ? (*file)->string() : "";
    std::uint64_t set = 0;
    for (const Setting& setting : settings())
        set += config->at(setting.key).origin != "default" ? 1U : 0U;
    if (shell.human())
        shell.print(fmt::format("{}: good, {} of {} settings are given\n",
                                name.empty() ? "no file" : name, set, settings().size()));
    else
        shell.print(render(shell.format(), Record{{"file", name}, {"good", true}, {"given", set}}));
    return exit_code(Exit::Ok);
}

}  // namespace

void add_config(Command& root) {
    Command& noun = root.verb("config", "settings: what they are, and where from");
    Command& shown = noun.verb("show", "every setting with the value that counts");
    auto& options = shown.state<ConfigShow>();
    shown.flag("--origin", options.origin, "where each value comes from");
    shown.example("weft config show --origin");
    shown.run([&options](Shell& shell) { return show_config(shell, options); });

    Command& checked = noun.verb("check", "read a file of settings, and say what is wrong with it");
    auto& which = checked.state<ConfigCheck>();
    checked
        .optional_argument("FILE", which.file, "default: the file of -c, else /etc/weft/weft.toml")
        .is_file();
    checked.example("weft config check weft.toml");
    checked.run([&which](Shell& shell) { return check_config(shell, which); });
}

}  // namespace weft::cli
