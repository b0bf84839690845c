#!/usr/bin/env bash
# What `mailwright generate ann@outlook.com` costs as a whole process: time against `cp -r` of the
# tree that it writes, taken in turn so that both see the same machine, and its peak of memory.
#
#   benches/generate.sh [rounds]       (default 40; needs cargo, python3 and GNU time)
#
# PROGRAM names a finished mailwright, such as target/dist/mailwright; without it, the release profile is
# built.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [ -z "${PROGRAM-}" ]; then
    cargo build --release --locked --quiet
    PROGRAM=${CARGO_TARGET_DIR:-target}/release/mailwright
fi
exec python3 - "$(realpath "$PROGRAM")" "${1:-40}" <<'PYTHON'
import os, shutil, statistics, subprocess, sys, tempfile, time

program, rounds = sys.argv[1], int(sys.argv[2])


def run(*command):
    """Milliseconds of one process, from its start to its end."""
    before = time.perf_counter()
    pid = os.posix_spawnp(
        command[0], command, os.environ,
        file_actions=[(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_WRONLY, 0) for fd in (1, 2)],
    )
    _, status = os.waitpid(pid, 0)
    taken = (time.perf_counter() - before) * 1000
    assert status == 0, f"{command} ended with {status}"
    return taken


def peak(*command):
    """Its peak of memory in MiB; GNU time is small, a child of Python counts Python's own."""
    said = subprocess.run(("time", "-f", "%M", *command), capture_output=True, text=True, check=True)
    return int(said.stderr.split()[-1]) / 1024


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    os.environ["HOME"] = folder
    figures = {"mailwright": [], "over an older bundle": [], "cp -r": []}
    for n in range(rounds + 3):
        generate = (program, "generate", "ann@outlook.com", "--out", "new")
        first = run(*generate)
        again = run(*generate)
        copied = run("cp", "-r", "new", "copy")
        tree = [os.path.join(at, name) for at, _, names in os.walk("new") for name in names]
        size = sum(map(os.path.getsize, tree))
        shutil.rmtree("new")
        shutil.rmtree("copy")
        if n < 3:  # the first rounds fill the caches
            continue
        for name, taken in zip(figures, (first, again, copied)):
            figures[name].append(taken)
    memory = max(peak(*generate) for _ in range(5))

copy = statistics.median(figures["cp -r"])
print(f"{len(tree)} files, {size} bytes, {rounds} rounds in turn")
for name, taken in figures.items():
    middle = statistics.median(taken)
    print(f"{name:22} median {middle:6.2f} ms, best {min(taken):6.2f} ms, {middle / copy:5.2f} of cp -r")
print(f"{'peak memory':22} {memory:.1f} MiB")
PYTHON
