"""Makes pull requests."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any, Final

from QMSLibrary.contract.pull_requests import ChangeType, FileChange, PullRequest

from .companions import text as companion_text
from .counts import Share, share_out
from .documents import document, document_paths
from .errors import WishError
from .identity import derived_seed, new_seed, unique_part
from .issued import with_issued
from .languages import language
from .people import Person
from .plan import Plan, nouns_of
from .planning import make_plan
from .usual import usual_shares
from .values import whole
from .wishes import Wishes, read_wishes
from .wording import branch, description, title

MAXIMUM_PULL_REQUESTS: Final = 1_000
"""Pull requests that are made at once. A stress test goes up to a thousand reviews at the same time."""
MAXIMUM_LINES: Final = 2_000_000
"""Changed lines of all pull requests that are made at once: some 100 MB of text."""
_REMEMBERED: Final = 20_000


@dataclass(frozen=True)
class Recipe:
    """What a pull request was made from; enough to make it again."""

    wishes: Wishes
    seed: str


_recipes: OrderedDict[str, Recipe] = OrderedDict()
_same: dict[str, Wishes] = {}
"""The wishes that were read last: many pull requests are made with the same ones, which are then kept once."""


def create_pull_request(*, seed: str | int | None = None, **wishes: Any) -> PullRequest:
    """A pull request that fulfils the wishes (see ``read_wishes`` for their names).

    The same wishes and ``seed`` give the same author, title, description and files, byte for byte; id, branch and time
    differ, because two pull requests are never one. WishError when a wish cannot be fulfilled.
    """
    recipe = Recipe(_kept_once(read_wishes(**wishes)), str(new_seed() if seed is None else seed))
    plan, rng = _plan(recipe, mended=False)
    author = rng.choice(recipe.wishes.author.people).username
    heading = recipe.wishes.title or title(plan, rng)
    text = recipe.wishes.description
    unique = unique_part()
    pull_request = PullRequest(
        id=f"PR-{unique}",
        title=heading,
        description=description(plan, rng, heading) if text is None else text,
        author=author,
        repository=recipe.wishes.repository,
        base_branch=recipe.wishes.base_branch,
        head_branch=branch(plan, heading, unique),
        created_at=datetime.now(UTC),
        files=_files(plan, recipe),
    )
    _remember(pull_request.id, recipe)
    return pull_request


def create_pull_requests(count: int, *, seed: str | int | None = None, **wishes: Any) -> list[PullRequest]:
    """Several pull requests with the same wishes, each one different; ``seed`` is that of the whole list.

    WishError for none, for more than MAXIMUM_PULL_REQUESTS, and for more than MAXIMUM_LINES changed lines in all.
    """
    whole("count", count, 1, MAXIMUM_PULL_REQUESTS)
    wished = read_wishes(**wishes)
    lines = wished.lines_changed or (wished.files or 0) * wished.size.lines_per_file[1]
    if count * lines > MAXIMUM_LINES:
        raise WishError(
            f"count={count} with up to {lines} changed lines in each is too much: at most {MAXIMUM_LINES} lines are "
            f"made at once. Ask for fewer pull requests, or for at most {MAXIMUM_LINES // count} lines in each."
        )
    first = new_seed() if seed is None else seed
    return [create_pull_request(seed=derived_seed(first, number), **wishes) for number in range(1, count + 1)]


def fix_pull_request(pull_request: PullRequest) -> PullRequest:
    """The same pull request (id, branch, author, title) without its flaws.

    Every path that it had is still there; tests and documentation that were missing are added. Only a pull request made
    by this process can be mended, because nobody else knows what was put into it.
    """
    recipe = recipe_of(pull_request)
    if recipe is None:
        raise WishError(
            f"Pull request {pull_request.id} was not created by this run (it comes from git, another process or "
            "long ago), so it is not known what to mend. Create it with `Create Pull Request`, or mend it yourself."
        )
    plan, _ = _plan(recipe, mended=True)
    files = _files(plan, recipe)
    return pull_request.model_copy(update={"files": files})


def recipe_of(pull_request: PullRequest) -> Recipe | None:
    """What it was made from, when this process made it and has not forgotten it."""
    return _recipes.get(pull_request.id)


def seed_of(pull_request: PullRequest) -> str | None:
    """The seed that makes the same content again; None for a pull request that was not generated here."""
    recipe = recipe_of(pull_request)
    return recipe.seed if recipe is not None else None


def author_of(pull_request: PullRequest) -> Person | None:
    """The author with full name and e-mail address; None for a pull request that was not generated here."""
    recipe = recipe_of(pull_request)
    people = recipe.wishes.author.people if recipe is not None else ()
    return next((person for person in people if person.username == pull_request.author), None)


def plan_of(pull_request: PullRequest) -> Plan | None:
    """What is in it, function by function; None for a pull request that was not generated here, or was mended since."""
    recipe = recipe_of(pull_request)
    if recipe is None:
        return None
    for mended in (False, True):
        plan, _ = _plan(recipe, mended=mended)
        if len(pull_request.files) == plan.files + plan.added_when_mended:
            return plan
    return None


def _kept_once(wishes: Wishes) -> Wishes:
    if _same.get("last") != wishes:
        _same["last"] = wishes
    return _same["last"]


def _remember(name: str, recipe: Recipe) -> None:
    _recipes[name] = recipe
    while len(_recipes) > _REMEMBERED:
        _recipes.popitem(last=False)


def _plan(recipe: Recipe, *, mended: bool) -> tuple[Plan, Random]:
    rng = Random(recipe.seed)
    return make_plan(recipe.wishes, rng, mended=mended), rng


def _files(plan: Plan, recipe: Recipe) -> list[FileChange]:
    texts = with_issued(_texts(plan, Random(f"{recipe.seed}/text")), recipe.seed)
    paths = list(texts)
    original, added = paths[: plan.files], paths[plan.files :]
    rng = Random(f"{recipe.seed}/counts")
    if plan.wishes.lines_follow:
        shares = usual_shares(plan, {path: texts[path] for path in original}, rng)
    else:
        shares = _shares(plan, {path: texts[path] for path in original}, rng)
    files = [
        FileChange(
            path=path,
            type=ChangeType.MODIFIED if share.modified else ChangeType.ADDED,
            additions=share.additions,
            deletions=share.deletions,
            content=texts[path],
        )
        for path, share in zip(original, shares, strict=True)
    ]
    files += [
        FileChange(path=path, type=ChangeType.ADDED, additions=texts[path].count("\n"), content=texts[path])
        for path in added
    ]
    return files


def _shares(plan: Plan, texts: dict[str, str], rng: Random) -> list[Share]:
    """What happens to each file, so that the changed lines are exactly as many as the plan says."""
    parts = [_new_part(path, rng) for path in texts]
    flawed = _flawed_lines(plan)
    least = [flawed.get(path, 1) for path in texts]
    logs = [index for index, path in enumerate(texts) if path == "CHANGELOG.md"]
    return share_out([text.count("\n") for text in texts.values()], parts, plan.lines, rng, least, logs)


def _flawed_lines(plan: Plan) -> dict[str, int]:
    """How many lines of each file are those of functions with a flaw, which are part of the change."""
    tongue = language(plan.language)
    return {
        tongue.source_path(module): lines + 1
        for module in plan.modules
        if (lines := sum(piece.operation.documented.count("\n") + 1 for piece in module.pieces if piece.flaw))
    }


def _new_part(path: str, rng: Random) -> float | None:
    """Which part of a file is new; None when all of it is, because the file is."""
    if path == "CHANGELOG.md":
        return 0.1
    if path.startswith(("migrations/", "docs/adr/")):
        return None  # nobody changes what was migrated or decided; there is a new file for it
    # Most of a changed file is new: its functions are what the pull request is about, and what its tests are for.
    return rng.uniform(0.7, 0.95) if rng.random() < 0.4 else None


def _texts(plan: Plan, rng: Random) -> dict[str, str]:
    """The text of every file by its path; those that only a mended pull request has come last."""
    tongue = language(plan.language)
    wanted = plan.lines // plan.files
    texts = {tongue.source_path(module): tongue.source(module) for module in plan.modules}
    for domain in plan.types:
        texts[tongue.types_path(domain)] = tongue.types(domain, nouns_of(domain, plan.modules))
    for companion in plan.companions:
        texts[companion.path] = companion_text(plan, companion, rng, wanted)
    late = plan.added_when_mended > 0
    tests = {tongue.test_path(modules[0]): tongue.tests(modules) for modules in plan.tests}
    documents = {path: document(plan, path, rng, wanted) for path in document_paths(plan)}
    # When only the tests were missing, the documents belong to the original files, and the other way round.
    original_first = (documents, tests) if late and plan.wishes.missing_tests else (tests, documents)
    for group in original_first:
        texts.update(group)
    return texts
