"""Each flaw is found where it is, and its safe neighbour is left alone."""

from __future__ import annotations

import pytest
from agents_made import SCANNER, TESTING, answer, change, flaws, pull_request

from QMSLibrary.contract.steps import Severity
from QMSLibrary.reference.agents.flaws import FLAWS, FlawKind

SQL = {
    "f-string": (
        "a.py",
        "def find(db, name):\n    return db.execute(f\"SELECT * FROM users WHERE name = '{name}'\")\n",
        2,
    ),
    "percent": ("a.py", "def find(db, name):\n    db.execute(\"SELECT * FROM users WHERE name = '%s'\" % name)\n", 2),
    "format": (
        "a.py",
        "def find(db, name):\n    db.execute(\"SELECT * FROM users WHERE name = '{}'\".format(name))\n",
        2,
    ),
    "plus": ("a.py", 'def find(db, name):\n    db.execute("DELETE FROM users WHERE name = \'" + name + "\'")\n', 2),
    "variable": (
        "a.py",
        "def find(db, name):\n    sql = f\"SELECT * FROM users WHERE name = '{name}'\"\n    return db.execute(sql)\n",
        2,
    ),
    "grown": (
        "a.py",
        'def find(db, name):\n    sql = "SELECT * FROM users WHERE 1 = 1"\n'
        '    sql += " AND name = \'" + name + "\'"\n    return db.execute(sql)\n',
        3,
    ),
    "returned": ("a.py", 'def statement(name):\n    return "SELECT id FROM users WHERE name = \'" + name + "\'"\n', 2),
    "joined parts": (
        "a.py",
        "def find(db, name):\n    parts = []\n    parts.append(f\"name = '{name}'\")\n"
        '    return db.execute("SELECT * FROM users WHERE " + " AND ".join(parts))\n',
        3,
    ),
    "own wrapper": (
        "a.py",
        "def find(self, name):\n    return self.rows_for(f\"SELECT a FROM b WHERE c = '{name}'\")\n",
        2,
    ),
    "template": (
        "a.ts",
        "export async function find(db: Db, name: string) {\n"
        "  return db.query(`SELECT * FROM users WHERE name = '${name}'`);\n}\n",
        2,
    ),
    "typed call": (
        "a.ts",
        "export async function find(db: Db, name: string) {\n"
        "  const found = await db.query<User>(`SELECT * FROM users WHERE name = '${name}'`);\n  return found;\n}\n",
        2,
    ),
    "plus in script": (
        "a.js",
        "exports.find = (db, name) => {\n"
        '  const sql = "SELECT * FROM users WHERE name = \'" + name + "\'";\n  return db.query(sql);\n};\n',
        2,
    ),
    "unsafe raw": (
        "a.ts",
        "export const find = (prisma: Prisma, name: string) =>\n"
        "  prisma.$queryRawUnsafe(`SELECT * FROM users WHERE name = '${name}'`);\n",
        2,
    ),
}
SAFE_SQL = {
    "parameter": (
        "a.py",
        'def find(db, name):\n    return db.execute("SELECT * FROM users WHERE name = %s", (name,))\n',
    ),
    "named parameter": (
        "a.py",
        'def find(db, name):\n    return db.execute("SELECT * FROM u WHERE n = :n", {"n": name})\n',
    ),
    "placeholders": (
        "a.py",
        'def find(db, ids):\n    marks = ", ".join("?" for _ in ids)\n'
        '    return db.execute(f"SELECT * FROM users WHERE id IN ({marks})", ids)\n',
    ),
    "constant table": ("a.py", 'TABLE = "users"\ndef find(db):\n    return db.execute(f"SELECT * FROM {TABLE}")\n'),
    "imported constant": ("a.py", 'def find(db):\n    return db.execute(f"SELECT * FROM {settings.USER_TABLE}")\n'),
    "number": ("a.py", 'def find(db, count: int):\n    return db.execute(f"SELECT * FROM users LIMIT {count}")\n'),
    "converted": ("a.py", 'def find(db, count):\n    return db.execute(f"SELECT * FROM users LIMIT {int(count)}")\n'),
    "conditions": (
        "a.py",
        'def find(db, name):\n    parts = ["1 = 1"]\n    if name:\n        parts.append("name = %s")\n'
        '    return db.execute("SELECT * FROM users WHERE " + " AND ".join(parts), [name])\n',
    ),
    "own table": (
        "a.py",
        'def find(self):\n    return self.db.execute(f"SELECT * FROM {self.table} WHERE id = %s", (1,))\n',
    ),
    "prose": ("a.py", 'def pick(name):\n    log.info(f"select a value from {name} and update it; set it later")\n'),
    "error": ("a.py", 'def pick(name):\n    raise ValueError(f"DELETE FROM what? There is no {name}.")\n'),
    "parameter in script": (
        "a.ts",
        "export const find = (db: Db, name: string) =>\n"
        "  db.query('SELECT * FROM users WHERE name = $1', [`%${name}%`]);\n",
    ),
    "tagged": ("a.ts", "export const find = (name: string) => sql`SELECT * FROM users WHERE name = ${name}`;\n"),
    "tagged call": (
        "a.ts",
        "export const find = (p: P, name: string) => p.$queryRaw`SELECT * FROM users WHERE n = ${name}`;\n",
    ),
    "typed number": (
        "a.ts",
        "export const find = (db: Db, limit: number) => db.query(`SELECT * FROM users LIMIT ${limit}`);\n",
    ),
    "script placeholders": (
        "a.ts",
        "export const find = (db: Db, ids: string[]) =>\n"
        "  db.query(`SELECT * FROM users WHERE id IN (${ids.map((_, i) => `$${i + 1}`).join(', ')})`, ids);\n",
    ),
    "escaped": ("a.js", "exports.find = (db, n) => db.query('SELECT * FROM u WHERE n = ' + mysql.escape(n));\n"),
}
XSS = {
    "innerHTML": (
        "a.ts",
        "export function show(box: HTMLElement, name: string) {\n  box.innerHTML = `<b>${name}</b>`;\n}\n",
        2,
    ),
    "innerHTML plain": (
        "a.ts",
        "export function show(box: HTMLElement, name: string) {\n  box.innerHTML = name;\n}\n",
        2,
    ),
    "grown": (
        "a.js",
        "function show(box, name) {\n  let html = '<b>';\n  html += name;\n  box.innerHTML = html;\n}\n",
        3,
    ),
    "document": ("a.js", "function show(name) {\n  document.write('<p>' + name + '</p>');\n}\n", 2),
    "adjacent": ("a.js", "function show(box, name) {\n  box.insertAdjacentHTML('beforeend', name);\n}\n", 2),
    "answer": (
        "a.ts",
        "export function page(req: Request, res: Response) {\n  res.send(`<h1>${req.query.title}</h1>`);\n}\n",
        2,
    ),
    "react": (
        "a.tsx",
        "export function Note({ body }: P) {\n  return <p dangerouslySetInnerHTML={{ __html: body }} />;\n}\n",
        2,
    ),
    "page": ("a.js", "function page(name) {\n  return `<html><body>${name}</body></html>`;\n}\n", 2),
    "python page": ("a.py", "def page(request):\n    return f\"<h1>{request.args['title']}</h1>\"\n", 2),
    "markup": ("a.py", "def badge(name):\n    return Markup(f'<b>{name}</b>')\n", 2),
    "safe mark": ("a.py", "def badge(name):\n    return mark_safe('<b>' + name + '</b>')\n", 2),
    "response": ("a.py", "def page(request):\n    return HttpResponse(f'<p>{request.GET[\"q\"]}</p>')\n", 2),
    "template off": ("a.py", "env = Environment(loader=loader, autoescape=False)\n", 1),
}
SAFE_XSS = {
    "text": ("a.ts", "export function show(box: HTMLElement, name: string) {\n  box.textContent = name;\n}\n"),
    "escaped": (
        "a.ts",
        "export function show(box: HTMLElement, name: string) {\n  box.innerHTML = `<b>${escapeHtml(name)}</b>`;\n}\n",
    ),
    "escaped before": (
        "a.js",
        "function show(box, name) {\n  const safe = escapeHtml(name);\n  box.innerHTML = `<b>${safe}</b>`;\n}\n",
    ),
    "purified": ("a.js", "function show(box, html) {\n  box.innerHTML = DOMPurify.sanitize(html);\n}\n"),
    "constant": ("a.js", "function clear(box) {\n  box.innerHTML = '';\n  box.outerHTML = '<p></p>';\n}\n"),
    "number": (
        "a.ts",
        "export function show(box: HTMLElement, count: number) {\n  box.innerHTML = `<b>${count}</b>`;\n}\n",
    ),
    "json": (
        "a.ts",
        "export function page(req: Request, res: Response) {\n  res.json({ title: req.query.title });\n}\n",
    ),
    "jsx": ("a.tsx", "export function Note({ body }: P) {\n  return <p className={body}>{body}</p>;\n}\n"),
    "generic": ("a.ts", "export function first<T>(list: Array<T>): T | undefined {\n  return list[0];\n}\n"),
    "python escaped": ("a.py", "def page(request):\n    return f\"<h1>{escape(request.args['title'])}</h1>\"\n"),
    "format_html": ("a.py", "def badge(name):\n    return format_html('<b>{}</b>', name)\n"),
    "file": ("a.py", "def save(out, name):\n    out.write(f'<name>{name}</name>')\n"),
    "comparison": ("a.py", "def less(a, b):\n    return f'{a} < {b}'\n"),
}


@pytest.mark.parametrize("case", SQL)
def test_sql_injection_is_found(case: str) -> None:
    path, content, line = SQL[case]
    assert flaws(path, content) == [("sql_injection", line)]


@pytest.mark.parametrize("case", SAFE_SQL)
def test_safe_sql_is_left_alone(case: str) -> None:
    assert flaws(*SAFE_SQL[case]) == []


@pytest.mark.parametrize("case", XSS)
def test_cross_site_scripting_is_found(case: str) -> None:
    path, content, line = XSS[case]
    assert flaws(path, content) == [("xss", line)]


@pytest.mark.parametrize("case", SAFE_XSS)
def test_safe_pages_are_left_alone(case: str) -> None:
    assert flaws(*SAFE_XSS[case]) == []


KEY = "AKIA" + "7QXZ2MPL4RTV9WNB"  # put together, so that scanners of this repository find nothing
OTHERS = [
    ("hardcoded_secret", "a.py", f'ACCESS = "{KEY}"\n'),
    ("hardcoded_secret", "a.py", 'DB_PASSWORD = "tR7$kq9!vLw2"\n'),
    ("hardcoded_secret", "a.py", 'connect(host="db", password="tR7$kq9!vLw2")\n'),
    ("hardcoded_secret", "a.ts", "export const config = { apiKey: 'q8Zp2Lm5Vx9Rt3Kw' };\n"),
    ("hardcoded_secret", "deploy/values.yaml", f"key: {KEY}\n"),
    ("command_injection", "a.py", "import os\ndef ping(host):\n    os.system(f'ping {host}')\n"),
    (
        "command_injection",
        "a.py",
        "import subprocess\ndef ping(host):\n    subprocess.run('ping ' + host, shell=True)\n",
    ),
    (
        "command_injection",
        "a.js",
        "const { exec } = require('child_process');\nfunction p(h) {\n  exec(`ping ${h}`);\n}\n",
    ),
    ("code_injection", "a.py", "def run(text):\n    return eval(text)\n"),
    ("code_injection", "a.js", "function run(text) {\n  return new Function('x', text);\n}\n"),
    ("insecure_deserialization", "a.py", "import pickle\ndef load(data):\n    return pickle.loads(data)\n"),
    ("insecure_deserialization", "a.py", "import yaml\ndef load(data):\n    return yaml.load(data)\n"),
    ("path_traversal", "a.py", "def get(request):\n    return open('files/' + request.args['name'])\n"),
    ("path_traversal", "a.js", "function get(req, res) {\n  fs.readFile(path.join(root, req.query.name), done);\n}\n"),
    ("unverified_certificate", "a.py", "def get(url):\n    return httpx.get(url, verify=False)\n"),
    ("unverified_certificate", "a.js", "const agent = new https.Agent({ rejectUnauthorized: false });\n"),
    (
        "weak_cryptography",
        "a.py",
        "import hashlib\ndef store(password):\n    return hashlib.md5(password.encode()).hexdigest()\n",
    ),
]
HARMLESS = [
    ("a.py", 'PASSWORD = os.environ["PASSWORD"]\n'),
    ("a.py", 'PASSWORD = "changeme"\ntoken = "your-token-here"\n'),
    ("a.py", 'PASSWORD_FIELD = "password"\nSECRET_HEADER = "X-Secret-Name"\n'),
    ("tests/test_a.py", 'PASSWORD = "tR7$kq9!vLw2"\n'),
    ("a.py", "import subprocess\ndef ping(host):\n    subprocess.run(['ping', host])\n"),
    ("a.py", "import os, shlex\ndef ping(host):\n    os.system('ping ' + shlex.quote(host))\n"),
    ("a.py", "def get():\n    os.system('ls')\n    eval('1 + 1')\n"),
    ("a.js", "const m = /a(b)/.exec(text + more);\n"),
    (
        "a.py",
        "import yaml\ndef load(data):\n    return yaml.safe_load(data), yaml.load(data, Loader=yaml.CSafeLoader)\n",
    ),
    ("a.py", "import json\ndef load(data):\n    return json.loads(data)\n"),
    ("a.py", "def get(name):\n    return open('files/' + name)\n"),
    ("a.py", "def get(request):\n    return open('files/' + secure_filename(request.args['name']))\n"),
    ("a.py", "def get(url):\n    return httpx.get(url, verify=CA_FILE)\n"),
    ("a.py", "import hashlib\ndef etag(content):\n    return hashlib.md5(content).hexdigest()\n"),
]


@pytest.mark.parametrize(("type_", "path", "content"), OTHERS)
def test_other_vulnerabilities_are_found(type_: str, path: str, content: str) -> None:
    assert [found for found, _ in flaws(path, content)] == [type_]


@pytest.mark.parametrize(("path", "content"), HARMLESS)
def test_harmless_code_is_left_alone(path: str, content: str) -> None:
    assert flaws(path, content) == []


SLOW = [
    (
        "n_plus_one",
        "a.py",
        'def f(db, ids):\n    for one in ids:\n        db.execute("SELECT a FROM b WHERE c = %s", (one,))\n',
        3,
    ),
    ("n_plus_one", "a.py", "def f(repo, ids):\n    return [repo.find_one(one) for one in ids]\n", 2),
    (
        "n_plus_one",
        "a.ts",
        "async function f(r: R, ids: string[]) {\n  for (const id of ids) {\n    await r.findById(id);\n  }\n}\n",
        3,
    ),
    (
        "n_plus_one",
        "a.ts",
        "const f = (r: R, ids: string[]) =>\n  Promise.all(ids.map(async (id) => r.users.findUnique({ id })));\n",
        2,
    ),
    ("quadratic_loop", "a.py", "def f(xs):\n    for a in xs:\n        for b in xs:\n            g(a, b)\n", 3),
    ("quadratic_loop", "a.js", "function f(xs) {\n  return xs.filter((x) => xs.some((y) => y.id === x.id));\n}\n", 2),
    (
        "quadratic_loop",
        "a.js",
        "function f(xs) {\n  for (let i = 0; i < xs.length; i++) {\n    for (let j = 0; j < xs.length; j++) {\n"
        "      g(xs[i], xs[j]);\n    }\n  }\n}\n",
        3,
    ),
    ("blocking_io", "a.py", "import time\nasync def f():\n    time.sleep(1)\n", 3),
    ("blocking_io", "a.ts", "async function f() {\n  return fs.readFileSync('a');\n}\n", 2),
]
FAST = [
    (
        "a.py",
        'def f(db, ids):\n    db.execute("SELECT a FROM b WHERE c = ANY(%s)", (ids,))\n'
        "    for one in ids:\n        g(one)\n",
    ),
    ("a.py", "def f(db, statements):\n    for statement in statements:\n        db.execute(statement)\n"),
    ("a.py", "def f(xs, ys):\n    for a in xs:\n        for b in ys:\n            g(a, b)\n"),
    ("a.py", "def f(xs):\n    for a in xs:\n        g(a)\n    for a in xs:\n        g(a)\n"),
    ("a.js", "function f(xs) {\n  return xs.filter((x) => x.open).map((x) => x.id);\n}\n"),
    ("a.py", "import time, asyncio\nasync def f():\n    await asyncio.sleep(1)\ndef g():\n    time.sleep(1)\n"),
]


@pytest.mark.parametrize(("type_", "path", "content", "line"), SLOW)
def test_performance_flaws_are_found(type_: str, path: str, content: str, line: int) -> None:
    assert flaws(path, content, FlawKind.PERFORMANCE) == [(type_, line)]


@pytest.mark.parametrize(("path", "content"), FAST)
def test_fast_code_is_left_alone(path: str, content: str) -> None:
    assert flaws(path, content, FlawKind.PERFORMANCE) == []


def test_the_scanner_says_type_severity_weakness_and_place() -> None:
    found = answer(SCANNER, pull_request(change(*SQL["template"][:2]), change("b.js", XSS["document"][1])))
    assert found.checks == {"security_scan_passed": False}
    assert found.failure_reasons == ["sql_injection", "xss"]
    assert [(one.type, one.severity, one.cwe, one.path, one.line) for one in found.findings] == [
        ("sql_injection", Severity.HIGH, "CWE-89", "a.ts", 2),
        ("xss", Severity.MEDIUM, "CWE-79", "b.js", 2),
    ]


def test_the_testing_specialist_fails_on_a_performance_flaw_and_says_where() -> None:
    found = answer(TESTING, pull_request(change("src/a.py", SLOW[0][2])))
    assert found.checks == {"performance_tests_passed": False}
    assert [(one.type, one.path, one.line) for one in found.findings] == [("n_plus_one", "src/a.py", 3)]


def test_every_flaw_is_known_by_one_name_and_weaknesses_by_their_number() -> None:
    assert len({flaw.type for flaw in FLAWS}) == len(FLAWS)
    assert all(flaw.cwe for flaw in FLAWS if flaw.kind is FlawKind.SECURITY)
