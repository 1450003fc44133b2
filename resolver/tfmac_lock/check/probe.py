"""What an interpreter says of itself, as one line of JSON on stdout.

Run by the interpreter that is looked at, which may be any CPython from 3.8 on and has nothing but
its standard library: ``python probe.py``. It imports no package that it lists.
"""

from __future__ import annotations

import json
import os
import platform
import site
import sys
import sysconfig

MOST = 5000


def folders() -> list[str]:
    """The folders that packages are imported from; TensorFlow tells them apart by their paths."""
    found = list(site.getsitepackages()) if hasattr(site, "getsitepackages") else []
    if site.ENABLE_USER_SITE:
        found.append(site.getusersitepackages())
    found += [path for path in sys.path if path.endswith(("site-packages", "dist-packages"))]
    return list(dict.fromkeys(path for path in found if os.path.isdir(path)))


def packages() -> dict[str, str]:
    """Names and versions of what is installed; the first of a name is what is imported."""
    from importlib import metadata

    found: dict[str, str] = {}
    for distribution in metadata.distributions():
        name, version = distribution.metadata["Name"], distribution.version
        if name and version and len(found) < MOST:
            found.setdefault(name, version)
    return found


def plugins() -> list[str]:
    """The plugin files that TensorFlow would load, by the paths under which it finds them."""
    found: list[str] = []
    for folder in folders():
        plugins_folder = os.path.join(folder, "tensorflow-plugins")
        if os.path.isdir(plugins_folder):
            found += [
                os.path.join(plugins_folder, name)
                for name in sorted(os.listdir(plugins_folder))
                if name.endswith((".dylib", ".so"))
            ]
    return found[:MOST]


def pip() -> dict[str, str]:
    """Pip's version, and the platform of the wheels that it likes best."""
    try:
        import pip
        from pip._vendor.packaging import tags

        return {"version": pip.__version__, "platform": next(iter(tags.sys_tags())).platform}
    except Exception:
        return {"version": "", "platform": ""}


def main() -> None:
    """Print the answer."""
    answer = {
        "executable": sys.executable,
        "version": platform.python_version(),
        "implementation": platform.python_implementation(),
        "machine": platform.machine(),
        "platform": sysconfig.get_platform(),
        "macos": platform.mac_ver()[0],
        "prefix": sys.prefix,
        "base_prefix": sys.base_prefix,
        "conda": os.path.isdir(os.path.join(sys.prefix, "conda-meta")),
        "packages": packages(),
        "plugins": plugins(),
        "pip": pip(),
    }
    print(json.dumps(answer))


if __name__ == "__main__":
    # The folder of this file holds modules of another program.
    sys.path[:] = [path for path in sys.path if path != os.path.dirname(os.path.abspath(__file__))]
    main()
