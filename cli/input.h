#pragma once
// Where ids and values come from: the command line, a file, or standard input ("-"), for every verb
// that takes them in the same way.

#include "cli/command.h"
#include "weft/result.h"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::cli {

// A wrong command line, found by a verb: WEFT-1005 with exit code 2.
Error wrong_usage(std::string message);
// `error` of something that the command line says: the same number, exit code 2.
Error as_usage(Error error);

// What a data verb is given. Arguments stand in the order of the help: the address, then values.
// With --id-file the address is left out, and the values move up.
class Input {
public:
    // "KV_ID" or "TYPE_ID" and --id-file.
    void add_address(Command& verb, const std::string& name, const std::string& help);
    Parameter& add_value(Command& verb, const std::string& name, const std::string& help);

    // First. One line end at the end of the file is not part of the address.
    Result<std::string> address();
    // After address(): the values that were given as arguments.
    const std::vector<std::string>& values() const { return values_; }
    // The bytes that `given` means: itself, or standard input when it is "-".
    Result<std::string> value(const std::string& given);
    // The bytes of a file; "-" is standard input, too.
    Result<std::string> file(const std::string& path);
    // What is left when neither argument nor file was given: standard input, unless it is a
    // terminal. An empty one is a mistake there: the value would be lost.
    Result<std::string> piped();

private:
    Result<std::string> standard_input();

    std::string address_name_;
    std::vector<std::string> value_names_;
    std::optional<std::string> places_[3];
    std::size_t places_used_ = 0;
    std::optional<std::string> id_file_;
    std::vector<std::string> values_;
    bool input_taken_ = false;
};

// The parts between commas; empty ones are left out.
std::vector<std::string> split_list(std::string_view text);

}  // namespace weft::cli
