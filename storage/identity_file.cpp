#include "storage/identity_file.h"

#include "core/error.h"
#include "core/hash.h"
#include "storage/file_io.h"

#include <charconv>
#include <tuple>

namespace weft::storage {
namespace {

constexpr const char* kCopies[] = {"identity", "identity.2"};
constexpr std::string_view kTitle = "weft data directory\n";
constexpr std::string_view kChecksum = "checksum ";
constexpr std::size_t kChecksumLine = kChecksum.size() + 16 + 1;

// The value of a line "NAME VALUE\n"; empty when it is not the next one.
std::string_view take_line(std::string_view& text, std::string_view name) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos || !text.starts_with(name)) return {};
    const std::string_view line = text.substr(0, end);
    if (line.size() <= name.size() || line[name.size()] != ' ') return {};
    text.remove_prefix(end + 1);
    return line.substr(name.size() + 1);
}

template <class Number>
bool take_number(std::string_view& text, std::string_view name, Number& number) {
    const std::string_view value = take_line(text, name);
    const auto read = std::from_chars(value.data(), value.data() + value.size(), number);
    return !value.empty() && read.ec == std::errc() && read.ptr == value.data() + value.size();
}

template <class Id>
bool take_id(std::string_view& text, std::string_view name, Id& id) {
    const auto read = Id::from_hex(take_line(text, name));
    if (read) id = *read;
    return read.has_value();
}

}  // namespace

std::string encode_identity(const Identity& identity) {
    std::string text(kTitle);
    text += fmt::format("format {}\ncluster {}\nnode {}\nboot {}\ndurable-lsn {}\n",
                        kDirectoryFormat, identity.cluster.hex(), identity.node.hex(),
                        identity.boot.value, identity.durable.value);
    return text + fmt::format("{}{:016x}\n", kChecksum, xxh3_64(text));
}

Result<Identity> decode_identity(std::string_view text) {
    const auto damaged = [] {
        return fail(ErrorNumber::DataDamaged, "an identity file does not hold");
    };
    if (text.size() < kChecksumLine) return damaged();
    std::string_view body = text.substr(0, text.size() - kChecksumLine);
    if (text.substr(body.size()) != fmt::format("{}{:016x}\n", kChecksum, xxh3_64(body)))
        return damaged();
    if (!body.starts_with(kTitle)) return damaged();
    body.remove_prefix(kTitle.size());
    std::uint32_t format = 0;
    if (!take_number(body, "format", format)) return damaged();
    if (format > kDirectoryFormat)
        return fail(ErrorNumber::NewerFormat, "data directory of format {}, this build reads {}",
                    format, kDirectoryFormat);
    Identity identity;
    const bool read = take_id(body, "cluster", identity.cluster) &&
                      take_id(body, "node", identity.node) &&
                      take_number(body, "boot", identity.boot.value) &&
                      take_number(body, "durable-lsn", identity.durable.value) && body.empty();
    if (!read) return damaged();
    return identity;
}

Result<std::optional<Identity>> read_identity(const std::string& directory) {
    std::optional<Identity> newest;
    std::optional<Error> refused;
    for (const char* name : kCopies) {
        auto read = read_small_file(directory + "/" + name);
        if (!read) return std::unexpected(std::move(read).error());
        const std::optional<std::string>& text = *read;
        if (!text) continue;
        auto identity = decode_identity(*text);
        if (!identity) {
            // A newer format in either copy: this build must keep its hands off.
            if (identity.error().code == ErrorCode::Unsupported)
                return std::unexpected(std::move(identity).error());
            refused = std::move(identity).error();
            continue;
        }
        const auto rank = [](const Identity& i) { return std::tuple(i.boot, i.durable); };
        if (!newest || rank(*newest) < rank(*identity)) newest = *identity;
    }
    if (!newest && refused) return std::unexpected(std::move(*refused));
    return newest;
}

Result<void> write_identity(const std::string& directory, const Identity& identity) {
    const std::string text = encode_identity(identity);
    for (const char* name : kCopies)
        if (auto written = replace_file(directory, name, text); !written) return written;
    return {};
}

}  // namespace weft::storage
