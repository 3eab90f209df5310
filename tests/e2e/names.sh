#!/usr/bin/env bash
# Three nodes that know each other by name, on a machine of their own: one whose loopback interface
# is all it has, and whose names stand in a file of FOLDER.
#   names.sh WEFT FOLDER
# Prints what it does; exit code 0: all as it should be. 3: this machine has no namespaces.
set -euo pipefail
weft=$1 folder=$2

if [ -z "${WEFT_NAMES_INSIDE:-}" ]; then
    user=()
    [ "$(id -u)" = 0 ] || user=(--map-root-user)
    unshare "${user[@]}" --mount --pid --net --fork sh -c '
        ip link set lo up && ss -ltn && mount --bind /etc/hosts /etc/hosts' >/dev/null 2>&1 || {
        echo "names.sh: no namespaces here" >&2
        exit 3
    }
    # The first process of a pid namespace: when it ends, all in it end.
    WEFT_NAMES_INSIDE=1 exec unshare "${user[@]}" --mount --pid --net --fork --kill-child \
        "$0" "$weft" "$folder"
fi

cd "$folder"
ip link set lo up
echo "hosts: files" >nsswitch
touch hosts
mount --bind nsswitch /etc/nsswitch.conf
mount --bind hosts /etc/hosts
# Where b is.
names() {
    printf '%s\n' '127.0.0.1 localhost node-a' "$1 node-b" '127.0.0.3 node-c.weft' '10.0.0.1 far' >hosts
}

declare -A host=([a]=node-a [b]=node-b [c]=node-c.weft) process
failed() {
    echo "names.sh: $*"
    tail -n 20 log-*
    exit 1
}
run() {
    "$weft" node run "$1" 2>>"log-$1" &
    process[$1]=$!
}
listens() { grep -qF -- "$1 " <<<"$(ss -ltn)"; }
healthy() { "$weft" health --addr "$all" --exit-when-healthy --timeout 20s >/dev/null || failed "$1"; }
# refuses STATUS TEXT ARGUMENT...: at once, and says why.
refuses() {
    local status=0 wanted=$1 text=$2
    shift 2
    timeout 10 "$weft" "$@" >said 2>&1 || status=$?
    grep -qF -- "$text" said && [ "$status" = "$wanted" ] || failed "weft $* ($status): $(cat said)"
}

names 127.0.0.2
all=
for node in a b c; do
    "$weft" node init $node --name $node --mesh "${host[$node]}:7340" \
        --client "${host[$node]}:7341" >/dev/null || failed "no node $node"
    all+=${all:+,}${host[$node]}:7341
done
"$weft" mesh create --groups 16 "$(cat a/node.line)" "$(cat b/node.line)" "$(cat c/node.line)" \
    >/dev/null || failed "no mesh"
for node in a b c; do
    cp genesis $node/
    run $node
done
healthy "a mesh of names"
listens 127.0.0.2:7340 || failed "b does not listen where its name leads: $(ss -ltn)"
"$weft" put kv/x one --addr node-a:7341 >/dev/null || failed "no put"
[ "$("$weft" get kv/x --raw --addr node-c.weft:7341)" = one ] || failed "no get"

# What a name leads to is said at once.
refuses 3 'cannot resolve nobody: Name or service not known' get kv/x --addr nobody:7341
refuses 3 'far is 10.0.0.1, which is not a loopback address' get kv/x --addr far:7341
refuses 3 'node-b:9 refuses the connection' get kv/x --addr node-b:9
refuses 2 "'no de' is neither an address nor a host name" get kv/x --addr 'no de:1'
refuses 78 'cannot resolve nobody' node run a --listen-mesh nobody:1
refuses 78 'far is 10.0.0.1' node run a --listen-mesh far:1
# One that leads somewhere is enough.
[ "$("$weft" get kv/x --raw --addr nobody:7341,node-a:7341)" = one ] || failed "no get beside nobody"

# b moves: nobody who knows it by name is told.
kill "${process[b]}"
wait "${process[b]}" || failed "b did not stop"
"$weft" put kv/x two --addr node-a:7341 >/dev/null || failed "no put without b"
names 127.0.0.4
run b
healthy "b has moved"
listens 127.0.0.4:7340 || failed "b does not listen where its name leads now"
[ "$("$weft" get kv/x --raw --addr node-b:7341)" = two ] || failed "no get from b"

# A name that is lost: what is connected stays so, and a node that comes again is found where it was.
kill -KILL "${process[c]}"
wait "${process[c]}" 2>/dev/null || true
printf '%s\n' '127.0.0.1 localhost node-a' '127.0.0.4 node-b' >hosts
for _ in $(seq 200); do
    grep -q 'peer.name_unresolved.*cannot resolve node-c.weft' log-a && break
    sleep 0.05
done
grep -q 'peer.name_unresolved.*cannot resolve node-c.weft' log-a || failed "a does not say what is wrong"
"$weft" put kv/x three --addr node-a:7341 >/dev/null || failed "no put without c"
"$weft" node run c --listen-mesh 127.0.0.3:7340 --listen-client 127.0.0.3:7341 2>>log-c &
process[c]=$!
# Everybody sees it again: what "weft peers" says of it at a and b, and of them at c.
for _ in $(seq 200); do
    "$weft" -o csv peers --addr node-a:7341,node-b:7341,127.0.0.3:7341 >peers 2>/dev/null || true
    [ "$(grep -c ',up,' peers)" = 6 ] && break
    sleep 0.05
done
[ "$(grep -c ',up,' peers)" = 6 ] || failed "somebody is missed: $(cat peers)"
[ "$(grep -c 'peer.name_unresolved' log-a)" = 1 ] || failed "a repeats what is wrong"
kill "${process[@]}"
wait
echo "names.sh: as it should be"
