"""Fail if an installed package has a known vulnerability; say so if nobody can be asked."""

import json
import subprocess
import sys
from typing import Any

IGNORED: tuple[str, ...] = ()
"""Vulnerabilities that do not concern us: each with a comment that says why."""
COMMAND = [sys.executable, "-m", "pip_audit", "--local", "--skip-editable", "--format", "json"]


def main() -> None:
    """Exit status 1 for a vulnerability, 0 where there is none or it cannot be known."""
    ignored = [f"--ignore-vuln={name}" for name in IGNORED]
    quiet = ["--progress-spinner", "off", "--timeout", "10"]
    done = subprocess.run([*COMMAND, *quiet, *ignored], capture_output=True, text=True)
    try:
        packages = json.loads(done.stdout)["dependencies"]
    except ValueError:
        last = done.stderr.strip().rpartition("\n")[2]
        print(f"audit: no package was looked up, for the service does not answer: {last[:200]}")
        return
    audited = [package for package in packages if "vulns" in package]
    print(f"audit: {len(audited)} of {len(packages)} packages could be looked up")
    found = [line for package in audited for line in _told(package)]
    if found:
        sys.exit("\n".join(found))


def _told(package: dict[str, Any]) -> list[str]:
    name = f"{package['name']} {package['version']}"
    return [
        f"{name}: {each['id']}, fixed in {', '.join(each['fix_versions']) or 'no version yet'}"
        for each in package["vulns"]
    ]


if __name__ == "__main__":
    main()
