"""Docs/reference.md against the code: parts that are generated, and tables that must name what the code names.

Flags come from the binary's own description of its commands, fields from the CustomResourceDefinitions, events, metrics,
variables, annotations and reasons from the sources. A scraped page of a running process is a second witness for metrics.
"""
import json
import os
import re
import subprocess

from documents import ROOT, Document, documents

REFERENCE = ROOT / "Docs/reference.md"
SOURCES = ROOT / "Sources"
#: What the lab's own parts use is no one's business but theirs.
INTERNAL = {"Lab"}


def escaped(text):
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;")


# MARK: Commands

def described():
    binary = os.environ.get("METALLB_BINARY", str(ROOT / ".build/debug/metallb"))
    return json.loads(subprocess.check_output([binary, "--experimental-dump-help"]))["command"]


def walk(command, words=()):
    """Every command that shows itself, with its words."""
    words = words + (command["commandName"],)
    if not command.get("shouldDisplay", True) or command["commandName"] == "help":
        return
    yield words, command
    for child in command.get("subcommands", []):
        yield from walk(child, words)


def options(command):
    """(names, value, default, meaning) of everything that a command takes; a flag and its opposite are one."""
    rows = []
    for argument in command.get("arguments", []):
        names = ["-" * (1 if name["kind"] == "short" else 2) + name["name"] for name in argument.get("names", [])]
        if not argument["shouldDisplay"] or any(name in ("--help", "--version") for name in names):
            continue
        meaning = argument.get("abstract", "")
        if rows and rows[-1][3] == meaning and names and names[0].startswith("--no-"):
            rows[-1][0].extend(names)
            continue
        value = "" if argument["kind"] == "flag" else argument["valueName"].upper().replace("-", "_")
        rows.append((names or [value], value if names else "", argument.get("defaultValue", ""), meaning))
    return rows


def command_part():
    commands = list(walk(described()))
    count = {}
    for _, command in commands:
        for names, value, default, meaning in options(command):
            key = (tuple(names), default, meaning)
            count[key] = count.get(key, 0) + 1
    shared = [key for key, number in count.items() if number >= 5]
    lines = []

    def table(rows):
        lines.extend(["| Option | Default | Meaning |", "| --- | --- | --- |"])
        for names, value, default, meaning in rows:
            name = ", ".join(f"`{name}`" for name in names) + (f" {value}" if value else "")
            lines.append(f"| {name} | {f'`{default}`' if default else ''} | {escaped(meaning)} |")
        lines.append("")

    for words, command in commands:
        rows = options(command)
        if not rows and command.get("subcommands"):
            continue
        lines.extend([f"### {' '.join(words)}", "", escaped(command.get("abstract", "")), ""])
        own = [row for row in rows if (tuple(row[0]), row[2], row[3]) not in shared]
        if own:
            table(own)
        if len(own) < len(rows):
            lines.extend(["And what [most commands](#what-most-commands-take) take.", ""])
    lines.extend(["### What most commands take", "", "Each command takes `--help` and `--version`; most of them:", ""])
    table([next(row for _, command in commands for row in options(command)
                if (tuple(row[0]), row[2], row[3]) == key) for key in shared])
    return lines[:-1]


# MARK: Fields

def field_type(schema):
    if schema.get("type") == "array":
        return field_type(schema["items"]) + " list"
    properties = schema.get("properties", {})
    if "matchLabels" in properties:
        return "label selector"
    limits = []
    if "enum" in schema:
        limits.append(" or ".join(f"`{value}`" for value in schema["enum"]))
    low, high = schema.get("minimum"), schema.get("maximum")
    if low is not None or high is not None:
        limits.append(f"{'' if low is None else int(low)} to {'' if high is None else int(high)}".strip())
    return schema.get("type", "any") + (f", {', '.join(limits)}" if limits else "")


def field_rows(schema, path):
    for name, child in schema.get("properties", {}).items():
        here = f"{path}.{name}" if path else name
        inner = child["items"] if child.get("type") == "array" else child
        needed = " (required)" if name in schema.get("required", []) and path.startswith("spec") else ""
        default = child.get("default")
        yield (f"`{here}`{needed}", field_type(child), "" if default is None else f"`{json.dumps(default)}`",
               child.get("description", ""))
        if inner.get("properties") and "matchLabels" not in inner["properties"]:
            yield from field_rows(inner, here + ("[]" if inner is not child else ""))


def field_part():
    import yaml
    lines = []
    for path in sorted((ROOT / "Deploy/crds").glob("*.yaml"), key=lambda path: path.name.split("_")[1]):
        for document in yaml.safe_load_all(path.read_text()):
            if not document:
                continue
            spec = document["spec"]
            version = next(version for version in spec["versions"] if version["storage"])
            schema = version["schema"]["openAPIV3Schema"]
            others = [other["name"] for other in spec["versions"] if other["served"] and other is not version]
            lines.extend([f"### {spec['names']['kind']}", "",
                          f"`{spec['group']}/{version['name']}`" + (f", also served as {', '.join(others)}" if others else "")
                          + f". {escaped(schema.get('description', ''))}", "",
                          "| Field | Type | Default | Meaning |", "| --- | --- | --- | --- |"])
            for root in ("spec", "status"):
                child = schema["properties"].get(root)
                for row in field_rows(child, root) if child else ():
                    lines.append("| " + " | ".join(cell if cell.startswith("`") else escaped(cell) for cell in row) + " |")
            lines.append("")
    return lines[:-1]


# MARK: Alerts

def alert_part():
    import yaml
    lines = ["| Alert | Severity | After | Meaning |", "| --- | --- | --- | --- |"]
    for group in yaml.safe_load((ROOT / "Deploy/monitoring/alerts.yaml").read_text())["groups"]:
        for rule in group["rules"]:
            notes = rule["annotations"]
            said = notes["summary"].rstrip(".") + ". " + notes.get("description", "")
            said = re.sub(r"\{\{\s*\$labels\.(\w+)\s*\}\}", r"*\1*", said)
            said = re.sub(r"\{\{\s*\$value[^}]*\}\}", "*n*", said)
            lines.append(f"| `{rule['alert']}` | {rule['labels']['severity']} | {rule.get('for', 'at once')} | {escaped(said)} |")
    return lines


PARTS = {"commands": command_part, "fields": field_part, "alerts": alert_part}


def generated(text, write):
    """The document with current generated parts, and a fault for each that was not current."""
    faults = []
    for name, make in PARTS.items():
        pattern = re.compile(rf"(<!-- generated: {name} -->\n).*?(\n<!-- end of {name} -->)", re.S)
        found = pattern.search(text)
        if not found:
            faults.append(f"Docs/reference.md has no part generated: {name}")
            continue
        current = found.group(1) + "\n" + "\n".join(make()) + "\n" + found.group(2)
        if current != found.group(0):
            text = text[:found.start()] + current + text[found.end():]
            if not write:
                faults.append(f"Docs/reference.md: {name} are not current: run Scripts/check-docs reference --write")
    return text, faults


# MARK: What the sources name

def swift(*excluded):
    for path in sorted(SOURCES.rglob("*.swift")):
        if path.relative_to(SOURCES).parts[0] not in excluded:
            yield path, path.read_text()


def events():
    """Reasons of Events: literals, and constants of the same file or of the enumeration of the controller's."""
    names = set()
    for path, text in swift(*INTERNAL, "KubernetesModel"):
        note = re.search(r"enum Note \{(.*?)\n\}", text, re.S)
        if note:
            names.update(re.findall(r'static let \w+ = "([^"]+)"', note.group(1)))
        for call in re.finditer(r"EventNote\((?:[^()]|\([^()]*\))*?\breason: (.*?)[,\n]", text, re.S):
            reason = call.group(1)
            literal = re.match(r'"([^"]+)"', reason)
            if literal:
                names.add(literal.group(1))
            for constant in re.findall(r"Self\.(\w+)", reason):
                value = re.search(rf'static let {constant} = "([^"]+)"', text)
                if value:
                    names.add(value.group(1))
    return names


def metrics():
    """Families of metrics: whole literals, and those put together from a prefix and the words of their file."""
    names = set()
    for _, text in swift(*INTERNAL):
        names.update(re.findall(r'"((?:metallb|rest_client|process|workqueue)_[a-z0-9_]*[a-z0-9])"', text))
        for prefix in re.findall(r'"(metallb_[a-z0-9_]*_)\\\(name\)"', text):
            names.update(prefix + word for word in re.findall(r'\(\s*"([a-z0-9]+(?:_[a-z0-9]+)+)"', text)
                         if not word.startswith("metallb_"))
    return names


def variables():
    names = set()
    for _, text in swift(*INTERNAL):
        names.update(re.findall(r'"((?:METALLB|FRRK8S|FRR)_[A-Z0-9_]+|KUBECONFIG|NO_COLOR)"', text))
    return names


def annotations():
    """Annotations of Services, and labels and annotations that are written or read elsewhere."""
    text = (SOURCES / "Balancer/Views/ServiceAnnotation.swift").read_text()
    names = {f"metallb.io/{value}" for value in re.findall(r'case \w+ = "([^"]+)"', text)}
    names.update(f"metallb.io/{value}" for value in re.findall(r"^  case (\w+)$", text, re.M))
    for _, text in swift(*INTERNAL):
        names.update(re.findall(r'"((?:metallb\.io|node\.kubernetes\.io)/[a-zA-Z0-9.-]+)"', text))
    return {name for name in names if not re.search(r"/v1beta\d$", name)}


def reasons():
    """Why something is not announced: the cases of Withheld."""
    text = (SOURCES / "Balancer/Announcement/Verdict.swift").read_text()
    body = re.search(r"enum Withheld[^{]*\{(.*?)\n\}", text, re.S).group(1)
    names = set()
    for line in re.findall(r"^  case (.*)$", body, re.M):
        for case in line.split(","):
            name, _, value = case.partition("=")
            names.add(value.strip().strip('"') if value else name.strip())
    return names


TABLES = {"Events": events, "Metrics": metrics, "Environment": variables, "Annotations and labels": annotations,
          "Why something is not announced": reasons}


def table_names(text, heading):
    """What the first column of the tables below a heading names."""
    section = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text, re.S | re.M)
    if not section:
        return None
    return set(re.findall(r"^\| `([^`]+)`", section.group(1), re.M))


def tables(text):
    faults = []
    for heading, find in TABLES.items():
        documented, known = table_names(text, heading), find()
        if documented is None:
            faults.append(f"Docs/reference.md has no section {heading}")
            continue
        faults += [f"Docs/reference.md, {heading}: {name} is in the code, and not here" for name in sorted(known - documented)]
        faults += [f"Docs/reference.md, {heading}: {name} is not in the code" for name in sorted(documented - known)]
        print(f"{heading}: {len(documented)} documented, {len(known)} in the code")
    return faults


# MARK: Rights

def granted():
    """(role, group, resource, verb) of every rule of the manifest."""
    import yaml
    rights = set()
    for document in yaml.safe_load_all((ROOT / "Deploy/manifests/metallb-native.yaml").read_text()):
        if document and document["kind"] in ("Role", "ClusterRole"):
            role = f"{document['kind']} {document['metadata']['name']}"
            for rule in document["rules"]:
                rights.update((role, group or "core", resource, verb) for group in rule["apiGroups"]
                              for resource in rule["resources"] for verb in rule["verbs"])
    return rights


def explained():
    """The same, of every row of the tables of Docs/security.md that begins with a role."""
    rights = set()
    for line in (ROOT / "Docs/security.md").read_text().splitlines():
        row = re.match(r"^\| (Role|ClusterRole) `([^`]+)` \| (\S+) \| (.*?) \| (.*?) \| \S", line)
        if row:
            kind, name, group, resources, verbs = row.groups()
            rights.update((f"{kind} {name}", group, resource, verb) for resource in re.findall("`([^`]+)`", resources)
                          for verb in re.findall("`([^`]+)`", verbs))
    return rights


def rights():
    known, documented = granted(), explained()
    print(f"Rights: {len(documented)} documented, {len(known)} in the manifest")
    return [f"Docs/security.md: {' '.join(right)} is granted, and not here" for right in sorted(known - documented)] \
        + [f"Docs/security.md: {' '.join(right)} is not granted" for right in sorted(documented - known)]


# MARK: Mentions

#: Options of other programs that documents speak of.
FOREIGN = {
    "--advertise-loadbalancer-ip", "--controllers", "--disable", "--loadbalancer-default-class", "--node-monitor-grace-period",
    "--run-loadbalancer", "--run-router", "--run-service-proxy",
}


def mentions():
    """Options and metrics that documents name in passing exist."""
    flags = {name for _, command in walk(described()) for names, *_ in options(command) for name in names}
    flags |= {"--help", "--version"} | FOREIGN
    families, faults = metrics(), []
    for path in documents():
        if "decisions" in path.parts or path.relative_to(ROOT).parts[0] not in ("Docs", "README.md"):
            continue
        for number, line in Document(path).prose:
            for span in re.findall(r"`([^`]+)`", line):
                word = re.match(r"(--[a-z0-9-]+)(?:[= ]|$)", span)
                if word and word.group(1) not in flags:
                    faults.append(f"{path.relative_to(ROOT)}:{number}: no command has an option {word.group(1)}")
                if re.fullmatch(r"metallb_[a-z0-9_]+", span) and span not in families:
                    faults.append(f"{path.relative_to(ROOT)}:{number}: there is no metric {span}")
    return faults


def examples():
    """Objects that documents show are valid."""
    faults, count = [], 0
    binary = os.environ.get("METALLB_BINARY", str(ROOT / ".build/debug/metallb"))
    for path in documents():
        for block in Document(path).blocks:
            if block.language != "yaml" or not any("metallb.io/v1" in line for line in block.lines):
                continue
            count += 1
            run = subprocess.run([binary, "check", "--filename", "-"], input="\n".join(block.lines), text=True,
                                 capture_output=True)
            if run.returncode != 0:
                faults.append(f"{path.relative_to(ROOT)}:{block.line}: {run.stdout}{run.stderr}")
    print(f"Examples: {count} are valid" if not faults else f"Examples: {len(faults)} of {count} are not valid")
    return faults


def check(write=False):
    text = REFERENCE.read_text()
    new, faults = generated(text, write)
    if write and new != text:
        REFERENCE.write_text(new)
    faults += tables(new) + rights() + mentions() + examples()
    print("\n".join(faults) if faults else "Docs/reference.md is current")
    return not faults


def check_pages(pages):
    """Every family of scraped pages is documented, and has the documented type."""
    section = REFERENCE.read_text().split("\n## Metrics\n", 1)[1]
    documented = dict(re.findall(r"^\| `([a-z0-9_]+)` \| (\w+) \|", section, re.M))
    faults, seen = [], set()
    for page in pages:
        with open(page) as file:
            for name, kind in re.findall(r"^# TYPE (\S+) (\S+)$", file.read(), re.M):
                seen.add(name)
                if documented.get(name) != kind:
                    faults.append(f"{page}: {name} is a {kind}; Docs/reference.md says {documented.get(name, 'nothing')}")
    print("\n".join(faults) if faults else f"{len(seen)} metrics are as Docs/reference.md says")
    return bool(seen) and not faults
