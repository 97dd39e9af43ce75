"""The one account of what a run did and saw."""
