#!/usr/bin/env bash
# Makes ROOT a system that has nothing but what the given packages say they need, and Debian's
# essential packages: their files are copied from this machine. Installs the packages there with
# dpkg and runs SCRIPT in it, in namespaces of its own: with a loopback interface and nothing else.
#   bare_root.sh ROOT SCRIPT PACKAGE.deb...
# Needs root or user namespaces; nothing is downloaded. Exit code 3: this machine cannot do it.
set -euo pipefail
root=$1 script=$2
shift 2

if [ -z "${WEFT_BARE_ROOT:-}" ]; then
    user=()
    [ "$(id -u)" = 0 ] || user=(--map-root-user)
    unshare "${user[@]}" --mount --pid --net --fork true 2>/dev/null || {
        echo "bare_root.sh: no namespaces here" >&2
        exit 3
    }
    # The first process of a pid namespace: when it ends, all in it end.
    WEFT_BARE_ROOT=1 exec unshare "${user[@]}" --mount --pid --net --fork --kill-child \
        "$0" "$root" "$script" "$@"
fi

# ---- what the packages need
# Of each of "a (>= 1) | b, c:any" the first that is installed here; no package of ours.
needed=$(
    {
        dpkg-query -W -f '${db:Status-Status}\t${Essential}\t${Package}\t${Provides}\t${Pre-Depends}, ${Depends}\n'
        for package in "$@"; do
            printf 'ours\tyes\t%s\t\t%s\n' "$(dpkg-deb -f "$package" Package)" \
                "$(dpkg-deb -f "$package" Depends)"
        done
    } | awk -F'\t' '
        function bare(text) { gsub(/\([^)]*\)|:[a-z0-9]+|[[:space:]]/, "", text); return text }
        function need(term,    i, names, n) {
            n = split(term, names, "|")
            for (i = 1; i <= n; ++i)
                if (names[i] in provider) {
                    if (!(provider[names[i]] in known)) {
                        known[provider[names[i]]] = 1
                        queue[++last] = provider[names[i]]
                    }
                    return
                }
            print "bare_root.sh: " term " is needed and not installed here" >"/dev/stderr"
        }
        $1 == "installed" || $1 == "ours" {
            provider[$3] = $3
            ours[$3] = $1 == "ours"
            depends[$3] = bare($5)
            if ($2 == "yes") essential[$3] = 1
            n = split(bare($4), names, ",")
            for (i = 1; i <= n; ++i) if (!(names[i] in provider)) provider[names[i]] = $3
        }
        END {
            for (package in essential) need(package)
            for (at = 1; at <= last; ++at) {
                if (!ours[queue[at]]) print queue[at]
                n = split(depends[queue[at]], terms, ",")
                for (i = 1; i <= n; ++i) if (terms[i] != "") need(terms[i])
            }
        }'
)

# ---- the root
mkdir -p "$root"/{proc,dev,tmp,root,var/{log,lib/dpkg/{info,updates,triggers}},usr/{bin,sbin,lib,lib64}}
for folder in bin sbin lib lib64; do
    [ ! -L "/$folder" ] || [ -e "$root/$folder" ] || ln -s "usr/$folder" "$root/$folder"
done
for package in $needed; do
    dpkg-query -s "$package" && echo
    for list in "/var/lib/dpkg/info/$package".list "/var/lib/dpkg/info/$package":*.list; do
        [ ! -e "$list" ] || cp "$list" "$root/var/lib/dpkg/info/"
    done
done >"$root/var/lib/dpkg/status"
touch "$root/var/lib/dpkg/available"
cat "$root"/var/lib/dpkg/info/*.list | sort -u | while read -r file; do
    case $file in
        */share/doc/* | */share/man/* | */share/locale/*) ;;
        *) [ ! -e "$file" ] && [ ! -L "$file" ] || [ -d "$file" ] || echo "${file#/}" ;;
    esac
done >"$root/files"
tar -C / --create --files-from "$root/files" | tar -C "$root" --extract --keep-directory-symlink
rm "$root/files"
for device in null urandom; do
    touch "$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
done
mount -t proc proc "$root/proc"
ip link set lo up
printf 'root:x:0:0:root:/root:/bin/sh\n' >"$root/etc/passwd"
printf 'root:x:0:\n' >"$root/etc/group"
chroot "$root" ldconfig

# ---- the packages, and what is to be tried
cp "$@" "$root/tmp/"
cp "$script" "$root/tmp/script"
env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C chroot "$root" sh -ec '
    dpkg --install /tmp/*.deb
    exec sh -e /tmp/script'
