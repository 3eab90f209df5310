#include "transport/address.h"

#include "core/error.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>

namespace weft::transport {

namespace {

// RFC 1035 2.3.4
constexpr std::size_t kNameBytesMax = 253;
constexpr std::size_t kLabelBytesMax = 63;

bool is_number(const std::string& host) {
    in6_addr any{};
    return inet_pton(AF_INET, host.c_str(), &any) == 1 ||
           inet_pton(AF_INET6, host.c_str(), &any) == 1;
}

bool is_loopback(const std::string& host) {
    constexpr std::uint32_t kLoopbackNet = 127;
    in_addr v4{};
    if (inet_pton(AF_INET, host.c_str(), &v4) == 1) return ntohl(v4.s_addr) >> 24 == kLoopbackNet;
    return host == "::1";
}

bool is_alphanumeric(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool is_label(std::string_view text) {
    return !text.empty() && text.size() <= kLabelBytesMax && is_alphanumeric(text.front()) &&
           is_alphanumeric(text.back()) && std::ranges::all_of(text, [](char c) {
               return is_alphanumeric(c) || c == '-' || c == '_';
           });
}

// RFC 1123 2.1. Underscores are let through, as resolvers do. The last label has a letter other
// than that of "0x", so that no mistyped number passes for a name.
bool is_name(std::string_view host) {
    if (host.ends_with('.')) host.remove_suffix(1);
    if (host.empty() || host.size() > kNameBytesMax) return false;
    std::string_view rest = host, last;
    for (;;) {
        const auto dot = rest.find('.');
        last = rest.substr(0, dot);
        if (!is_label(last)) return false;
        if (dot == std::string_view::npos) break;
        rest.remove_prefix(dot + 1);
    }
    const bool hexadecimal = last.starts_with("0x") || last.starts_with("0X");
    return !hexadecimal &&
           std::ranges::any_of(last, [](char c) { return is_alphanumeric(c) && c > '9'; });
}

std::unexpected<Error> beyond_loopback(std::string_view what) {
    return fail(ErrorNumber::ListenNeedsKeys, "{}; beyond loopback nothing runs without keys",
                what);
}

}  // namespace

std::string Destination::text() const {
    return v6() ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

std::string Destination::endpoint() const { return "tcp://" + text(); }

Result<Destination> parse_address(std::string_view address) {
    const auto colon = address.rfind(':');
    if (colon == std::string_view::npos || colon == 0)
        return fail(ErrorNumber::BadConfiguration, "'{}' is not host:port", address);
    Destination out;
    const std::string_view digits = address.substr(colon + 1);
    const auto [end, error] =
        std::from_chars(digits.data(), digits.data() + digits.size(), out.port);
    if (error != std::errc{} || end != digits.data() + digits.size() || out.port == 0)
        return fail(ErrorNumber::BadConfiguration, "'{}' has no port from 1 to 65535", address);
    out.host = address.substr(0, colon);
    if (out.host.starts_with('[') && out.host.ends_with(']') && out.host.contains(':'))
        out.host = out.host.substr(1, out.host.size() - 2);
    if (out.host == "localhost") out.host = "127.0.0.1";
    if (is_loopback(out.host)) return out;
    if (is_number(out.host))
        return beyond_loopback(fmt::format("{} is not a loopback address", out.host));
    out.named = true;
    if (is_name(out.host)) return out;
    return fail(ErrorNumber::BadConfiguration, "'{}' is neither an address nor a host name",
                out.host);
}

Result<void> check_address(std::string_view address) {
    const auto parsed = parse_address(address);
    if (!parsed) return std::unexpected(parsed.error());
    return {};
}

SocketAddress socket_address(const Destination& number) {
    SocketAddress out;
    if (number.v6()) {
        sockaddr_in6 to{};
        to.sin6_family = AF_INET6;
        to.sin6_port = htons(number.port);
        to.sin6_addr = in6addr_loopback;
        out.size = sizeof to;
        std::memcpy(&out.storage, &to, sizeof to);
        out.family = AF_INET6;
    } else {
        sockaddr_in to{};
        to.sin_family = AF_INET;
        to.sin_port = htons(number.port);
        inet_pton(AF_INET, number.host.c_str(), &to.sin_addr);
        out.size = sizeof to;
        std::memcpy(&out.storage, &to, sizeof to);
        out.family = AF_INET;
    }
    return out;
}

Result<std::vector<std::string>> resolve(const std::string& name) {
    addrinfo hints{};
    hints.ai_family = AF_UNSPEC;
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* found = nullptr;
    const int status = getaddrinfo(name.c_str(), nullptr, &hints, &found);
    if (status != 0)
        return fail(ErrorNumber::BadConfiguration, "cannot resolve {}: {}", name,
                    status == EAI_SYSTEM ? std::strerror(errno) : gai_strerror(status));
    const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owner(found, &freeaddrinfo);
    std::vector<std::string> numbers;
    for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
        char text[NI_MAXHOST];
        if (getnameinfo(at->ai_addr, at->ai_addrlen, text, sizeof text, nullptr, 0,
                        NI_NUMERICHOST) != 0)
            continue;
        if (std::ranges::find(numbers, text) == numbers.end()) numbers.emplace_back(text);
    }
    if (numbers.empty())
        return fail(ErrorNumber::BadConfiguration, "cannot resolve {}: no address", name);
    return numbers;
}

Result<std::vector<Destination>> loopback_of(const Destination& at,
                                             std::vector<std::string> numbers) {
    std::vector<Destination> out;
    for (const std::string& number : numbers)
        if (is_loopback(number)) out.push_back({number, at.port});
    if (!out.empty()) return out;
    std::ranges::sort(numbers);  // name servers like to turn them
    return beyond_loopback(fmt::format("{} is {}, which is not a loopback address", at.host,
                                       fmt::join(numbers, ", ")));
}

ConnectTrial::ConnectTrial(std::string_view address) {
    const auto parsed = parse_address(address);
    if (!parsed || parsed->named) {
        refused_ = false;
        return;
    }
    const SocketAddress to = socket_address(*parsed);
    descriptor_ = socket(to.family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int error = connect(descriptor_, to.get(), to.size) == 0 ? 0 : errno;
    // Most kernels refuse a loopback connection within the call itself.
    if (error != EINPROGRESS) refused_ = error == ECONNREFUSED;
}

ConnectTrial::~ConnectTrial() {
    if (descriptor_ >= 0) close(descriptor_);
}

std::optional<bool> ConnectTrial::refused() {
    pollfd answered{descriptor_, POLLOUT, 0};
    if (refused_ || poll(&answered, 1, 0) != 1) return refused_;
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(descriptor_, SOL_SOCKET, SO_ERROR, &error, &size);
    refused_ = error == ECONNREFUSED;
    return refused_;
}

}  // namespace weft::transport
