"""The manifests: whether Kubernetes would take them, and whether they fit each other and us."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from service.adapters.policy_file import read_policies
from service.api import operations
from service.server import SHUTDOWN_SECONDS
from service.settings import Settings
from tests.expositions import table

REPOSITORY = Path(__file__).parents[3]
FOLDER = REPOSITORY / "docker" / "kubernetes"
KUBERNETES = "1.37"
NOT_APPLIED = {"secrets.example.yaml", "prometheus-adapter.yaml", "kustomization.yaml"}
Manifest = dict[str, Any]


def manifests(file: Path) -> list[Manifest]:
    return list(yaml.safe_load_all(file.read_text("utf-8")))


FILES = sorted(FOLDER.glob("*.yaml"))
ALL = [manifest for file in FILES for manifest in manifests(file)]


def one(kind: str, name: str) -> Manifest:
    (found,) = [m for m in ALL if (m["kind"], m.get("metadata", {}).get("name")) == (kind, name)]
    return found


def pod_of(workload: Manifest) -> Manifest:
    return workload["spec"]["template"]["spec"]


WORKLOADS = [one("Deployment", "newsstand"), one("StatefulSet", "valkey")]
(SERVICE,) = pod_of(one("Deployment", "newsstand"))["containers"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_manifest_is_what_the_schema_says(file: Path) -> None:
    for manifest in manifests(file):
        if manifest["kind"] != "Kustomization":
            kubernetes_validate.validate(manifest, KUBERNETES, strict=True)


def test_all_is_applied_that_is_ours_and_nothing_twice() -> None:
    kustomization = one_kustomization()
    assert set(kustomization["resources"]) == {file.name for file in FILES} - NOT_APPLIED
    applied = [m for name in kustomization["resources"] for m in manifests(FOLDER / name)]
    named = [(manifest["kind"], manifest["metadata"]["name"]) for manifest in applied]
    assert len(set(named)) == len(named)
    assert SERVICE["image"] in {image["name"] for image in kustomization["images"]}


def one_kustomization() -> Manifest:
    (kustomization,) = manifests(FOLDER / "kustomization.yaml")
    return kustomization


def test_whoever_selects_pods_finds_them() -> None:
    labelled = {workload["metadata"]["name"]: labels_of(workload) for workload in WORKLOADS}
    for workload in WORKLOADS:
        assert workload["spec"]["selector"]["matchLabels"].items() <= labels_of(workload).items()
    for kind, name in [
        ("Service", "newsstand"),
        ("Service", "valkey"),
        ("PodDisruptionBudget", "newsstand"),
        ("NetworkPolicy", "newsstand"),
        ("NetworkPolicy", "valkey"),
    ]:
        spec = one(kind, name)["spec"]
        selector = spec.get("podSelector") or spec["selector"]
        wanted = selector.get("matchLabels", selector)
        assert wanted.items() <= labelled[name].items(), (kind, name)
    for policy in ("newsstand", "valkey"):
        for selector in selectors_in(one("NetworkPolicy", policy)["spec"]):
            assert any(selector.items() <= labels.items() for labels in labelled.values())


def labels_of(workload: Manifest) -> dict[str, str]:
    return workload["spec"]["template"]["metadata"]["labels"]


def selectors_in(spec: Manifest) -> Iterator[dict[str, str]]:
    for rule in [*spec.get("ingress", []), *spec.get("egress", [])]:
        for peer in [*rule.get("from", []), *rule.get("to", [])]:
            if "podSelector" in peer:
                yield peer["podSelector"]["matchLabels"]


def test_every_port_that_is_named_is_there() -> None:
    for workload in WORKLOADS:
        name = workload["metadata"]["name"]
        (container,) = pod_of(workload)["containers"]
        named = {port["name"]: port["containerPort"] for port in container["ports"]}
        for port in one("Service", name)["spec"]["ports"]:
            assert port["targetPort"] in named
        for rule in one("NetworkPolicy", name)["spec"]["ingress"]:
            assert {port["port"] for port in rule["ports"]} <= named.keys()
        for probe in probes(container):
            asked = probe.get("httpGet") or probe.get("tcpSocket")
            assert asked is None or asked["port"] in named
    (http,) = SERVICE["ports"]
    configured = one("ConfigMap", "newsstand")["data"]
    assert str(http["containerPort"]) == configured["NEWSSTAND_PORT"]
    annotations = one("Deployment", "newsstand")["spec"]["template"]["metadata"]["annotations"]
    assert annotations["prometheus.io/port"] == configured["NEWSSTAND_PORT"]
    (rule,) = one("Ingress", "newsstand")["spec"]["rules"]
    (path,) = rule["http"]["paths"]
    behind = path["backend"]["service"]
    (port,) = one("Service", behind["name"])["spec"]["ports"]
    assert behind["port"]["name"] == port["name"]


def probes(container: Manifest) -> list[Manifest]:
    return [container[f"{kind}Probe"] for kind in ("startup", "readiness", "liveness")]


def test_probes_and_prometheus_ask_routes_that_exist() -> None:
    routes = {route.path for route in operations.router.routes}  # type: ignore[attr-defined]
    assert {probe["httpGet"]["path"] for probe in probes(SERVICE)} <= routes
    annotations = one("Deployment", "newsstand")["spec"]["template"]["metadata"]["annotations"]
    assert annotations["prometheus.io/path"] in routes


def test_a_pod_whose_state_store_is_away_is_neither_left_out_nor_restarted() -> None:
    starting, ready, live = probes(SERVICE)
    assert starting["httpGet"]["path"] == "/health/ready"
    assert ready["httpGet"]["path"] == live["httpGet"]["path"] == "/health/live"


def test_the_environment_is_settings_that_the_service_accepts() -> None:
    configured = dict(one("ConfigMap", "newsstand")["data"])
    for variable in SERVICE["env"]:
        reference = variable["valueFrom"]["secretKeyRef"]
        assert reference["key"] in one("Secret", reference["name"])["stringData"]
        configured[variable["name"]] = one("Secret", "newsstand")["stringData"][reference["key"]]
    values = {name.removeprefix("NEWSSTAND_").lower(): said for name, said in configured.items()}
    settings = Settings.of(**values)
    mounted = {mount["mountPath"]: mount for mount in SERVICE["volumeMounts"]}
    assert not mounted[str(settings.data_dir)].get("readOnly")
    for file in (settings.api_keys_file, settings.policies_file):
        assert file is not None
        assert mounted[str(file.parent)]["readOnly"]


def test_what_is_mounted_is_there(tmp_path: Path) -> None:
    for workload in WORKLOADS:
        pod = pod_of(workload)
        claims = workload["spec"].get("volumeClaimTemplates", [])
        held = {volume["name"]: volume for volume in pod.get("volumes", [])}
        held |= {claim["metadata"]["name"]: claim for claim in claims}
        (container,) = pod["containers"]
        assert {mount["name"] for mount in container["volumeMounts"]} == held.keys()
        for volume in held.values():
            if "secret" in volume:
                secret = one("Secret", volume["secret"]["secretName"])
                assert {item["key"] for item in volume["secret"]["items"]} <= secret[
                    "stringData"
                ].keys()
            if "configMap" in volume:
                one("ConfigMap", volume["configMap"]["name"])
    policies = tmp_path / "policies.toml"
    policies.write_text(one("ConfigMap", "newsstand-policies")["data"]["policies.toml"], "utf-8")
    assert "default" in read_policies(policies).scenarios


def test_containers_have_no_rights_and_bounds() -> None:
    for workload in WORKLOADS:
        pod = pod_of(workload)
        assert pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["runAsNonRoot"] is True
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in pod["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "readOnlyRootFilesystem": True,
                "capabilities": {"drop": ["ALL"]},
            }
            assert {"cpu", "memory"} <= container["resources"]["limits"].keys()
    assert {"/tmp", "/var/lib/newsstand"} <= {
        mount["mountPath"] for mount in SERVICE["volumeMounts"] if not mount.get("readOnly")
    }


def test_the_user_is_the_images() -> None:
    dockerfile = (REPOSITORY / "docker" / "service.Dockerfile").read_text("utf-8")
    user, group = re.findall(r"--uid (\d+) --gid (\d+)", dockerfile)[0]
    context = pod_of(one("Deployment", "newsstand"))["securityContext"]
    assert (str(context["runAsUser"]), str(context["runAsGroup"])) == (user, group)


def test_a_pod_has_the_time_to_end_in_order() -> None:
    pod = pod_of(one("Deployment", "newsstand"))
    forgotten = SERVICE["lifecycle"]["preStop"]["sleep"]["seconds"]
    assert pod["terminationGracePeriodSeconds"] > forgotten + SHUTDOWN_SECONDS
    strategy = one("Deployment", "newsstand")["spec"]["strategy"]["rollingUpdate"]
    assert strategy["maxUnavailable"] == 0


def test_no_secret_is_in_a_file() -> None:
    for manifest in ALL:
        if manifest["kind"] == "Secret":
            assert all("REPLACE-ME" in value for value in manifest["stringData"].values())


def test_the_autoscaler_reads_what_the_adapter_makes_of_metrics_that_exist() -> None:
    rules = yaml.safe_load(one("ConfigMap", "adapter-config")["data"]["config.yaml"])["rules"]
    autoscaler = one("HorizontalPodAutoscaler", "newsstand")["spec"]
    asked = {metric["pods"]["metric"]["name"] for metric in autoscaler["metrics"]}
    assert asked == {rule["name"]["as"] for rule in rules}
    series = {name: metric for metric in table().values() for name in metric.series}
    for rule in rules:
        name, matchers = re.findall(r"(newsstand_\w+)\{(.*)\}", rule["seriesQuery"])[0]
        labels = set(re.findall(r"(\w+)!?=", matchers)) - {"namespace", "pod"}
        assert labels <= series[name].labels
    target = autoscaler["scaleTargetRef"]
    one(target["kind"], target["name"])


def test_the_state_store_keeps_what_it_acknowledges() -> None:
    file = one("ConfigMap", "valkey")["data"]["valkey.conf"]
    said = dict(line.split(" ", 1) for line in file.splitlines())
    assert (said["appendonly"], said["maxmemory-policy"]) == ("yes", "noeviction")
    (container,) = pod_of(one("StatefulSet", "valkey"))["containers"]
    assert said["dir"] in {mount["mountPath"] for mount in container["volumeMounts"]}
    assert "requirepass" in container["command"][-1]
