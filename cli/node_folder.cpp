#include "cli/node_folder.h"

#include "core/error.h"
#include "core/hash.h"
#include "transport/sockets.h"

#include <fcntl.h>
#include <sodium.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <sstream>

namespace weft::cli {

namespace {

namespace fs = std::filesystem;

constexpr std::size_t kSmallFileMax = 64 << 10;
constexpr std::size_t kGenesisBytesMax = std::size_t{1} << 20;

// Both secrets of a node; wiped when it goes, and without a way to print them.
struct Secrets {
    std::array<unsigned char, crypto_sign_SECRETKEYBYTES> signing{};
    std::array<unsigned char, crypto_box_SECRETKEYBYTES> transport{};
    Secrets() = default;
    Secrets(const Secrets&) = delete;
    Secrets& operator=(const Secrets&) = delete;
    ~Secrets() {
        sodium_memzero(signing.data(), signing.size());
        sodium_memzero(transport.data(), transport.size());
    }
};

// Text that held secrets on its way to or from a file.
struct WipedText {
    std::string text;
    WipedText() = default;
    WipedText(const WipedText&) = delete;
    WipedText& operator=(const WipedText&) = delete;
    ~WipedText() { sodium_memzero(text.data(), text.size()); }
};

std::unexpected<Error> fail_errno(const fs::path& path, std::string_view doing, int number) {
    return fail(ErrorNumber::DirectoryUnusable, "{} {}: {}", doing, path.string(),
                std::strerror(number));
}

template <std::size_t N>
void append_hex(std::string& out, const std::array<unsigned char, N>& bytes) {
    std::array<char, 2 * N + 1> hex{};
    sodium_bin2hex(hex.data(), hex.size(), bytes.data(), bytes.size());
    out.append(hex.data(), 2 * N);
    sodium_memzero(hex.data(), hex.size());
}

template <std::size_t N>
bool read_hex(std::string_view hex, std::array<unsigned char, N>& bytes) {
    std::size_t length = 0;
    return hex.size() == 2 * N &&
           sodium_hex2bin(bytes.data(), N, hex.data(), hex.size(), nullptr, &length, nullptr) == 0;
}

NodeId node_id(const std::array<std::uint8_t, 32>& signing_key) {
    NodeId id;
    id.bytes = blake2b_128({reinterpret_cast<const char*>(signing_key.data()), signing_key.size()});
    return id;
}

// The value behind "name " at the start of a line.
std::string_view line_value(std::string_view text, std::string_view name) {
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find('\n', at), text.size());
        const std::string_view line = text.substr(at, end - at);
        if (line.size() > name.size() && line.starts_with(name) && line[name.size()] == ' ')
            return line.substr(name.size() + 1);
        at = end + 1;
    }
    return {};
}

Result<void> write_all(int file, const fs::path& path, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t written = ::write(file, bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return fail_errno(path, "cannot write", errno);
        bytes.remove_prefix(static_cast<std::size_t>(written));
    }
    if (::fsync(file) != 0) return fail_errno(path, "cannot sync", errno);
    return {};
}

Result<void> read_secret(const fs::path& path, WipedText& text) {
    struct stat info{};
    if (::lstat(path.c_str(), &info) != 0) return fail_errno(path, "cannot read", errno);
    if (!S_ISREG(info.st_mode) || (info.st_mode & 077) != 0 || info.st_uid != ::geteuid())
        return fail(ErrorNumber::BadConfiguration,
                    "{} must be a plain file that only its owner, who runs the node, may read "
                    "(chmod 600)",
                    path.string());
    auto bytes = read_file(path, kSmallFileMax);
    if (!bytes) return std::unexpected(std::move(bytes).error());
    text.text = *std::move(bytes);
    return {};
}

}  // namespace

bool is_node_folder(const fs::path& path) {
    std::error_code ignored;
    return fs::is_regular_file(NodeFolder{path}.line(), ignored);
}

Result<std::string> read_file(const fs::path& path, std::size_t bytes_max) {
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return fail_errno(path, "cannot read", errno);
    std::string bytes;
    std::array<char, 4096> part{};
    ssize_t got = 0;
    while ((got = ::read(file, part.data(), part.size())) > 0 && bytes.size() <= bytes_max)
        bytes.append(part.data(), static_cast<std::size_t>(got));
    const int number = errno;
    ::close(file);
    sodium_memzero(part.data(), part.size());
    if (got < 0) return fail_errno(path, "cannot read", number);
    if (bytes.size() > bytes_max)
        return fail(ErrorNumber::DirectoryUnusable, "{} is larger than {} bytes", path.string(),
                    bytes_max);
    return bytes;
}

Result<void> write_file(const fs::path& path, std::string_view bytes, unsigned mode) {
    const fs::path beside = path.string() + ".new";
    ::unlink(beside.c_str());
    const int file =
        ::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (file < 0) return fail_errno(beside, "cannot create", errno);
    auto written = write_all(file, beside, bytes);
    ::close(file);
    if (!written) return written;
    if (::rename(beside.c_str(), path.c_str()) != 0)
        return fail_errno(path, "cannot rename to", errno);
    return {};
}

Result<void> check_reachable(const routing::NodeRecord& record) {
    if (auto good = routing::check_texts(record); !good) return good;
    for (const std::string& address : {record.mesh_address, record.client_address}) {
        if (auto good = transport::check_address(address); !good)
            return std::unexpected(std::move(good).error());
    }
    if (record.mesh_address == record.client_address)
        return fail(ErrorNumber::BadConfiguration,
                    "{} is given for other nodes and for clients: each has a port of its own",
                    record.mesh_address);
    return {};
}

Result<routing::NodeRecord> init_node(const fs::path& path, routing::NodeRecord wanted) {
    const NodeFolder folder{path};
    if (auto good = check_reachable(wanted); !good) return std::unexpected(std::move(good).error());
    std::error_code bad;
    if (fs::exists(folder.key(), bad) || fs::exists(folder.line(), bad))
        return std::unexpected(
            Error{ErrorCode::Conflict, static_cast<std::uint16_t>(ErrorNumber::BadConfiguration),
                  path.string() + " already holds a node's identity, which is never "
                                  "replaced: give another folder"});
    fs::create_directories(path, bad);
    if (bad) return fail_errno(path, "cannot create", bad.value());

    Secrets secrets;
    crypto_sign_keypair(wanted.signing_key.data(), secrets.signing.data());
    crypto_box_keypair(wanted.transport_key.data(), secrets.transport.data());
    wanted.node = node_id(wanted.signing_key);
    const std::string line = routing::node_line(wanted);
    // What is printed must be readable again: bad addresses and names show up here.
    auto checked = routing::parse_node_line(line);
    if (!checked) return checked;

    WipedText text;
    text.text.reserve(kSmallFileMax);  // so that no earlier copy is left behind by growth
    text.text += "weft-key-1\nsigning ";
    append_hex(text.text, secrets.signing);
    text.text += "\ntransport ";
    append_hex(text.text, secrets.transport);
    text.text += "\n";
    if (auto done = write_file(folder.key(), text.text, 0600); !done)
        return std::unexpected(std::move(done).error());
    if (auto done = write_file(folder.line(), line + "\n", 0644); !done)
        return std::unexpected(std::move(done).error());
    return checked;
}

Result<void> remove_node(const fs::path& path) {
    const NodeFolder folder{path};
    std::error_code bad;
    const auto remove_file = [&bad](const fs::path& file) {
        // A file is written beside and renamed: the draft may be left.
        for (const char* end : {"", ".new"})
            if (!bad) fs::remove(file.string() + end, bad);
    };
    for (const char* name : {"data.mdb", "data.mdb.unfinished", "lock.mdb", "lock", "handler",
                             "identity", "identity.2", "sync-failed"})
        remove_file(folder.data() / name);
    for (const fs::path& file : {folder.key(), folder.line(), folder.genesis(), folder.log(),
                                 folder.gossip_keys(), folder.pid(), folder.faults()})
        remove_file(file);
    if (bad)
        return fail(ErrorNumber::DirectoryUnusable, "cannot remove what is in {}: {}",
                    path.string(), bad.message());
    // Each stays when something else is in it.
    fs::remove(folder.data(), bad);
    fs::remove(path, bad);
    return {};
}

Result<routing::NodeRecord> read_node_record(const fs::path& path) {
    auto text = read_file(NodeFolder{path}.line(), kSmallFileMax);
    if (!text) return std::unexpected(std::move(text).error());
    while (!text->empty() && (text->back() == '\n' || text->back() == '\r')) text->pop_back();
    return routing::parse_node_line(*text);
}

Result<std::string> read_genesis(const fs::path& path) {
    const fs::path file = NodeFolder{path}.genesis();
    std::error_code ignored;
    if (!fs::exists(file, ignored))
        return fail(ErrorNumber::BadConfiguration,
                    "{} is missing: 'weft mesh create' writes the genesis file, every node needs a "
                    "copy of it there",
                    file.string());
    auto bytes = read_file(file, kGenesisBytesMax);
    if (!bytes) return bytes;
    if (auto good = routing::decode_genesis(*bytes); !good) {
        Error error = std::move(good).error();
        error.message = file.string() + ": " + error.message;
        return std::unexpected(std::move(error));
    }
    return bytes;
}

Result<ClusterId> read_cluster(const fs::path& path) {
    auto bytes = read_genesis(path);
    if (!bytes) return std::unexpected(std::move(bytes).error());
    return routing::cluster_id(*bytes);
}

Result<void> check_node_key(const fs::path& path, const routing::NodeRecord& record) {
    const fs::path key = NodeFolder{path}.key();
    WipedText text;
    if (auto read = read_secret(key, text); !read) return read;
    Secrets secrets;
    if (!text.text.starts_with("weft-key-1\n") ||
        !read_hex(line_value(text.text, "signing"), secrets.signing) ||
        !read_hex(line_value(text.text, "transport"), secrets.transport))
        return fail(ErrorNumber::BadConfiguration, "{} is not a node key", key.string());
    std::array<std::uint8_t, 32> signing{};
    std::array<std::uint8_t, 32> transport{};
    crypto_sign_ed25519_sk_to_pk(signing.data(), secrets.signing.data());
    crypto_scalarmult_base(transport.data(), secrets.transport.data());
    if (signing != record.signing_key || transport != record.transport_key ||
        record.node != node_id(signing))
        return fail(ErrorNumber::ForeignData, "{} is not the key of the node that {} names",
                    key.string(), NodeFolder{path}.line().string());
    return {};
}

Result<transport::GossipKeys> read_gossip_keys(const fs::path& file) {
    WipedText text;
    if (auto read = read_secret(file, text); !read) return std::unexpected(std::move(read).error());
    auto keys = transport::parse_gossip_keys(text.text);
    if (keys) return keys;
    Error error = std::move(keys).error();
    error.message = file.string() + ": " + error.message;
    return std::unexpected(std::move(error));
}

Result<void> write_gossip_key(const fs::path& file, const transport::GossipKey& key) {
    WipedText text;
    text.text = key.hex();
    text.text += '\n';
    return write_file(file, text.text, 0600);
}

}  // namespace weft::cli
