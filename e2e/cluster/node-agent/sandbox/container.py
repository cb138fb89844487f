"""Becomes the process of a container, in its Pod's network and a root of its own. Takes one argument, JSON:

{"pod": PID, "scratch": FOLDER, "readOnlyRoot": BOOL, "mounts": [{"source", "target", "readOnly"}],
 "workingDir": FOLDER, "command": [PROGRAM, ARGUMENT…]}

The root has all that the machine has, and what is written there goes to memory and is seen by nobody else.
File descriptor 3 gets the reason when something fails, and is closed when the program runs.
"""

import json
import os
import sys

import kernel

# The kernel's own file systems, which are the same everywhere.
SHARED = ("dev", "proc", "sys")


def build_root(scratch: str) -> list[str]:
    """Returns the mounts that make the root, whose root/ is it."""
    kernel.mount("tmpfs", scratch, "tmpfs", data="mode=755")
    root = f"{scratch}/root"
    os.mkdir(root)
    kernel.bind(root, root)
    made = [root]
    for name in sorted(os.listdir("/")):
        source, target = f"/{name}", f"{root}/{name}"
        if os.path.islink(source):
            os.symlink(os.readlink(source), target)
        elif os.path.isdir(source):
            os.mkdir(target)
            if not cover(scratch, name, target):
                kernel.bind(source, target)
            if name not in SHARED:
                made.append(target)
    return made


def cover(scratch: str, name: str, target: str) -> bool:
    """An overlay over a folder of the machine. Not possible where the machine itself has mounts below it."""
    if name in SHARED:
        return False
    upper, work = f"{scratch}/upper/{name}", f"{scratch}/work/{name}"
    for each in (upper, work):
        os.makedirs(each)
    # Permissions of an overlay's root are those of the upper folder.
    os.chmod(upper, os.stat(f"/{name}").st_mode & 0o7777)
    try:
        kernel.mount("overlay", target, "overlay", data=f"lowerdir=/{name},upperdir={upper},workdir={work},userxattr")
        return True
    except OSError:
        return False


def place(root: str, source: str, target: str, read_only: bool) -> None:
    """Bind-mounts a folder or file; a symbolic link on the way to the target is followed inside of the root."""
    full = inside(root, target)
    if os.path.isdir(source):
        os.makedirs(full, exist_ok=True)
    else:
        os.makedirs(os.path.dirname(full), exist_ok=True)
        if not os.path.exists(full):
            open(full, "w").close()
    kernel.bind(source, full)
    if read_only:
        kernel.make_read_only(full)


def inside(root: str, path: str) -> str:
    """Where a path of the container is; /var/run, for one, is a link to /run, which must not lead to the machine's."""
    result = root
    parts = [part for part in path.split("/") if part]
    hops = 0
    while parts:
        part = parts.pop(0)
        if part == "..":
            result = os.path.dirname(result) if result != root else root
            continue
        if part == ".":
            continue
        here = f"{result}/{part}"
        if os.path.islink(here) and hops < 40:
            hops += 1
            link = os.readlink(here)
            parts = [each for each in link.split("/") if each] + parts
            if link.startswith("/"):
                result = root
            continue
        result = here
    return result


def enter(options: dict) -> None:
    for kind in ("net", "uts"):
        kernel.setns(kernel.namespace(kind, str(options["pod"])))
    kernel.unshare(kernel.CLONE_NEWNS)
    kernel.mount("none", "/", flags=kernel.MS_REC | kernel.MS_PRIVATE)
    scratch = options["scratch"]
    made = build_root(scratch)
    root = f"{scratch}/root"
    for each in sorted(options["mounts"], key=lambda each: each["target"].count("/")):
        place(root, each["source"], each["target"], each["readOnly"])
    if options["readOnlyRoot"]:
        for each in made:
            kernel.make_read_only(each)
    kernel.pivot_root(root)
    os.chdir(options["workingDir"])


try:
    options = json.loads(sys.argv[1])
    os.set_inheritable(3, False)
    enter(options)
    command = options["command"]
    os.execvp(command[0], command)
except OSError as error:
    os.write(3, str(error).encode())
    sys.exit(128)
