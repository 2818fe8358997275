"""What a benchmark ran on, in words."""

from __future__ import annotations

import os
import platform
from importlib.metadata import version
from pathlib import Path

from scenetext.runtime import cpu_count


def describe() -> str:
    """Processor, cores this process may use, memory, system and Python, in one line."""
    return (
        f"{cpu_count()} cores of {_processor()}{_memory()}, {platform.system()}, "
        f"Python {platform.python_version()}"
    )


def versions(*packages: str) -> str:
    """Installed packages with their versions."""
    return ", ".join(f"{name} {version(name)}" for name in packages)


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:  # not Linux
        pass
    return platform.processor() or platform.machine()


def _memory() -> str:
    try:
        return f", {os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB"
    except (AttributeError, ValueError, OSError):  # not known here
        return ""
