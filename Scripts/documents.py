"""Markdown documents as Scripts/check-docs and Scripts/run-docs read them: commands, links, headings.

What the two expect of a document:

- Commands stand in blocks fenced with ```console, each after the prompt `$ `; the lines that follow, up to the next prompt,
  are what it prints. A command goes on in the next line after a backslash, and up to the end of its here-document.
- `# exits with N` at the end of a command says that it does not end with 0.
- In what is printed, `…` stands for any text, and alone on a line for any lines.
- `<!-- not run: WHY -->` before a block says that it cannot be run here.
- `<!-- lab: OPTIONS -->` has the document run in a lab of its own, started with these options of `metallb lab up`;
  `<!-- lab: installed OPTIONS -->` with the manifest applied.
- `<!-- run: COMMANDS -->` is run, and not shown: what it takes to bring about what the document describes.
"""
import dataclasses
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent

FENCE = re.compile(r"^(\s*)```+\s*(\S*)\s*$")
COMMENT = re.compile(r"<!--\s*(lab|not run|run):\s*(.*?)\s*-->", re.S)
EXIT = re.compile(r"#[^'\"]*exits with (\d+)")
HEREDOC = re.compile(r"<<-?\s*['\"]?(\w+)['\"]?")


@dataclasses.dataclass
class Command:
    """One command of a document: what is typed, what it prints, how it ends."""
    line: int
    text: str
    output: list
    output_lines: tuple  # first line of the output, and the line after its last, counted from 0
    code: int
    hidden: bool = False


@dataclasses.dataclass
class Block:
    """One fenced block."""
    line: int
    language: str
    lines: list
    not_run: str = None


class Document:
    def __init__(self, path):
        self.path = pathlib.Path(path)
        self.lines = self.path.read_text().splitlines()
        self.blocks = []
        self.commands = []
        self.lab = None
        self.prose = []  # (number, line) outside of blocks
        self._read()

    def _read(self):
        index, reason = 0, None
        while index < len(self.lines):
            line = self.lines[index]
            fence = FENCE.match(line)
            if fence:
                end = index + 1
                while end < len(self.lines) and self.lines[end].strip() != "```":
                    end += 1
                block = Block(index + 1, fence.group(2), self.lines[index + 1:end], reason)
                self.blocks.append(block)
                if block.language == "console" and not reason:
                    self._read_commands(index + 1, end)
                index, reason = end + 1, None
                continue
            if line.lstrip().startswith("<!--"):
                end = index
                while end < len(self.lines) - 1 and "-->" not in self.lines[end]:
                    end += 1
                comment = COMMENT.search("\n".join(self.lines[index:end + 1]))
                if comment and comment.group(1) == "lab":
                    self.lab = comment.group(2).split()
                elif comment and comment.group(1) == "not run":
                    reason = " ".join(comment.group(2).split())
                elif comment:
                    self.commands.append(Command(index + 1, comment.group(2), [], (index, index), 0, hidden=True))
                index = end + 1
                continue
            if line.strip():
                reason = None
            self.prose.append((index + 1, line))
            index += 1

    def _read_commands(self, start, end):
        index = start
        while index < end:
            line = self.lines[index].strip("\n")
            if not line.startswith("$ "):
                raise ValueError(f"{self.path}:{index + 1}: a console block begins with a prompt: {line!r}")
            first, text = index, [line[2:]]
            here = HEREDOC.search(text[0])
            index += 1
            while index < end and (here or text[-1].endswith("\\")):
                text.append(self.lines[index])
                here = here or HEREDOC.search(text[-1])
                index += 1
                if here and text[-1].strip() == here.group(1):
                    break
            begin = index
            while index < end and not self.lines[index].startswith("$ "):
                index += 1
            code = EXIT.search(text[-1] if not here else text[0])
            self.commands.append(Command(
                first + 1, "\n".join(text), self.lines[begin:index], (begin, index), int(code.group(1)) if code else 0))

    def headings(self):
        """The anchors of the headings, as GitHub makes them."""
        seen, anchors = {}, set()
        for _, line in self.prose:
            heading = re.match(r"^#{1,6}\s+(.*?)\s*#*$", line)
            if not heading:
                continue
            text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading.group(1)).replace("`", "").replace("*", "")
            anchor = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
            count = seen.get(anchor, 0)
            seen[anchor] = count + 1
            anchors.add(f"{anchor}-{count}" if count else anchor)
        return anchors

    def links(self):
        """(line, target) of every link and picture outside of blocks and code spans."""
        for number, line in self.prose:
            text = re.sub(r"`[^`]*`", "", line)
            for target in re.findall(r"\]\(\s*<?([^)>\s]+)>?[^)]*\)", text):
                yield number, target
            for target in re.findall(r"(?:src|srcset|href)=\"([^\"]+)\"", text):
                yield number, target


def documents():
    """Every document of the checkout."""
    found = [ROOT / name for name in ("README.md", "ARCHITECTURE.md", "HANDBOOK.md")]
    for directory in ("Docs", "Deploy", "Benchmarks", "Fuzz", "IntegrationTests"):
        found += [path for path in (ROOT / directory).rglob("*.md") if ".build" not in path.parts]
    return sorted(path for path in found if path.exists())
