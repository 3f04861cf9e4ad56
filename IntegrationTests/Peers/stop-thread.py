#!/usr/bin/env python3
"""Stops one thread of a running program, as if it hung, and lets it go on when told to end.

    stop-thread.py PID NAME     NAME is what `top -H` shows; SIGTERM = go on

The kernel lets a thread go on by itself when whoever traces it has ended.
"""
import ctypes, os, signal, sys

PTRACE_SEIZE, PTRACE_INTERRUPT = 0x4206, 0x4207
WALL = 0x40000000

process, name = int(sys.argv[1]), sys.argv[2]
tasks = f"/proc/{process}/task"
found = [int(task) for task in os.listdir(tasks) if open(f"{tasks}/{task}/comm").read().strip() == name]
if len(found) != 1:
    sys.exit(f"process {process} has {len(found)} threads of the name {name}")
libc = ctypes.CDLL(None, use_errno=True)
for request in (PTRACE_SEIZE, PTRACE_INTERRUPT):
    if libc.ptrace(request, found[0], None, None) != 0:
        sys.exit(f"ptrace: {os.strerror(ctypes.get_errno())}")
os.waitpid(found[0], WALL)
print("stopped", flush=True)
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
signal.pause()
