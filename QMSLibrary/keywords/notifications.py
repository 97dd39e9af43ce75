"""Chapter notifications: who was really told, as the receivers saw it, and receivers that fail."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING

from robot.api.deco import keyword

from QMSLibrary.checks import alerts, notifications
from QMSLibrary.checks.notifications import came_to
from QMSLibrary.checks.verdict import Verdict
from QMSLibrary.client.errors import NotFound
from QMSLibrary.contract.escalations import Channel, Escalation, NotificationState, Stakeholder
from QMSLibrary.contract.receivers import Break, Failure, Received
from QMSLibrary.contract.roles import Role
from QMSLibrary.contract.services import Service
from QMSLibrary.environments import Capability
from QMSLibrary.formats.counts import counted
from QMSLibrary.formats.names import did_you_mean

from .chapter import Chapter
from .errors import KeywordError
from .types import Count

if TYPE_CHECKING:
    from QMSLibrary.environments.receivers import Receivers

E = Escalation | str


class Notifications(Chapter):
    """Keywords about what notifications came to. Where nobody can look at that, the test is skipped and says so."""

    @keyword
    def notification_should_have_reached(
        self,
        person: str,
        escalation: E,
        *,
        channel: Channel | None = None,
        times: Count | None = None,
        within: timedelta = timedelta(seconds=5),
        as_role: Role = Role.DEVELOPER,
    ) -> list[Received]:
        """Waits until somebody has got a message about an escalation, and returns the messages.

        ``person`` is a name of the stakeholders' file. With ``channel`` it must have come by this one and by no other;
        with ``times`` exactly so often, and nothing may be on its way any more. It is the receiver that is asked, not
        the QMS.

        Example:
        | Notification Should Have Reached    qa-lead    ${escalation}    channel=email
        | Notification Should Have Reached    head-of-quality    ${escalation}    times=0

        """
        someone = self._person(person)
        found = self._escalation(escalation, within, as_role)

        def judge(messages: list[Received]) -> Verdict:
            return notifications.reached(messages, someone, channel, found, times)

        def enough(messages: list[Received]) -> bool:
            # What has come stays there, so there are never fewer.
            return judge(messages).passed or (times is not None and len(came_to(messages, someone)) > times)

        messages = self._when(found, enough, within)
        if times is not None and judge(messages).passed:
            self._settled(found, within, Role.QA_LEAD)
            messages = self._receivers.messages(found.id)
        self.require(judge(messages))
        return came_to(messages, someone)

    @keyword
    def nobody_else_should_have_been_notified(
        self,
        escalation: E,
        *people: str,
        within: timedelta = timedelta(seconds=5),
        as_role: Role = Role.QA_LEAD,
    ) -> list[Received]:
        """Fails unless exactly these people were told of an escalation, each once. Returns the messages.

        Without ``people`` they are those who ought to be: of the stakeholders' file all who answer for the repository,
        have an address for a channel of the escalation's level, and belong to its tier or an earlier one. Waits until
        they have been told and nothing is on its way any more.

        Example:
        | Nobody Else Should Have Been Notified    ${escalation}
        | Nobody Else Should Have Been Notified    ${escalation}    qa-lead    review-channel

        """
        for one in people:
            self._person(one)
        found = self._escalation(escalation, within, as_role)
        everybody = self._receivers.stakeholders()
        named = list(people) or [one.name for one in notifications.ought(everybody, found)]
        why = "as the test says" if people else "by the stakeholders' file, for this level, tier and repository"

        def judge(messages: list[Received]) -> Verdict:
            return notifications.nobody_else(messages, everybody, named, found, why)

        self._when(found, lambda got: judge(got).passed, within)
        self._settled(found, within, as_role)
        messages = self._receivers.messages(found.id)
        self.require(judge(messages))
        return messages

    @keyword
    def get_received_messages(
        self, escalation: E, *, within: timedelta = timedelta(seconds=5), as_role: Role = Role.DEVELOPER
    ) -> list[Received]:
        """Returns every message about an escalation that came to a receiver so far, also those that it did not take;
        the oldest first. An escalation that the service does not know yet is waited for.

        Each has ``channel``, ``address``, ``text``, ``taken`` and ``answer``. What the QMS itself says is what
        `Get Notifications` returns.

        Example:
        | ${messages} =    Get Received Messages    ${escalation}
        | Should Not Contain    ${messages}[0].text    4111111111111111

        """
        receivers = self._receivers
        wanted = self._escalation(escalation, within, as_role).id
        found = receivers.messages(wanted)
        self.say(
            f"{counted(len(found), 'message')} about {wanted}.",
            "\n\n".join(f"{one.channel} to {one.address}: {one.answer}\n{one.text}" for one in found),
        )
        return found

    @keyword
    def break_channel(
        self,
        channel: Channel,
        *,
        repository: str | None = None,
        person: str | None = None,
        failure: Failure = Failure.REFUSE,
        first: int | None = None,
    ) -> None:
        """Lets the receiver of a channel fail from now on, until `Mend Channel`.

        It fails for messages that name ``repository``, or are for ``person``, or for the ``first`` so many; all of
        these without any. It can ``refuse``, be ``silent`` (end the connection without an answer) or be ``slow``
        (answer after the sender has given up). In a shared environment a repository is needed.

        Example:
        | Break Channel    email    repository=${REPOSITORY}
        | Break Channel    slack    repository=${REPOSITORY}    failure=silent    first=1

        """
        receivers = self._receivers
        if repository is None:
            self.require_own(
                "and a broken channel would disturb everybody who uses it",
                "the repository whose messages it is broken for, repository=owner/name",
            )
        if first is not None and first < 1:
            raise KeywordError(f"first must be 1 or more, not {first}.")
        address = None
        if person is not None:
            someone = self._person(person)
            address = someone.addresses.get(channel)
            if address is None:
                ways = ", ".join(someone.addresses)
                raise KeywordError(f"{person} has no address for {channel}, only for {ways}.")
        receivers.break_channel(Break(channel=channel, failure=failure, address=address, about=repository, first=first))
        whom = f" for {person}" if person else ""
        what = f" about {repository}" if repository else ""
        self.say(f"The receiver of {channel} fails{whom}{what}: {failure}.")

    @keyword
    def mend_channel(self, *channels: Channel, repository: str | None = None) -> None:
        """Ends what `Break Channel` began: of these channels, of all without any; for a repository, or for all in an
        environment of one's own. There may be nothing to mend.

        Example:
        | Mend Channel    email    repository=${REPOSITORY}
        | [Teardown]    Mend Channel    repository=${REPOSITORY}

        """
        environment = self.session.attached.environment
        if repository is None and not environment.own:
            raise KeywordError(
                f"The environment {environment.name} is shared; mending what others broke would disturb them. Name the "
                "repository that was given to `Break Channel` (repository=…)."
            )
        count = sum(self._receivers.mend(channel, repository) for channel in channels or (None,))
        self.say(f"Mended {', '.join(channels) or 'all channels'}: {count} breaks ended.")

    # --- what several keywords need

    @property
    def _receivers(self) -> Receivers:
        return self.able(Capability.RECEIVERS).receivers

    def _person(self, name: str) -> Stakeholder:
        everybody = self._receivers.stakeholders()
        for one in everybody:
            if one.name == name:
                return one
        names = [one.name for one in everybody]
        raise KeywordError(
            f"There is no stakeholder {name!r}.{did_you_mean(name, names)} There are: {', '.join(names)}."
        )

    def _escalation(self, escalation: E, within: timedelta, role: Role) -> Escalation:
        """As it is now: its tier may have changed since it was asked for. One that is only on its way is waited for."""
        wanted = escalation if isinstance(escalation, str) else escalation.id
        found: list[Escalation] = []

        def look() -> bool:
            try:
                found[:] = [self.qms.escalation.escalation(wanted, role=role)]
            except NotFound:
                return False
            return True

        about = None if isinstance(escalation, str) else escalation.workflow_id
        if not self.eventually(look, within, Service.ESCALATION, about):
            self.require(alerts.unknown(wanted, within))
        return found[0]

    def _when(
        self, escalation: Escalation, enough: Callable[[list[Received]], bool], within: timedelta
    ) -> list[Received]:
        return self._receivers.wait(escalation.id, enough, within.total_seconds())

    def _settled(self, escalation: Escalation, within: timedelta, role: Role) -> None:
        """Wait until the service has nothing on its way: a message too many may come after all that are right."""

        def look() -> bool:
            told = self.qms.escalation.notifications(escalation_id=escalation.id, role=role)
            return all(one.state is not NotificationState.PENDING for one in told)

        self.eventually(look, within, Service.ESCALATION, escalation.workflow_id)
