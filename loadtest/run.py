"""One run: set the scene, let Locust play, gather what came of it."""

import types
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import gevent
from locust import LoadTestShape, User
from locust.env import Environment
from locust.html import get_html_report
from locust.stats import StatsEntry, stats_history

from loadtest import day, log_day, news_day, profiles, setting
from loadtest.gate import Answered, Results
from loadtest.replay import Timeline, seats
from loadtest.scene import Scene
from loadtest.visitor import Visitor

LAST_ACTS_SECONDS: Final = 15
"""So long a run waits for what has begun; then it is over."""
SPAWN_RATE: Final = 100.0


def play(scene: Scene, address: str, headers: Mapping[str, str]) -> tuple[Results, str]:
    """A news day; what it gave, and Locust's own report in HTML. Raises SceneFailed."""
    setting.stock(scene, address, headers)
    shape = _Shape(scene, lambda: _by_the_hour(scene))
    return _played(scene, news_day.USERS, shape, address, headers)


def replay(
    scene: Scene, timeline: Timeline, address: str, headers: Mapping[str, str]
) -> tuple[Results, str]:
    """A logged day; what it gave, and Locust's own report in HTML. Raises SceneFailed."""
    readers = setting.logged_past(scene, timeline, address, headers)
    crowd = scene.profile.crowd.readers + scene.profile.crowd.strangers
    seated = iter(seats(timeline.visits, crowd))
    shared = {"timeline": timeline, "seats": seated, "readers": readers}
    users = [_with(user, **shared) for user in log_day.USERS]
    everyone = _Shape(scene, lambda: crowd)  # the log says who comes when
    return _played(scene, users, everyone, address, headers)


class _Shape(LoadTestShape):
    """As many readers as are ``present``; the end of the profile's time is the end."""

    def __init__(self, scene: Scene, present: Callable[[], int]) -> None:
        super().__init__()
        self._scene, self._present = scene, present

    def tick(self) -> tuple[int, float] | None:
        if self._scene.seconds >= self._scene.profile.seconds:
            return None
        return self._present() + 1, SPAWN_RATE  # and one newsroom


def _by_the_hour(scene: Scene) -> int:
    crowd = scene.profile.crowd
    return max(2, round((crowd.readers + crowd.strangers) * day.present(scene.moment)))


def _played(
    scene: Scene,
    users: Sequence[type[Visitor]],
    shape: _Shape,
    address: str,
    headers: Mapping[str, str],
) -> tuple[Results, str]:
    classes: list[type[User]] = [
        _with(user, scene=scene, default_headers=dict(headers)) for user in users
    ]
    _weigh(classes, scene.profile.crowd)
    environment = Environment(
        user_classes=classes,
        shape_class=shape,
        host=address,
        stop_timeout=LAST_ACTS_SECONDS,
        locustfile="loadtest",
    )
    runner = environment.create_local_runner()
    gevent.spawn(stats_history, runner)
    scene.begins()
    runner.start_shape()
    assert runner.shape_greenlet is not None
    runner.shape_greenlet.join(scene.profile.seconds + LAST_ACTS_SECONDS)
    runner.quit()
    calls = {
        f"{entry.method} {entry.name}": _answered(scene, entry)
        for entry in environment.stats.entries.values()
    }
    broken = [str(error["msg"]) for error in runner.exceptions.values()]
    return _results(scene, calls, broken), get_html_report(environment, show_download_link=False)


def _with(user: type[Visitor], **shared: Any) -> type[Visitor]:
    """The user class with what all of its users share."""
    with_it: type[Visitor] = types.new_class(
        user.__name__, (user,), exec_body=lambda namespace: namespace.update(shared)
    )
    return with_it


def _weigh(classes: Sequence[type[User]], crowd: profiles.Crowd) -> None:
    for one in classes:
        one.weight = crowd.strangers if one.__name__ == "Stranger" else crowd.readers


def _answered(scene: Scene, entry: StatsEntry) -> Answered:
    call = f"{entry.method} {entry.name}"
    p50, p95, p99 = map(entry.get_response_time_percentile, (0.5, 0.95, 0.99))
    failed = scene.tally.failed[call]
    return Answered(entry.num_requests, entry.total_rps, failed, p50, p95, p99)


def _results(scene: Scene, calls: Mapping[str, Answered], broken: Sequence[str]) -> Results:
    tally = scene.tally
    return Results(
        seconds=scene.seconds,
        calls=calls,
        faults=tally.faults,
        examples=tally.examples,
        recommendations=tally.recommendations,
        without_state=tally.without_state,
        late_seconds=tally.late_seconds,
        broken=broken,
    )
