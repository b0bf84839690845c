#!/usr/bin/env bash
# What `mailwright generate --users` costs for many users: folders against `cp -r` of the finished tree,
# one zip against `zip -q -r` of it, one tar.zst against tar and zstd, taken in turn so that all see the
# same machine.
#
#   benches/rollout.sh [users] [rounds]      (default 20000 and 3; needs cargo, zip and GNU time; with
#                                             zstd also the tar)
#
# PROGRAM names a finished mailwright; without it, the release profile is built.
# TMPDIR says on which file system; each round begins with empty folders.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

users=${1:-20000} rounds=${2:-3}
if [ -z "${PROGRAM-}" ]; then
    cargo build --release --locked --quiet
    PROGRAM=${CARGO_TARGET_DIR:-target}/release/mailwright
fi
program=$(realpath "$PROGRAM")
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
{
    echo mail,name
    for ((n = 0; n < users; n++)); do echo "user$n@outlook.com,User $n Example"; done
} >users.csv

took() { # seconds and peak memory of a command
    command time -f '%e %M' -o took "$@" >/dev/null 2>&1
    cat took
}
report() { printf '%-28s %7.2f s  %5.2f of %s  %s\n' "$1" "$2" "$(bc -l <<<"$2 / $3")" "$4" "$5"; }

for ((round = 1; round <= rounds; round++)); do
    read -r folders memory < <(took "$program" generate -q --users users.csv -o out)
    read -r copy _ < <(took cp -r out copy)
    rm -rf copy
    read -r zip6 memory6 < <(took "$program" generate -q --users users.csv -o zip6 --zip)
    read -r zip1 _ < <(took "$program" generate -q --users users.csv -o zip1 --zip --zip-level 1)
    read -r zip _ < <(cd out && took zip -q -r ../all.zip .)
    [ "$round" -gt 1 ] || echo "$users users, $(find out -type f | wc -l) files, $(du -sb out | cut -f1) bytes"
    report folders "$folders" "$copy" "cp -r" "$((memory / 1024)) MiB"
    report 'one zip, level 6' "$zip6" "$zip" "zip -q -r" "$((memory6 / 1024)) MiB"
    report 'one zip, level 1' "$zip1" "$zip" "zip -q -r" ''
    if command -v zstd >/dev/null; then
        read -r tar3 memory3 < <(took "$program" generate -q --users users.csv -o tar3 --tar)
        read -r tar _ < <(cd out && took sh -c 'tar -c . | zstd -q -3 -T2 >../all.tar.zst')
        report 'one tar.zst, level 3' "$tar3" "$tar" "tar | zstd -3 -T2" "$((memory3 / 1024)) MiB"
    fi
    rm -rf out zip6 zip1 tar3 all.zip all.tar.zst
done
