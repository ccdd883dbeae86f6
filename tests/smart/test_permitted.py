import ast
from pathlib import Path

from fhir_taper.smart.permitted import Permitted

PACKAGE = Path(__file__).resolve().parents[2] / "fhir_taper"
GUARD = PACKAGE / "writeback" / "guard.py"


def constructions(source: str) -> list[str]:
    """Return what in a module makes a `Permitted`: a call of it, a copy with changes, or getting around its constructor."""
    found = []
    tree = ast.parse(source)
    names = {"Permitted"}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").endswith("smart.permitted"):
            names |= {one.asname for one in node.names if one.asname}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            made = called.rpartition(".")[2] in names
            around = called.endswith(("__new__", "__setattr__", "type")) and any(name in ast.unparse(node) for name in names)
            if made or around:
                found.append(ast.unparse(node))
        if isinstance(node, ast.Assign) and ast.unparse(node.value).rpartition(".")[2] in names:
            found.append(ast.unparse(node))
        if isinstance(node, ast.ClassDef) and any(ast.unparse(base).rpartition(".")[2] in names for base in node.bases):
            found.append(node.name)
    return found


def test_only_the_write_guard_constructs_what_may_be_written() -> None:
    makers = {path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py") if path != GUARD and constructions(path.read_text())}
    assert makers == set()


def test_a_module_that_constructs_it_is_found_however_it_does() -> None:
    planted = [
        "Permitted('POST', '', {})",
        "from fhir_taper.smart.permitted import Permitted as P\nP('POST', '', {})",
        "from fhir_taper.smart import permitted\npermitted.Permitted('POST', '', {})",
        "import fhir_taper.smart.permitted as p\nmake = p.Permitted",
        "class Mine(Permitted): ...",
        "object.__new__(Permitted)",
        "object.__setattr__(Permitted, 'path', '')",
    ]
    assert all(constructions(source) for source in planted)
    assert constructions("def create(permitted: Permitted) -> None: return send(permitted)") == []


def test_its_content_does_not_show() -> None:
    assert "secret" not in repr(Permitted("POST", "Goal", {"note": "secret"}))


SENDING = frozenset({"send", "_send", "_once", "Request", "urlopen", "HTTPConnection", "HTTPSConnection"})
BARE = frozenset({"_send", "urlopen", "HTTPConnection", "HTTPSConnection"})
"""Those that send where they stand without what they are a part of, too."""
VERBS = frozenset({"request", "post", "put", "patch", "delete"})
NO_SENDER = ("router", "said_by_ehr", "works", "charts", "kept", "services.tokens(tenant)")
"""What has such a method and sends nothing: routes of our own pages, and what is kept in memory or in the store."""
SERVERS = ("sandbox/", "cli/demo_walk.py")
"""The demo's own EHR, and the browser that walks through the demo: neither is part of the app."""


def sendings(source: str) -> set[tuple[str, str]]:
    """Return (function, what it calls) of everything that could send another request than a GET: calls, and methods that are handed on."""
    tree = ast.parse(source)
    inside: dict[ast.AST, str] = {}
    for function in ast.walk(tree):  # outer ones first, so that the innermost stays
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            inside |= dict.fromkeys(ast.walk(function), function.name)
    harmless = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call) and _is_get(node)}
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    found = set()
    lookups = [
        node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(("getattr", "methodcaller"))
    ]
    named = {id(argument) for lookup in lookups for argument in lookup.args}
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            is_verb = node.attr in VERBS and id(node) in called and not ast.unparse(node.value).endswith(NO_SENDER)
            could = node.attr in SENDING or is_verb
        else:
            could = isinstance(node, ast.Name) and node.id in BARE
            could = could or (isinstance(node, ast.Constant) and id(node) in named and node.value in SENDING | VERBS)
        if could and id(node) not in harmless:
            found.add((inside.get(node, ""), ast.unparse(node)))
    return found


def _is_get(call: ast.Call) -> bool:
    methods = [*call.args[:1], *(one.value for one in call.keywords if one.arg == "method")]
    return len(methods) == 1 and isinstance(methods[0], ast.Constant) and methods[0].value == "GET"


def test_nothing_but_the_client_and_the_token_endpoint_sends_anything_but_a_get() -> None:
    found = {
        (module, *one)
        for path in PACKAGE.rglob("*.py")
        if not (module := path.relative_to(PACKAGE).as_posix()).startswith(SERVERS)
        for one in sendings(path.read_text())
    }
    assert found == {
        ("smart/client.py", "validate", "self._send"),
        ("smart/client.py", "_write", "self._send"),
        ("smart/client.py", "_send", "self._transport.send"),
        ("smart/launch/token_endpoint.py", "_post", "_send"),
        ("smart/launch/token_endpoint.py", "_send", "transport.send"),
        ("smart/transport.py", "send", "self._once"),
        ("smart/transport.py", "_asked", "self._once"),
        ("smart/transport.py", "_once", "requests.Request"),
        ("smart/transport.py", "_once", "self._session.send"),
        # No requests: what makes one of a draft that the guard permits, and a reader of words.
        ("mappers/read/sig.py", "", "_Reader._once"),
        ("writeback/execute.py", "_one_request", "sender.send"),
        ("writeback/execute.py", "_one_by_one", "sender.send"),
    }


def test_a_module_that_sends_is_found_however_it_does() -> None:
    planted = [
        "services.transport(t).send('PUT', url, headers={})",
        "transport.send(method, url, headers={})",
        "transport.send(url=url, method='DELETE')",
        "transport.send('GET', url, method='POST')",
        "transport.send(*given)",
        "def f(t): ask = t.send; ask('POST', url)",
        "partial(transport.send, 'POST')",
        "getattr(transport, 'send')('POST', url)",
        "client._send('POST', url, {}, permitted)",
        "new_session().post(url)",
        "session.request('PATCH', url)",
        "requests.Session().put(url)",
        "urllib.request.urlopen(url, data)",
    ]
    assert [source for source in planted if not sendings(source)] == []
    assert sendings("transport.send('GET', url, headers={})") == set()
