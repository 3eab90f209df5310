#pragma once
/// What each public header needs of the compiler, and the mark of what libweft-client exports.

// The second line ends the compilation: without it a hundred errors of std::expected would follow.
#if __cplusplus < 202100L
#error weft needs C++23: compile with -std=c++23
#include <weft-needs-C++23>
#endif

/// Stands before the functions and classes that the shared library exports; all else is hidden.
#define WEFT_API __attribute__((visibility("default")))
