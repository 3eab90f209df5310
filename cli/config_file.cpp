#include "cli/config_file.h"

#include "cli/nearest.h"
#include "cli/node_folder.h"
#include "core/error.h"

#include <fmt/core.h>
#include <toml++/toml.h>

#include <algorithm>
#include <string>

namespace weft::cli {

namespace {

constexpr std::size_t kFileBytesMax = std::size_t{1} << 20;
using Values = std::vector<std::pair<const Setting*, SettingValue>>;

// Reads one file; `path` is what messages call it.
class Reader {
public:
    explicit Reader(std::string path) : path_(std::move(path)) {}

    Result<Values> read(const toml::table& root) {
        for (const auto& [name, node] : root) {
            if (auto good = read_table(name, node); !good)
                return std::unexpected(std::move(good).error());
        }
        // A table has no order of its own.
        std::ranges::sort(values_, {}, [](const auto& value) { return value.first; });
        return std::move(values_);
    }

private:
    std::unexpected<Error> wrong(const toml::source_region& at, const std::string& what) const {
        return fail(ErrorNumber::BadConfiguration, "{}:{}:{}: {}", path_, at.begin.line,
                    at.begin.column, what);
    }

    Result<void> read_table(const toml::key& name, const toml::node& node) {
        std::vector<std::string> known;
        for (const Setting& setting : settings()) {
            std::string section(setting.key.substr(0, setting.key.find('.')));
            if (std::ranges::find(known, section) == known.end())
                known.push_back(std::move(section));
        }
        if (std::ranges::find(known, name.str()) == known.end())
            return wrong(name.source(), fmt::format("[{}] is no table of settings{}", name.str(),
                                                    did_you_mean(nearest(name.str(), known))));
        const toml::table* table = node.as_table();
        if (table == nullptr)
            return wrong(
                name.source(),
                fmt::format("'{0}' is a table: write [{0}] and its keys below", name.str()));
        for (const auto& [key, value] : *table)
            if (auto good = read_key(name.str(), key, value); !good) return good;
        return {};
    }

    Result<void> read_key(std::string_view section, const toml::key& name, const toml::node& node) {
        const std::string key = fmt::format("{}.{}", section, name.str());
        std::vector<std::string> known;
        for (const Setting& setting : settings()) {
            if (setting.key == key) return add(setting, name, node);
            if (setting.key.starts_with(fmt::format("{}.", section)))
                known.emplace_back(setting.key.substr(section.size() + 1));
        }
        return wrong(name.source(), fmt::format("'{}' is no key of [{}]{}", name.str(), section,
                                                did_you_mean(nearest(name.str(), known))));
    }

    Result<void> add(const Setting& setting, const toml::key& name, const toml::node& node) {
        const bool list = setting.kind == Setting::Kind::Addresses;
        const bool number =
            setting.kind == Setting::Kind::Bytes || setting.kind == Setting::Kind::Cpu;
        std::string text;
        if (const auto* one = node.as_string(); one != nullptr && !list) {
            text = one->get();
        } else if (const auto* integer = node.as_integer(); integer != nullptr && number) {
            text = std::to_string(integer->get());
        } else if (const auto* all = node.as_array(); all != nullptr && list) {
            for (const toml::node& item : *all) {
                const auto* word = item.as_string();
                if (word == nullptr)
                    return wrong(item.source(), fmt::format("{} is a list of texts", setting.key));
                text += (text.empty() ? "" : ",") + word->get();
            }
        } else {
            return wrong(name.source(), fmt::format("{} is {}", setting.key,
                                                    list ? "a list of texts: [\"HOST:PORT\", ...]"
                                                    : number ? "a number, or a text"
                                                             : "a text, in quotes"));
        }
        values_.emplace_back(
            &setting,
            SettingValue{std::move(text), fmt::format("{}:{}", path_, name.source().begin.line)});
        return {};
    }

    std::string path_;
    Values values_;
};

}  // namespace

Result<Values> read_config_file(const std::filesystem::path& file) {
    auto text = read_file(file, kFileBytesMax);
    if (!text) return fail(ErrorNumber::BadConfiguration, "{}", std::move(text).error().message);
    try {
        return Reader(file.string()).read(toml::parse(*text, file.string()));
    } catch (const toml::parse_error& error) {
        const auto& at = error.source().begin;
        return fail(ErrorNumber::BadConfiguration, "{}:{}:{}: {}", file.string(), at.line,
                    at.column, error.description());
    }
}

}  // namespace weft::cli
