"""A pull request, read once for all agents of a step."""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from QMSLibrary.contract.pull_requests import ChangeType, FileChange, PullRequest

from .files import FileKind, kind_of, language_of, needs_tests
from .flaws import FLAWS, Flaw, FlawKind, Found
from .flaws.hardcoded_secret import issued_secrets
from .reach import Reach
from .source import Module
from .style import StyleFinding, style_findings
from .syntax import Function
from .test_cases import PoorTest, flaws_of_robot, flaws_of_tests
from .values import Values

SMALL_CHANGE: Final = 0.25
"""Below this share of new lines a modified file is mostly old, see ``Source.small``."""
_OURS: Final = re.compile(r"^<{7}(?: |$)", re.MULTILINE)
_THEIRS: Final = re.compile(r"^>{7}(?: |$)", re.MULTILINE)
_BREAKPOINTS: Final = {"breakpoint", "set_trace"}
_DEBUGGERS: Final = {"", "pdb", "ipdb", "pudb"}
MAXIMUM_TEXT: Final = 2_000_000


@dataclass(frozen=True, slots=True)
class Source:
    """A source file with behaviour, and what the tests reach of it."""

    change: FileChange
    module: Module
    functions: list[tuple[Function, bool]]

    beside_tests: bool
    """A test imports from the same package, so it may reach this file through files that did not change."""

    @property
    def small(self) -> bool:
        """A modified file with few new lines: most of it is old, and which part is new is not known."""
        change = self.change
        return change.type is not ChangeType.ADDED and change.additions < SMALL_CHANGE * self.module.content.count("\n")

    @property
    def reached(self) -> bool:
        """Whether a test reaches anything in it; a small change counts where a test may do so unseen."""
        return any(reached for _, reached in self.functions) or (self.small and self.beside_tests)

    @property
    def covered_lines(self) -> tuple[int, int]:
        """Lines that count, and those of them that tests reach.

        Of an added or largely rewritten file all functions count. Of a small change the tests that came along are taken
        to be about the new lines; nothing counts where they may reach it unseen.
        """
        total = sum(function.lines for function, _ in self.functions)
        reached = sum(function.lines for function, is_reached in self.functions if is_reached)
        if self.small:
            if self.beside_tests and not reached:
                return 0, 0
            total = min(total, self.change.additions)
            reached = min(reached, total)
        return total, reached


class Reading:
    """Everything the agents ask of a pull request, each answer worked out once. Safe to share between threads."""

    def __init__(self, pull_request: PullRequest) -> None:
        self.pull_request = pull_request
        self.lock = threading.RLock()
        self.kinds = {file.path: kind_of(file.path) for file in pull_request.files}
        self.present = [file for file in pull_request.files if file.type is not ChangeType.DELETED]

    def complete(self) -> None:
        """Work everything out now and let go of the syntax trees: a reading that is kept must be small."""
        with self.lock:
            for name in ("sources", "undocumented", "flaws", "leftovers", "poor_tests", "style", "conflicts"):
                getattr(self, name)
            for module in self.modules.values():
                _ = module.functions
                module.release()

    def of_kind(self, *kinds: FileKind) -> list[FileChange]:
        """The files of these kinds that are there after the change."""
        return [file for file in self.present if self.kinds[file.path] in kinds]

    def texts(self) -> list[tuple[str, str]]:
        """Path and content of every text file that people write."""
        return [
            (file.path, file.content)
            for file in self.present
            if file.content is not None
            and self.kinds[file.path] is not FileKind.GENERATED
            and len(file.content) <= MAXIMUM_TEXT
        ]

    # --- code
    @cached_property
    def modules(self) -> dict[str, Module]:
        """Every source and test file in a language that the agents know, by path."""
        found = {}
        for file in self.of_kind(FileKind.SOURCE, FileKind.TEST):
            language = language_of(file.path)
            if language is not None and file.content is not None:
                found[file.path] = Module(file.path, file.content, language)
        return found

    @cached_property
    def source_modules(self) -> list[Module]:
        """Those that are no tests."""
        return [one for path, one in self.modules.items() if self.kinds[path] is FileKind.SOURCE]

    @cached_property
    def test_modules(self) -> list[Module]:
        """Those that are tests or help tests."""
        return [one for path, one in self.modules.items() if self.kinds[path] is FileKind.TEST]

    @cached_property
    def robot_files(self) -> list[tuple[str, str]]:
        """Robot Framework suites: path and content."""
        tests = self.of_kind(FileKind.TEST)
        return [(file.path, file.content) for file in tests if file.path.endswith(".robot") and file.content]

    @cached_property
    def sources(self) -> list[Source]:
        """Source files that define behaviour and are expected to be tested."""
        modules = self.source_modules
        reach = Reach(modules, self.test_modules, [content for _, content in self.robot_files])
        changes = {file.path: file for file in self.present}
        imported = set().union(*(test.imports for test in self.test_modules))
        found = []
        for place, module in enumerate(modules):
            change = changes[module.path]
            functions = reach.of(place)
            moved = change.type is ChangeType.RENAMED and not change.additions
            if functions and needs_tests(module.path) and not moved:
                found.append(Source(change, module, functions, not imported.isdisjoint(module.names)))
        return found

    @cached_property
    def coverage(self) -> float | None:
        """Percent of the lines of changed functions that are in functions which tests reach; None without any."""
        counted = [source.covered_lines for source in self.sources]
        total = sum(lines for lines, _ in counted)
        return 100.0 * sum(reached for _, reached in counted) / total if total else None

    # --- documentation
    @cached_property
    def documentation(self) -> str:
        """The text of all documentation files."""
        return "\n".join(file.content or "" for file in self.of_kind(FileKind.DOCUMENTATION))

    @cached_property
    def public_functions(self) -> list[tuple[Module, Function]]:
        """What others call: public functions of source files, constructors and the like left out."""
        return [
            (source.module, function)
            for source in self.sources
            for function, _ in source.functions
            if function.public and function.name != "constructor"
        ]

    @cached_property
    def undocumented(self) -> list[tuple[Module, Function]]:
        """Public functions that neither a comment of their own nor a documentation file describes."""
        words = set(re.findall(r"[A-Za-z_$][\w$]*", self.documentation))
        return [(module, one) for module, one in self.public_functions if not one.documented and one.name not in words]

    @cached_property
    def documented_share(self) -> float:
        """0 to 1; 1 when there is nothing to document."""
        public = self.public_functions
        return 1 - len(self.undocumented) / len(public) if public else 1.0

    # --- what is wrong with it
    @cached_property
    def flaws(self) -> dict[FlawKind, list[tuple[Flaw, str, Found]]]:
        """Flaws of each kind with path and place, in the order of the files. Tests are not looked through."""
        found: dict[FlawKind, list[tuple[Flaw, str, Found]]] = {kind: [] for kind in FlawKind}
        for module in self.source_modules:
            values: Values | None = None
            for flaw in FLAWS:
                if module.problem is None and flaw.may_be_in(module.content):
                    values = values or Values(module)
                    places = {place.line: place for place in flaw.find(module, values)}
                    found[flaw.kind] += [(flaw, module.path, places[line]) for line in sorted(places)]
        secret = next(flaw for flaw in FLAWS if flaw.type == "hardcoded_secret")
        for path, content in self.texts():
            if self.kinds[path] in (FileKind.MANIFEST, FileKind.OTHER, FileKind.DOCUMENTATION):
                found[FlawKind.SECURITY] += [(secret, path, place) for place in issued_secrets(content)]
        return found

    @cached_property
    def leftovers(self) -> dict[str, list[tuple[int, str]]]:
        """Line and name of each call that stops the program for a debugger, by path."""
        found: dict[str, list[tuple[int, str]]] = {}
        for path, module in self.modules.items():
            stops = [(module.line(node), "debugger") for node in module.nodes("debugger")]
            if module.language == "python":
                stops += [
                    (module.line(call.node), call.name)
                    for call in module.calls
                    if call.name in _BREAKPOINTS and call.receiver in _DEBUGGERS
                ]
            if stops:
                found[path] = stops
        return found

    @cached_property
    def poor_tests(self) -> list[tuple[str, PoorTest]]:
        """Tests that prove nothing, with their paths."""
        found = [(module.path, one) for module in self.test_modules for one in flaws_of_tests(module)]
        return found + [(path, one) for path, content in self.robot_files for one in flaws_of_robot(content)]

    @cached_property
    def style(self) -> list[tuple[Module, StyleFinding]]:
        """What reads badly in the source files."""
        return [(module, one) for module in self.source_modules for one in style_findings(module)]

    @cached_property
    def tidy_share(self) -> float:
        """The share of functions without a style finding, 0 to 1; 1 without functions."""
        total = sum(len(module.functions) for module in self.source_modules)
        untidy = {(module.path, one.owner) for module, one in self.style if one.owner >= 0}
        return 1 - len(untidy) / total if total else 1.0

    @cached_property
    def conflicts(self) -> list[tuple[str, int]]:
        """Path and line of each merge conflict that was left in."""
        found = []
        for path, content in self.texts():
            start = _OURS.search(content)
            if start and _THEIRS.search(content, start.end()):
                found.append((path, content.count("\n", 0, start.start()) + 1))
        return found
