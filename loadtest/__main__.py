"""``python -m loadtest smoke``: play a day against a service, judge it, and write a report.

It ends with status 0 if the day has passed, 1 if it has not, 2 if it could not be played.
"""

# isort: off
import locust  # noqa: F401 - first: it makes sockets cooperative before anything else uses them

# isort: on
import argparse
import sys
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Final

from bench.machine import describe
from bench.model import may_name_a_model
from loadtest import gate, report
from loadtest.profiles import PROFILES, Profile
from loadtest.replay import Timeline, timeline
from loadtest.run import play, replay
from loadtest.scene import Scene
from loadtest.setting import SceneFailed
from loadtest.target import Refused, checked, headers, service_of_own
from service.errors import SetupError
from service.replay.formats import open_log

LONGEST_SECONDS: Final = 86_400.0


def main() -> None:
    """The command."""
    options = _options()
    try:
        sys.exit(0 if _passes(options) else 1)
    except (Refused, SceneFailed, SetupError) as error:
        print(error, file=sys.stderr)
        sys.exit(2)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m loadtest", description=__doc__)
    about = "; ".join(f"{profile.name}: {profile.about}" for profile in PROFILES.values())
    parser.add_argument("profile", choices=PROFILES, help=about)
    parser.add_argument("--to", metavar="URL", help="a service that runs; without: one is started")
    may_name_a_model(parser)
    parser.add_argument("--replay", type=Path, nargs="+", metavar="FOLDER", help="MIND or EB-NeRD")
    parser.add_argument("--speed", type=float, help="of a replay: times its real pace")
    parser.add_argument("--seconds", type=float, help="instead of the profile's time")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--report", type=Path, metavar="FOLDER", help="default: runs/loadtest/…")
    parser.add_argument(
        "--i-own-this-host", action="store_true", help="and may load it, although it is not local"
    )
    options = parser.parse_args()
    if options.seconds is not None and not 0 < options.seconds <= LONGEST_SECONDS:
        parser.error("--seconds is more than 0 and at most a day")
    if options.speed is not None and options.speed <= 0:
        parser.error("--speed is more than 0")
    return options


def _passes(options: argparse.Namespace) -> bool:
    profile = _profile(options)
    to = checked(options.to, owned=options.i_own_this_host) if options.to else None
    day = _day(options, profile)
    with ExitStack() as stack:
        address = to or stack.enter_context(service_of_own(options.model_store, options.model))
        scene = Scene.of(profile, options.seed)
        print(f"{profile.name} for {profile.seconds:g} s against {address}", flush=True)
        if day is None:
            results, locust_page = play(scene, address, headers())
        else:
            results, locust_page = replay(scene, day, address, headers())
    rows = gate.verdict(results, profile.limits)
    facts = _facts(options, scene, to, day)
    folder = options.report or Path("runs/loadtest") / f"{profile.name}-{scene.prefix[:-1]}"
    page = report.write(folder, f"Load test {profile.name}", rows, results, facts, locust_page)
    print(f"{gate.table(rows)}\n{'passed' if gate.passed(rows) else 'FAILED'}; see {page}")
    return gate.passed(rows)


def _profile(options: argparse.Namespace) -> Profile:
    profile = PROFILES[options.profile]
    return replace(
        profile,
        seconds=options.seconds or profile.seconds,
        speed=options.speed or profile.speed,
    )


def _day(options: argparse.Namespace, profile: Profile) -> Timeline | None:
    if not options.replay:
        return None
    return timeline(open_log(options.replay), profile.seconds, profile.speed)


def _facts(
    options: argparse.Namespace, scene: Scene, to: str | None, day: Timeline | None
) -> Mapping[str, str]:
    profile, crowd = scene.profile, scene.profile.crowd
    facts = {
        "begun": scene.started_at.isoformat(timespec="seconds"),
        "machine of the load": describe(),
        "service": to or f"started for this run, {options.model}",
        "profile": f"{profile.name}, {profile.seconds:g} s: {profile.about}",
        "seed": str(options.seed),
    }
    if day is None:
        stock = profile.newsroom.stock
        facts["crowd"] = f"up to {crowd.readers} readers and {crowd.strangers} strangers at once"
        facts["articles"] = f"{stock} before the day begins, {len(scene.shelf.articles)} at its end"
    else:
        facts["replayed"] = (
            f"{', '.join(map(str, options.replay))}, {profile.speed:g} times as fast as it was: "
            f"{len(day.visits)} visits, {len(day.stock)} articles before them, "
            f"{len(day.breaking)} while they came"
        )
        facts["generated titles"] = f"{day.generated}, marked as generated"
    return facts


if __name__ == "__main__":
    main()
