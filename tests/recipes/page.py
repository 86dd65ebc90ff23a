"""What the tests of the recipes share: the steps of a page, and a copy of the tree to follow them in."""
import os
import re
import shutil
import subprocess


def read(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as stream:
        return stream.read()


def write(root, path, text, mode="w"):
    path = os.path.join(root, path)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, mode, encoding="utf-8") as stream:
        stream.write(text)


def file(text, pattern):
    """The path that a step "Write `path`" names, and the code block that follows it."""
    found = re.search(rf"Write\s+`({pattern})`.*?```\w+\n(.*?)```", text, re.S)
    return found.group(1), found.group(2)


def line(text, path):
    """The line that a step "Add one line to `path`" gives."""
    found = re.search(rf"Add one line to\s+`{re.escape(path)}`.*?```\w*\n(.*?\n)```", text, re.S)
    return found.group(1)


def copy_tree(root, to):
    """The tracked files, or all files of the source folders where the tree is no clone."""
    command = ["git", "-C", root, "ls-files", "-z"]
    listed = subprocess.run(command, capture_output=True, text=True, check=False)
    if listed.returncode == 0 and listed.stdout:
        for path in listed.stdout.split("\0"):
            if path and os.path.exists(os.path.join(root, path)):
                os.makedirs(os.path.join(to, os.path.dirname(path)), exist_ok=True)
                shutil.copy(os.path.join(root, path), os.path.join(to, path))
        return
    shutil.copytree(root, to, dirs_exist_ok=True,
                    ignore=shutil.ignore_patterns(".*", "build*", "results", "data", "__pycache__"))
    shutil.copy(os.path.join(root, ".clang-format"), to)


def laid_out(root, path):
    """Fails where a page's code has another layout than clang-format 14 gives it."""
    if not shutil.which("clang-format"):
        return
    version = subprocess.run(["clang-format", "--version"], capture_output=True, text=True, check=True).stdout
    if "version 14." in version:
        subprocess.run(["clang-format", "--dry-run", "-Werror", path], cwd=root, check=True)
