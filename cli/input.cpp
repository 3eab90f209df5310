#include "cli/input.h"

#include "core/error.h"
#include "weft/types.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <utility>

namespace weft::cli {

namespace {

// Exactly the bytes until the end, or an error when they are more than a value may have.
Result<std::string> read_all(int descriptor, const std::string& name) {
    std::string bytes;
    char part[16384];
    for (;;) {
        const ssize_t got = ::read(descriptor, part, sizeof part);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0)
            return std::unexpected(
                wrong_usage(fmt::format("cannot read {}: {}", name, std::strerror(errno))));
        if (got == 0) return bytes;
        bytes.append(part, static_cast<std::size_t>(got));
        if (bytes.size() > kPayloadBytesMax)
            return fail(ErrorNumber::PayloadTooLarge, "{} has more than {} bytes", name,
                        kPayloadBytesMax);
    }
}

}  // namespace

Error wrong_usage(std::string message) {
    return as_usage(make_error(ErrorNumber::BadConfiguration, std::move(message)));
}

Error as_usage(Error error) {
    if (error.code == ErrorCode::Configuration) error.code = ErrorCode::Malformed;
    return error;
}

void Input::add_address(Command& verb, const std::string& name, const std::string& help) {
    address_name_ = name;
    verb.optional_argument(name, places_[places_used_++], help).is_needed();
    verb.option("--id-file", id_file_, "take " + name + " from this file instead").is_file();
}

Parameter& Input::add_value(Command& verb, const std::string& name, const std::string& help) {
    value_names_.push_back(name);
    return verb.optional_argument(name, places_[places_used_++], help);
}

Result<std::string> Input::address() {
    std::vector<std::string> given;
    for (auto& place : places_)
        if (place) given.push_back(*std::move(place));
    if (given.empty() && !id_file_)
        return std::unexpected(wrong_usage(address_name_ + " or --id-file is required"));
    if (!id_file_) {
        values_.assign(std::make_move_iterator(given.begin() + 1),
                       std::make_move_iterator(given.end()));
        return std::move(given.front());
    }
    if (given.size() > value_names_.size())
        return std::unexpected(
            wrong_usage(fmt::format("give {} or --id-file, not both: '{}' is one argument too many",
                                    address_name_, given.back())));
    values_ = std::move(given);
    auto address = file(*id_file_);
    if (address && address->ends_with('\n')) {
        address->pop_back();
        if (address->ends_with('\r')) address->pop_back();
    }
    return address;
}

Result<std::string> Input::value(const std::string& given) {
    return given == "-" ? standard_input() : Result<std::string>(given);
}

Result<std::string> Input::file(const std::string& path) {
    if (path == "-") return standard_input();
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return std::unexpected(
            wrong_usage(fmt::format("cannot read '{}': {}", path, std::strerror(errno))));
    auto bytes = read_all(descriptor, "'" + path + "'");
    ::close(descriptor);
    return bytes;
}

Result<std::string> Input::standard_input() {
    if (std::exchange(input_taken_, true))
        return std::unexpected(wrong_usage("standard input can be only one of id and values"));
    return read_all(STDIN_FILENO, "standard input");
}

Result<std::string> Input::piped() {
    if (::isatty(STDIN_FILENO) != 0)
        return std::unexpected(
            wrong_usage("no value: give it as an argument ('' is an empty one), with --file, or on "
                        "standard input"));
    auto bytes = standard_input();
    if (bytes && bytes->empty())
        return std::unexpected(
            wrong_usage("no value is given and standard input is empty; '' as the argument, or - "
                        "for standard input, store an empty one"));
    return bytes;
}

std::vector<std::string> split_list(std::string_view text) {
    std::vector<std::string> parts;
    for (std::size_t from = 0; from <= text.size();) {
        const std::size_t comma = std::min(text.find(',', from), text.size());
        if (comma > from) parts.emplace_back(text.substr(from, comma - from));
        from = comma + 1;
    }
    return parts;
}

}  // namespace weft::cli
