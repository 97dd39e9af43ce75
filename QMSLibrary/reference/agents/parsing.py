"""Reading source text into syntax trees, within limits.

Every language goes through tree-sitter: it reads a broken file as far as it can, does not depend on the interpreter's
own version, and never recurses on the interpreter's stack.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final, NamedTuple

from tree_sitter import Language, Node, Parser, Query, QueryCursor

MAXIMUM_BYTES: Final = 400_000
"""A source file longer than this is not reviewed by anybody."""
MAXIMUM_BROKEN_NODES: Final = 20_000
"""A broken file with more nodes than this is not looked into: matching it takes time that grows with the square."""
MAXIMUM_DEPTH: Final = 200
"""Nesting below this depth is not looked into. Matching a chain of n calls inside each other takes n² steps, and code
that people write is not that deep."""

_PYTHON: Final = """
(function_definition) @function
[(function_definition) (lambda)] @callable
(class_definition) @class
(call) @call
[(if_statement) (elif_clause) (for_statement) (while_statement) (except_clause) (conditional_expression) (case_clause)
 (for_in_clause)] @branch
[(for_statement) (while_statement) (list_comprehension) (set_comprehension) (dictionary_comprehension)
 (generator_expression)] @loop
(assignment right: (_)) @assignment
[(augmented_assignment) (named_expression)] @assignment
(return_statement (_)) @return
[(import_statement) (import_from_statement)] @import
(decorated_definition (decorator) @decorator)
(except_clause) @handler
(comparison_operator (none)) @comparison
(pair) @pair
[(default_parameter value: (string)) (typed_default_parameter value: (string))] @pair
(argument_list (identifier) @reference)
(keyword_argument value: (identifier) @reference)
(attribute attribute: (identifier) @reference)
(assignment right: (identifier) @reference)
(return_statement (identifier) @reference)
(list (identifier) @reference)
(tuple (identifier) @reference)
(pair value: (identifier) @reference)
(decorator (identifier) @reference)
(with_item value: (identifier) @reference)
(type (identifier) @reference)
(class_definition superclasses: (argument_list (identifier) @reference))
[(ERROR) (MISSING)] @error
"""
_TYPESCRIPT: Final = """
[(function_declaration) (generator_function_declaration) (method_definition)] @function
(variable_declarator value: [(arrow_function) (function_expression)]) @function
(public_field_definition value: [(arrow_function) (function_expression)]) @function
(assignment_expression right: [(arrow_function) (function_expression)]) @function
[(function_declaration) (generator_function_declaration) (method_definition) (arrow_function)
 (function_expression)] @callable
[(class_declaration) (abstract_class_declaration) (class)] @class
[(call_expression) (new_expression)] @call
[(if_statement) (for_statement) (for_in_statement) (while_statement) (do_statement) (switch_case) (catch_clause)
 (ternary_expression)] @branch
[(for_statement) (for_in_statement) (while_statement) (do_statement)] @loop
(variable_declarator value: (_)) @assignment
[(assignment_expression) (augmented_assignment_expression)] @assignment
(return_statement (_)) @return
(arrow_function body: [(template_string) (binary_expression) (parenthesized_expression)]) @return
(import_statement source: (string) @import)
(export_statement source: (string) @import)
(debugger_statement) @debugger
(pair) @pair
(public_field_definition value: (string)) @pair
(required_parameter value: (string)) @pair
(binary_expression operator: ["==" "!="]) @comparison
(variable_declaration) @var
(predefined_type) @type
(arguments (identifier) @reference)
(member_expression property: (property_identifier) @reference)
(variable_declarator value: (identifier) @reference)
(return_statement (identifier) @reference)
(pair value: (identifier) @reference)
(shorthand_property_identifier) @reference
(array (identifier) @reference)
(extends_clause value: (identifier) @reference)
[(ERROR) (MISSING)] @error
"""
_JSX: Final = """
(jsx_attribute) @attribute
(jsx_opening_element name: (_) @reference)
(jsx_self_closing_element name: (_) @reference)
"""

Captures = dict[str, list[Node]]


class Parsed(NamedTuple):
    """A file's syntax tree and what the query found in it."""

    root: Node
    captures: Captures
    broken: bool
    """The grammar could not read all of it."""
    complete: bool
    """False when a limit kept it from being looked into."""


class TooLargeError(ValueError):
    """The text is over a limit; says which."""


@lru_cache(maxsize=8)
def _grammar(language: str) -> tuple[Language, Query]:
    if language == "python":
        import tree_sitter_python

        grammar = Language(tree_sitter_python.language())
        return grammar, Query(grammar, _PYTHON)
    if language == "javascript":
        import tree_sitter_javascript

        grammar = Language(tree_sitter_javascript.language())
        return grammar, Query(grammar, "[(ERROR) (MISSING)] @error")
    import tree_sitter_typescript

    if language == "tsx":
        grammar = Language(tree_sitter_typescript.language_tsx())
        return grammar, Query(grammar, _TYPESCRIPT + _JSX)
    grammar = Language(tree_sitter_typescript.language_typescript())
    return grammar, Query(grammar, _TYPESCRIPT)


def warm_up() -> None:
    """Load the grammars and compile the queries, so that the first review does not wait for it."""
    for language in ("python", "typescript", "tsx"):
        _grammar(language)


def parse(data: bytes, language: str) -> Parsed:
    """Read ``data`` with the grammar of ``language``. Broken text is no error; TooLargeError is raised over a limit."""
    if len(data) > MAXIMUM_BYTES:
        raise TooLargeError(f"it has {len(data):,} bytes; at most {MAXIMUM_BYTES:,} are reviewed")
    grammar, query = _grammar(language)
    root = Parser(grammar).parse(data).root_node
    broken = root.has_error
    if broken and root.descendant_count > MAXIMUM_BROKEN_NODES:
        return Parsed(root, {}, True, False)
    cursor = QueryCursor(query)
    cursor.set_max_start_depth(MAXIMUM_DEPTH)
    return Parsed(root, cursor.captures(root), broken, True)


def reads_as_javascript(data: bytes) -> bool:
    """Whether plain JavaScript's grammar reads it without an error, where the one of TSX did not."""
    grammar, _ = _grammar("javascript")
    return not Parser(grammar).parse(data).root_node.has_error
