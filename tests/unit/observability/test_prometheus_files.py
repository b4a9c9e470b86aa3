"""Alerts and dashboards as Prometheus and Grafana read them."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from tests.expositions import table

REPOSITORY = Path(__file__).parents[3]
PROMETHEUS = REPOSITORY / "docker" / "prometheus"
GRAFANA = REPOSITORY / "docker" / "grafana"
RULES = [
    rule
    for group in yaml.safe_load((PROMETHEUS / "alerts.yml").read_text("utf-8"))["groups"]
    for rule in group["rules"]
]
BOARDS = [json.loads(path.read_text("utf-8")) for path in (GRAFANA / "dashboards").glob("*.json")]
needs_promtool = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="promtool comes with Prometheus"
)


def promtool(*arguments: str | Path) -> str:
    done = subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@needs_promtool
def test_prometheus_accepts_its_configuration_and_the_alerts() -> None:
    promtool("check", "config", "--syntax-only", PROMETHEUS / "prometheus.yml")
    assert f"{len(RULES)} rules found" in promtool("check", "rules", PROMETHEUS / "alerts.yml")


@needs_promtool
def test_alerts_fire_when_they_should_and_not_before() -> None:
    promtool("test", "rules", PROMETHEUS / "alerts_test.yml")


@needs_promtool
def test_every_query_of_the_dashboards_is_one(tmp_path: Path) -> None:
    queries = [target["expr"] for board in BOARDS for target in targets(board)]
    rules = [
        {"record": f"query:{number}", "expr": query.replace("$__rate_interval", "5m")}
        for number, query in enumerate(queries)
    ]
    file = tmp_path / "queries.yml"
    file.write_text(json.dumps({"groups": [{"name": "queries", "rules": rules}]}), "utf-8")
    assert f"{len(queries)} rules found" in promtool("check", "rules", file)


def test_every_alert_says_how_urgent_it_is_and_what_to_do() -> None:
    runbook = REPOSITORY / "docs" / "operations.md"
    headings = re.findall(r"^#+ (.+)$", runbook.read_text("utf-8"), re.MULTILINE)
    anchors = {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}
    for rule in RULES:
        assert rule["labels"]["severity"] in ("page", "ticket")
        file, _, anchor = rule["annotations"]["runbook"].partition("#")
        assert (REPOSITORY / file) == runbook
        assert anchor in anchors, f"{rule['alert']}: {file} has no section #{anchor}"


def test_dashboards_ask_the_source_that_is_provisioned() -> None:
    file = GRAFANA / "provisioning" / "datasources" / "prometheus.yaml"
    (source,) = yaml.safe_load(file.read_text("utf-8"))["datasources"]
    for board in BOARDS:
        for target in targets(board):
            assert target["datasource"] == {"type": source["type"], "uid": source["uid"]}
    assert len({board["uid"] for board in BOARDS}) == len(BOARDS) == 2


def test_the_documentation_names_no_metric_that_is_not_there() -> None:
    series = table().keys() | {name for metric in table().values() for name in metric.series}
    for file in [REPOSITORY / "README.md", *(REPOSITORY / "docs").rglob("*.md")]:
        named = set(re.findall(r"\bnewsstand_\w+", file.read_text("utf-8")))
        assert named - {"newsstand_client"} <= series, file.name


def targets(board: dict) -> list[dict]:
    return [target for panel in board["panels"] for target in panel.get("targets", ())]
