"""The forms that a pull request takes outside: diff, repository, patch and webhook, on the way out and in."""
