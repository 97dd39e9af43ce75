"""The page's addresses: what each one shows, and what each form does."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import quote, urlencode

import orjson
from pydantic import ValidationError
from sqlalchemy import Connection
from starlette.requests import Request
from starlette.responses import Response

from QMSLibrary.contract import pages, routes
from QMSLibrary.contract.dashboard import Alert, View, Widget, WidgetConfig
from QMSLibrary.contract.faults import faults
from QMSLibrary.contract.identity import LogInRequest, Token
from QMSLibrary.contract.roles import Role
from QMSLibrary.contract.services import Service
from QMSLibrary.reference.dashboard.alerts import acknowledge, resolve
from QMSLibrary.reference.dashboard.widgets import configure
from QMSLibrary.reference.kernel.blueprint import Blueprint, WebPage
from QMSLibrary.reference.kernel.context import Context
from QMSLibrary.reference.kernel.identity import ANONYMOUS, Identity
from QMSLibrary.reference.kernel.peers import PeerUnreachable
from QMSLibrary.reference.kernel.refusals import Refusal, not_found

from . import session
from .looking import card, cards_of
from .rendering import STATIC_NAMES, page, see_other, static
from .words import VIEWS

Act = Callable[[Connection, Context, str, Identity, str], Alert]
ACTS: Final[dict[str, tuple[routes.Route, Act, str]]] = {
    # What a button on an alert is called: the route whose role it needs, what it does, what it is in words.
    "acknowledge": (routes.ACKNOWLEDGE_ALERT, acknowledge, "Acknowledging an alert"),
    "resolve": (routes.RESOLVE_ALERT, resolve, "Resolving an alert"),
}
_DONE: Final = {
    "acknowledge": "The alert is acknowledged. Its escalation is yours now.",
    "resolve": "The alert is resolved, and its escalation with it.",
    "configure": "The card is shown like this from now on, for everybody.",
}
_THEMES: Final = ("auto", "light", "dark")
_OWN_VIEW: Final = re.compile(r"/dashboard/[a-z]+(\?[A-Za-z0-9_.%=&~+-]*)?")
_YEAR: Final = 31536000


def add_to(service: Blueprint) -> None:
    """Show the page."""
    site = _Site(service.context)
    for name, method, path, answer in (
        ("page_home", "GET", pages.HOME, site.home),
        ("page_view", "GET", pages.VIEW, site.view),
        ("page_card", "GET", pages.CARD, site.one_card),
        ("page_log_in_form", "GET", pages.LOG_IN, site.log_in_form),
        ("page_log_in", "POST", pages.LOG_IN, site.log_in),
        ("page_log_out", "POST", pages.LOG_OUT, site.log_out),
        ("page_theme", "POST", pages.THEME, site.theme),
        ("page_act_on_alert", "POST", pages.ACT_ON_ALERT, site.act_on_alert),
        ("page_configure", "POST", pages.CONFIGURE, site.configure),
        ("page_static", "GET", pages.STATIC, site.static),
    ):
        service.page(WebPage(name, method, path, answer, site.refuse, site.who))


class _Site:
    def __init__(self, context: Context) -> None:
        self.context = context

    # --- looking
    async def home(self, request: Request, correlation_id: str) -> Response:
        identity = self.who(request)
        if identity is ANONYMOUS:
            return see_other(pages.LOG_IN)
        return see_other(pages.VIEW.format(view=pages.VIEW_OF_ROLE[Role(identity.role)]))

    async def view(self, request: Request, correlation_id: str) -> Response:
        wanted = _view(request)
        identity = self.who(request)
        if identity is ANONYMOUS:
            return see_other(f"{pages.LOG_IN}?{urlencode({'back': _here(request)})}")
        repository = _repository(request)

        def work(connection: Connection) -> list[Any]:
            return [card(connection, self.context, wanted, key, repository) for key in cards_of(wanted)]

        shown = await self.context.store.read(work)
        return page(
            "view.html.j2",
            **self._common(request, identity),
            view=wanted,
            cards=shown,
            repository=repository,
            done=_DONE.get(request.query_params.get("done", "")),
        )

    async def one_card(self, request: Request, correlation_id: str) -> Response:
        wanted, key = _view(request), request.path_params["card"]
        identity = session.logged_in(self.who(request))
        repository = _repository(request)
        shown = await self.context.store.read(
            lambda connection: card(connection, self.context, wanted, key, repository)
        )
        return page(
            "one_card.html.j2", **self._common(request, identity), view=wanted, card=shown, repository=repository
        )

    async def static(self, request: Request, correlation_id: str) -> Response:
        name = request.path_params["name"]
        if name not in STATIC_NAMES:
            raise not_found("file", name)
        return static(name)

    # --- coming and going
    async def log_in_form(self, request: Request, correlation_id: str) -> Response:
        if self.who(request) is not ANONYMOUS:
            return see_other(pages.HOME)
        return self._log_in_page(request, _own(request.query_params.get("back")))

    async def log_in(self, request: Request, correlation_id: str) -> Response:
        fields = await session.form_of(request, of_session=False)
        back, name = _own(fields.get("back")), fields.get("username", "").strip()
        try:
            wanted = LogInRequest(username=name, password=fields.get("password", ""))
        except ValidationError:
            return self._log_in_page(request, back, name, "Type your name and your password.", 422)
        try:
            answer = await self.context.peers.call(
                Service.ORCHESTRATION, routes.LOG_IN, content=wanted.model_dump_json().encode(),
                correlation_id=correlation_id,
            )  # fmt: skip
        except PeerUnreachable as error:
            said = (
                "Nobody can log in at the moment: the orchestration service, which knows the accounts, gives no "
                f"answer ({error})."
            )
            return self._log_in_page(request, back, name, said, 503)
        if answer.status_code != routes.LOG_IN.status:
            said = "There is no account with this name and password. Check both and try again."
            if answer.status_code != 401:
                said = f"The orchestration service refused the log-in: {_detail(answer.content)}"
            return self._log_in_page(request, back, name, said, answer.status_code)
        token = Token.model_validate_json(answer.content)
        response = see_other(back or pages.HOME)
        session.begin(response, self.context, token.access_token, token.expires_in)
        return response

    async def log_out(self, request: Request, correlation_id: str) -> Response:
        session.logged_in(self.who(request))
        await session.form_of(request)
        response = see_other(pages.LOG_IN)
        session.end(response, self.context)
        return response

    async def theme(self, request: Request, correlation_id: str) -> Response:
        # Anybody may choose the colours, also on the log-in page; it concerns this browser alone.
        fields = await session.form_of(request, of_session=False)
        wanted = fields.get("theme", "")
        if wanted not in _THEMES:
            raise Refusal(422, "invalid_body", f"There is no theme {wanted!r}. There are: {', '.join(_THEMES)}.")
        response = see_other(_own(fields.get("back")) or pages.HOME)
        response.set_cookie(pages.THEME_COOKIE, wanted, max_age=_YEAR, samesite="strict")
        return response

    # --- acting
    async def act_on_alert(self, request: Request, correlation_id: str) -> Response:
        identity = session.logged_in(self.who(request))
        fields = await session.form_of(request)
        alert_id, name = request.path_params["alert_id"], request.path_params["act"]
        if name not in ACTS:
            raise not_found("act on an alert", name)
        route, act, what = ACTS[name]
        session.must(identity, route, request, what)
        await self.context.store.write(
            lambda connection: act(connection, self.context, alert_id, identity, correlation_id)
        )
        return see_other(_back(fields, name))

    async def configure(self, request: Request, correlation_id: str) -> Response:
        identity = session.logged_in(self.who(request))
        fields = await session.form_of(request)
        session.must(identity, routes.CONFIGURE_WIDGET, request, "Changing how a card is shown")
        name = request.path_params["widget"]
        if name not in set(Widget):
            raise not_found("card", name)
        given = {key: value for key, value in fields.items() if key != "back" and value.strip()}
        try:
            wanted = WidgetConfig.model_validate(given)
        except ValidationError as error:
            raise Refusal(422, "invalid_body", f"The card stays as it is: {'; '.join(faults(error))}.") from None
        await self.context.store.write(
            lambda connection: configure(connection, self.context, Widget(name), wanted, identity, correlation_id)
        )
        return see_other(_back(fields, "configure"))

    # --- what the kernel asks
    def who(self, request: Request) -> Identity:
        return session.who(request, self.context)

    def refuse(self, request: Request, refusal: Refusal) -> Response:
        identity = self.who(request)
        if refusal.status == 401:
            return self._log_in_page(request, None, "", refusal.detail, 401)
        home = pages.HOME if identity is ANONYMOUS else pages.VIEW.format(view=pages.VIEW_OF_ROLE[Role(identity.role)])
        return page("refused.html.j2", refusal.status, **self._common(request, identity), refusal=refusal, home=home)

    # ---
    def _common(self, request: Request, identity: Identity) -> dict[str, Any]:
        theme = request.cookies.get(pages.THEME_COOKIE)
        return {
            "identity": None if identity is ANONYMOUS else identity,
            "role": None if identity is ANONYMOUS else Role(identity.role),
            "csrf": session.csrf_of(request),
            "may": {name: session.may(identity, route) for name, (route, _, _) in ACTS.items()}
            | {"configure": session.may(identity, routes.CONFIGURE_WIDGET)},
            "theme": theme if theme in _THEMES else "auto",
            "here": _own(_here(request)) or pages.HOME,
            "now": self.context.now(),
            "pages": pages,
            "urlencode": urlencode,
        }

    def _log_in_page(
        self, request: Request, back: str | None, name: str = "", said: str | None = None, status: int = 200
    ) -> Response:
        return page(
            "log_in.html.j2", status, **self._common(request, ANONYMOUS), back=back, username=name[:128], said=said
        )


def _view(request: Request) -> View:
    name = request.path_params["view"]
    if name not in set(View):
        raise Refusal(
            404, "not_found", f"There is no view {name!r}. There is: {', '.join(one for one, _ in VIEWS.values())}."
        )
    return View(name)


def _repository(request: Request) -> str | None:
    return request.query_params.get("repository", "").replace("\x00", "").strip() or None


def _here(request: Request) -> str:
    kept = {name: value for name, value in request.query_params.items() if name == "repository"}
    return request.url.path + (f"?{urlencode(kept)}" if kept else "")


def _own(path: str | None) -> str | None:
    """``path``, if it is a view of this page: nobody is led elsewhere."""
    return path if path and _OWN_VIEW.fullmatch(path) else None


def _back(fields: Mapping[str, str], done: str) -> str:
    path = _own(fields.get("back")) or pages.HOME
    return path if path == pages.HOME else f"{path}{'&' if '?' in path else '?'}done={quote(done)}"


def _detail(content: bytes) -> str:
    try:
        return str(orjson.loads(content)["detail"])
    except (ValueError, KeyError, TypeError):
        return "it did not say why."
