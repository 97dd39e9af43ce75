"""Draws people and companies with Faker and prints them as YAML: ``make people``. The result is kept in the library."""

from __future__ import annotations

import re
import sys

import faker
import yaml

# Names as they are met in one office; letters that a careless program breaks are among them.
LOCALES = ("en_GB", "en_IN", "de_DE", "fr_FR", "es_ES", "it_IT", "pl_PL", "sv_SE", "nl_NL", "pt_PT", "tr_TR", "cs_CZ")
PEOPLE, COMPANIES = 16, 120
_TITLE = re.compile(r"(Dr|Mr|Mrs|Ms|Miss|Prof|Univ|Ing|Dipl|B\.|Bc|Mgr|Sr|Sra)\b")


def main() -> None:
    """Print both lists. The seed makes it repeatable with the same version of Faker."""
    people: list[str] = []
    for number, locale in enumerate(LOCALES):
        source = faker.Faker(locale)
        source.seed_instance(1_000 + number)
        names = (f"{source.first_name()} {source.last_name()}" for _ in range(10 * PEOPLE))
        simple = [name for name in dict.fromkeys(names) if name.count(" ") == 1 and not _TITLE.match(name)]
        people += simple[:PEOPLE]
    source = faker.Faker("en_GB")
    source.seed_instance(7)
    companies = [
        {
            "name": source.unique.company(),
            "business": source.catch_phrase().lower(),
            "contact": f"{source.first_name()} {source.last_name()}, {source.job().lower()}",
        }
        for _ in range(COMPANIES)
    ]
    head = (
        f"# Drawn with Faker {faker.VERSION} by `make people`, and kept so that a seed gives the same bytes everywhere."
    )
    print(head)
    yaml.safe_dump(
        {"people": people, "companies": companies}, sys.stdout, allow_unicode=True, sort_keys=False, width=200
    )


main()
