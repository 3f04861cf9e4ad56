"""What `Scripts/helm` runs: the verbs of helm that installing and testing the chart take, by Helm's own Go library."""

import argparse
import os
import shutil
import sys
import tempfile

import helm_python as helm


def merged(base: dict, over: dict) -> dict:
    result = dict(base)
    for key, value in over.items():
        nested = isinstance(value, dict) and isinstance(result.get(key), dict)
        result[key] = merged(result[key], value) if nested else value
    return result


def values_of(arguments: argparse.Namespace) -> dict:
    values: dict = {}
    for path in arguments.values:
        with open(path, encoding="utf-8") as file:
            values = merged(values, helm.values_from_yaml(file.read()))
    for text in arguments.set:
        values = merged(values, helm.parse_set_string(text))
    return values


def lint(arguments: argparse.Namespace) -> None:
    report = helm.lint(arguments.chart, values_of(arguments), strict=True, namespace=arguments.namespace)
    for message in report["messages"]:
        print(f"{message['path']}: {message['error']}", file=sys.stderr)
    if report["errors"] or any(message["severity"] >= 2 for message in report["messages"]):
        sys.exit(1)


def template(arguments: argparse.Namespace) -> None:
    with helm.Chart.load(arguments.chart) as chart:
        values = values_of(arguments)
        chart.validate_schema(values)
        rendered = chart.render(values, name=arguments.release, namespace=arguments.namespace)
    prefix = f"{chart_name(rendered)}/templates/"
    parts = {path.removeprefix(prefix): text for path, text in rendered.items() if path.endswith(".yaml")}
    for missing in set(arguments.show) - set(parts):
        sys.exit(f"there is no template {missing}; there are {', '.join(sorted(parts))}")
    for path in arguments.show or sorted(parts):
        text = parts[path].strip("\n")
        if text:
            print(text if text.startswith("---") else f"---\n{text}")


def chart_name(rendered: dict) -> str:
    return next(iter(rendered), "/").split("/")[0]


def package(arguments: argparse.Namespace) -> None:
    with helm.Chart.load(arguments.chart) as chart:
        print(chart.save(arguments.directory))


def release(arguments: argparse.Namespace) -> None:
    with helm.Config(namespace=arguments.namespace) as config:
        match arguments.verb:
            case "install":
                result = config.install(
                    arguments.chart, arguments.release, values_of(arguments), namespace=arguments.namespace,
                    create_namespace=True, wait="watcher", timeout=arguments.timeout)
            case "upgrade":
                result = config.upgrade(
                    arguments.chart, arguments.release, values_of(arguments), namespace=arguments.namespace,
                    wait="watcher", timeout=arguments.timeout)
            case "rollback":
                config.rollback(
                    arguments.release, version=arguments.revision, wait="watcher", timeout=arguments.timeout)
                result = config.status(arguments.release)
            case "uninstall":
                config.uninstall(arguments.release, wait="watcher", timeout=arguments.timeout)
                print(f"{arguments.release} uninstalled")
                return
            case "history":
                for entry in config.history(arguments.release):
                    print(entry["revision"], entry["status"], entry.get("description", ""), sep="\t")
                return
        print(result["name"], result["revision"], result["status"], sep="\t")


def main() -> None:
    parser = argparse.ArgumentParser(prog="helm")
    verbs = parser.add_subparsers(dest="verb", required=True)

    def verb(name: str, run, *positional: str, takes_values: bool = False) -> argparse.ArgumentParser:
        parsed = verbs.add_parser(name)
        for argument in positional:
            parsed.add_argument(argument, type=int if argument == "revision" else str)
        parsed.add_argument("--namespace", default="metallb-system")
        parsed.add_argument("--timeout", type=int, default=90)
        if takes_values:
            parsed.add_argument("--values", action="append", default=[])
            parsed.add_argument("--set", action="append", default=[])
        parsed.set_defaults(run=run)
        return parsed

    verb("lint", lint, "chart", takes_values=True)
    verb("template", template, "release", "chart", takes_values=True).add_argument("--show", action="append", default=[])
    verb("package", package, "chart", "directory")
    verb("install", release, "release", "chart", takes_values=True)
    verb("upgrade", release, "release", "chart", takes_values=True)
    verb("rollback", release, "release", "revision")
    verb("history", release, "release")
    verb("uninstall", release, "release")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        if "chart" in arguments and os.path.isdir(arguments.chart):
            # Helm follows links as well, and tells of each.
            copy = os.path.join(directory, os.path.basename(os.path.abspath(arguments.chart)))
            arguments.chart = shutil.copytree(arguments.chart, copy)
        try:
            arguments.run(arguments)
        except helm.HelmError as error:
            sys.exit(f"helm {arguments.verb}: {error}")


main()
