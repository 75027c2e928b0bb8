"""The world of one demo LMS: everything it knows, in memory, behind one lock."""

from collections import Counter, deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import RLock
from typing import Any

from tests.demo_lms import model
from tests.demo_lms.config import Config
from tests.demo_lms.faults import Faults
from tests.demo_lms.keys import PlatformKeys, ToolKeys, random_id
from tests.demo_lms.model import Context, Deployment, Enrolment, LineItem, Link, MemberStatus, Person, Tool
from tests.demo_lms.vocabulary import COURSE_SECTION, Notice, Role, Scope

SERVED_KEPT = 20_000


class Unknown(LookupError):
    """The LMS knows nothing by that name; the text says what was asked for."""


class World:
    """State of the LMS. Tests read it freely and change it through its methods; both while it serves.

    Whoever looks and then acts on what was seen (a nonce, a token, a score's time) holds `lock` meanwhile.
    """

    def __init__(self, config: Config, keys: PlatformKeys | None = None) -> None:
        self.config = config
        self.lock = RLock()
        self.keys = keys or PlatformKeys()
        self.tool_keys = ToolKeys()
        self.faults = Faults()
        self.people: dict[str, Person] = {}
        self.contexts: dict[str, Context] = {}
        self.enrolments: dict[tuple[str, str], Enrolment] = {}
        """By (context id, person id)."""
        self.tools: dict[str, Tool] = {}
        self.deployments: dict[str, Deployment] = {}
        self.links: dict[str, Link] = {}
        self.line_items: dict[str, LineItem] = {}
        self.scores: list[model.Score] = []
        self.results: dict[tuple[str, str], model.Result] = {}
        """By (line item id, person id)."""
        self.locked: set[tuple[str, str]] = set()
        """Grades that a teacher locked, by (line item id, person id)."""
        self.attempts: dict[tuple[str, str], int] = {}
        """Posts that were new submissions, by (line item id, person id), where they are counted."""
        self.sign_ins: dict[str, str] = {}
        self.launches: dict[str, model.Launch] = {}
        self.deep_linkings: dict[str, model.Launch] = {}
        """Deep linking requests that were sent and wait for their answer, by launch id."""
        self.registration_tokens: dict[str, model.RegistrationToken] = {}
        self.access_tokens: dict[str, model.AccessToken] = {}
        self.groups: dict[str, model.Group] = {}
        self.notice_handlers: dict[tuple[str, Notice], str] = {}
        """Addresses of tools that want to be told, by (deployment id, type of notice)."""
        self.told: list[model.Told] = []
        self._used: set[tuple[str, str, str]] = set()
        self.served: deque[model.Served] = deque(maxlen=SERVED_KEPT)
        self.most_at_once: Counter[str | None] = Counter()
        """The most requests that were under way at once, by endpoint."""
        self._at_once: Counter[str | None] = Counter()
        self._offset = timedelta()
        self.last_number = 0

    # Time

    def now(self) -> datetime:
        """The LMS's clock, in UTC."""
        return datetime.now(UTC) + self._offset

    def travel(self, ahead: timedelta) -> None:
        """Move the LMS's clock; negative to set it back."""
        self._offset += ahead

    def use_once(self, kind: str, client_id: str, value: str) -> bool:
        """Whether this is the first time that a tool comes with this nonce or `jti`; it is used from now on."""
        with self.lock:
            if (kind, client_id, value) in self._used:
                return False
            self._used.add((kind, client_id, value))
            return True

    # People and contexts

    def number(self) -> str:
        """A fresh small number as text, as LMSs give their things; skips what is taken."""
        kinds = (self.people, self.contexts, self.deployments, self.links, self.line_items)
        with self.lock:
            self.last_number += 1
            while any(str(self.last_number) in kind for kind in kinds):
                self.last_number += 1
            return str(self.last_number)

    def add_person(
        self,
        key: str,
        name: str,
        *,
        id: str | None = None,
        standing: str = "",
        institution_roles: tuple[Role, ...] = (Role.INSTITUTION_INSTRUCTOR,),
        locale: str = "en-US",
    ) -> Person:
        """Give somebody an account. Like the district's staff, a person is an Instructor of the institution."""
        given, _, family = name.partition(" ")
        with self.lock:
            person = Person(
                id=id or self.number(),
                key=key,
                given_name=given,
                family_name=family,
                email=f"{key}@riverbend.example.org",
                standing=standing,
                institution_roles=institution_roles,
                locale=locale,
            )
            self.people[person.id] = person
        return person

    def add_people(self, number: int, context: Context | str, *, role: Role = Role.LEARNER) -> list[Person]:
        """Enrol that many more people, for rosters and load."""
        start = len(self.people)
        people = [self.add_person(f"member-{n:05}", f"Member {n:05}") for n in range(start, start + number)]
        for person in people:
            self.enrol(person, context, role)
        return people

    def person(self, who: Person | str) -> Person:
        """Somebody by id or key ("ada"); Unknown otherwise."""
        if isinstance(who, Person):
            return who
        found = self.people.get(who) or next((p for p in list(self.people.values()) if p.key == who), None)
        if found is None:
            raise Unknown(f"person {who!r}")
        return found

    def add_context(
        self,
        title: str,
        *,
        id: str | None = None,
        label: str = "",
        types: tuple[str, ...] = (COURSE_SECTION,),
        history: tuple[str, ...] = (),
    ) -> Context:
        context = Context(id=id or self.number(), label=label or title, title=title, types=types, history=history)
        with self.lock:
            self.contexts[context.id] = context
        return context

    def context(self, which: Context | str) -> Context:
        """A context by id or label; Unknown otherwise."""
        if isinstance(which, Context):
            return which
        found = self.contexts.get(which) or next((c for c in list(self.contexts.values()) if c.label == which), None)
        if found is None:
            raise Unknown(f"context {which!r}")
        return found

    def enrol(
        self,
        person: Person | str,
        context: Context | str,
        role: Role = Role.LEARNER,
        status: MemberStatus = MemberStatus.ACTIVE,
    ) -> Enrolment:
        """Put a person into a context, or change role or status there."""
        enrolment = Enrolment(
            person_id=self.person(person).id,
            context_id=self.context(context).id,
            role=role,
            status=status,
            changed_at=self.now(),
        )
        with self.lock:
            self.enrolments[enrolment.context_id, enrolment.person_id] = enrolment
        return enrolment

    def unenrol(self, person: Person | str, context: Context | str) -> None:
        """Take a person out; the roster's differences tell of it."""
        with self.lock:
            old = self.enrolments[self.context(context).id, self.person(person).id]
            self.enrol(old.person_id, old.context_id, old.role, MemberStatus.DELETED)

    def enrolment(self, person: Person | str, context: Context | str) -> Enrolment | None:
        """How a person is in a context now, or None."""
        found = self.enrolments.get((self.context(context).id, self.person(person).id))
        return None if found is None or found.status is MemberStatus.DELETED else found

    def add_group(self, name: str, *people: Person | str, context: Context | str) -> model.Group:
        """Make a group of a context; the people's entries in its roster change."""
        place = self.context(context)
        group = model.Group(
            id=f"g{self.number()}",
            context_id=place.id,
            name=name,
            person_ids=frozenset(self.person(one).id for one in people),
        )
        with self.lock:
            self.groups[group.id] = group
            self._touch(place, group.person_ids)
        return group

    def change_group(self, group: model.Group, *people: Person | str) -> model.Group:
        """Put other people into a group."""
        changed = replace(group, person_ids=frozenset(self.person(one).id for one in people))
        with self.lock:
            self.groups[group.id] = changed
            self._touch(self.contexts[group.context_id], group.person_ids ^ changed.person_ids)
        return changed

    def groups_in(self, context: Context | str) -> list[model.Group]:
        place = self.context(context).id
        with self.lock:
            return [group for group in self.groups.values() if group.context_id == place]

    def _touch(self, context: Context, people: Iterable[str]) -> None:
        for person in people:
            enrolment = self.enrolments[context.id, person]
            self.enrolments[context.id, person] = replace(enrolment, changed_at=self.now())

    def members(self, context: Context | str) -> list[Enrolment]:
        """Enrolments of a context, in the order they were made."""
        place = self.context(context).id
        with self.lock:
            return [e for e in self.enrolments.values() if e.context_id == place and e.status != MemberStatus.DELETED]

    def may_teach(self, person: Person, context: Context) -> bool:
        """Whether a person may place links and see everybody's grades: its instructors and administrators."""
        enrolment = self.enrolment(person, context)
        return person.is_administrator or (enrolment is not None and enrolment.role is Role.INSTRUCTOR)

    def may_enter(self, person: Person, context: Context) -> bool:
        enrolment = self.enrolment(person, context)
        return person.is_administrator or (enrolment is not None and enrolment.status is MemberStatus.ACTIVE)

    # Tools

    def add_tool(
        self,
        origin: str,
        *,
        initiate_login_uri: str,
        redirect_uris: Iterable[str],
        jwks_uri: str,
        target_link_uri: str,
        name: str = "Practicum",
        scopes: Iterable[Scope] = tuple(Scope),
        claims: tuple[str, ...] = ("name", "given_name", "family_name", "email"),
        client_id: str | None = None,
        active: bool = True,
        **more: Any,
    ) -> tuple[Tool, Deployment]:
        """Register a tool by hand, as an administrator types it in; `more` as in `Tool`."""
        tool = Tool(
            client_id=client_id or self.config.habits.client_id or random_id(),
            name=name,
            initiate_login_uri=initiate_login_uri,
            redirect_uris=tuple(redirect_uris),
            jwks_uri=jwks_uri,
            target_link_uri=target_link_uri,
            domain=origin.partition("://")[2],
            scopes=tuple(scopes),
            claims=claims,
            active=active,
            **more,
        )
        with self.lock:
            self.tools[tool.client_id] = tool
            return tool, self.deploy(tool, id=self.config.habits.deployment_id)

    def deploy(
        self, tool: Tool, contexts: Iterable[Context | str] | None = None, *, id: str | None = None
    ) -> Deployment:
        """Make a further deployment of a tool, for the whole site or for some contexts."""
        covered = None if contexts is None else tuple(self.context(one).id for one in contexts)
        deployment = Deployment(id=id or self.number(), client_id=tool.client_id, context_ids=covered)
        with self.lock:
            self.deployments[deployment.id] = deployment
        return deployment

    def tool(self, client_id: str | None = None) -> Tool:
        """A tool by client id; without one, the only tool there is. Unknown otherwise."""
        with self.lock:
            if client_id is None and len(self.tools) == 1:
                return next(iter(self.tools.values()))
            if client_id in self.tools:
                return self.tools[client_id]
        raise Unknown(f"tool {client_id!r}")

    def change_tool(self, client_id: str, **changes: Any) -> Tool:
        """Change fields of a registered tool, `active` among them."""
        with self.lock:
            changed = replace(self.tool(client_id), **changes)
            self.tools[client_id] = changed
        return changed

    def change_context(self, context: Context | str, **changes: Any) -> Context:
        """Change fields of a context, its days among them."""
        with self.lock:
            changed = replace(self.context(context), **changes)
            self.contexts[changed.id] = changed
        return changed

    def change_link(self, link: Link, **changes: Any) -> Link:
        """Change fields of a placed link, its days among them."""
        with self.lock:
            changed = replace(self.links[link.id], **changes)
            self.links[link.id] = changed
        return changed

    def remove_tool(self, client_id: str) -> None:
        """Delete a registration with its deployments; links and grades stay, as they do in an LMS."""
        with self.lock:
            del self.tools[client_id]
            self.deployments = {key: d for key, d in self.deployments.items() if d.client_id != client_id}

    def deployment_in(self, tool: Tool, context: Context) -> Deployment:
        """The deployment by which a tool reaches a context: one made for it before the whole site's."""
        with self.lock:
            reaching = [d for d in self.deployments.values() if d.client_id == tool.client_id and d.covers(context.id)]
        if not reaching:
            raise Unknown(f"deployment of {tool.name} in {context.title}")
        return min(reaching, key=lambda deployment: deployment.context_ids is None)

    def new_registration_token(
        self, *, client_id: str | None = None, always_new: bool = False, tool_url: str | None = None
    ) -> str:
        """Leave to register once within an hour. Same tool again updates it, unless `always_new`."""
        token = model.RegistrationToken(
            token=random_id(),
            expires_at=self.now() + timedelta(hours=1),
            client_id=client_id,
            always_new=always_new,
            tool_url=tool_url,
        )
        with self.lock:
            self.registration_tokens[token.token] = token
        return token.token

    # Links and columns

    def add_link(
        self,
        title: str,
        *,
        context: Context | str,
        tool: Tool | None = None,
        url: str | None = None,
        deployment: Deployment | None = None,
        **more: Any,
    ) -> Link:
        """Place a link by hand; `more` as in `Link` (custom, text)."""
        place, client = self.context(context), tool or self.tool()
        used = deployment or self.deployment_in(client, place)
        link = Link(
            id=self.number(),
            context_id=place.id,
            client_id=client.client_id,
            deployment_id=used.id,
            title=title,
            url=url or client.target_link_uri,
            **more,
        )
        with self.lock:
            self.links[link.id] = link
        return link

    def add_line_item(self, label: str, *, link: Link, score_maximum: float = 100, **more: Any) -> LineItem:
        """Make a column that belongs to a link; `more` as in `LineItem`."""
        item = LineItem(
            id=self.number(),
            context_id=link.context_id,
            client_id=link.client_id,
            label=label,
            score_maximum=score_maximum,
            resource_link_id=link.id,
            **more,
        )
        with self.lock:
            self.line_items[item.id] = item
        return item

    def remove_line_item(self, id: str) -> None:
        """Delete a column and what the gradebook shows in it; the history of posts stays."""
        with self.lock:
            del self.line_items[id]
            self.results = {place: result for place, result in self.results.items() if place[0] != id}

    def links_in(self, context: Context | str) -> list[Link]:
        place = self.context(context).id
        with self.lock:
            return [link for link in self.links.values() if link.context_id == place]

    def line_items_in(self, context: Context | str) -> list[LineItem]:
        place = self.context(context).id
        with self.lock:
            return [item for item in self.line_items.values() if item.context_id == place]

    def line_items_of(self, link: Link) -> list[LineItem]:
        with self.lock:
            return [item for item in self.line_items.values() if item.resource_link_id == link.id]

    def copy_context(self, context: Context | str, title: str) -> Context:
        """Copy a context as LMSs do: links with address and custom parameters, columns with resourceId and tag.

        Link, column and context get new ids and nobody is enrolled; the histories tell where they come from.
        """
        source = self.context(context)
        with self.lock:
            copy = self.add_context(title, types=source.types, history=(source.id, *source.history))
            for link in self.links_in(source):
                twin = replace(link, id=self.number(), context_id=copy.id, history=(link.id, *link.history))
                self.links[twin.id] = twin
                for item in self.line_items_of(link):
                    column = replace(item, id=self.number(), context_id=copy.id, resource_link_id=twin.id)
                    self.line_items[column.id] = column
            for item in self.line_items_in(source):
                if item.resource_link_id is None:
                    column = replace(item, id=self.number(), context_id=copy.id)
                    self.line_items[column.id] = column
        return copy

    # What was received

    def posts(self, person: Person | str | None = None, line_item: LineItem | str | None = None) -> list[model.Score]:
        """Accepted score posts, oldest first: everybody's, or those for one person, or in one column."""
        who = None if person is None else self.person(person).id
        column = line_item.id if isinstance(line_item, LineItem) else line_item
        with self.lock:
            return [
                score
                for score in self.scores
                if (who is None or score.user_id == who) and (column is None or score.line_item_id == column)
            ]

    def result(self, person: Person | str, line_item: LineItem | str) -> model.Result | None:
        """What the gradebook shows for a person in a column."""
        column = line_item.id if isinstance(line_item, LineItem) else line_item
        return self.results.get((column, self.person(person).id))

    @contextmanager
    def counted(self, endpoint: str | None) -> Iterator[None]:
        """Count a request as under way."""
        with self.lock:
            self._at_once[endpoint] += 1
            self.most_at_once[endpoint] = max(self.most_at_once[endpoint], self._at_once[endpoint])
        try:
            yield
        finally:
            with self.lock:
                self._at_once[endpoint] -= 1

    def requests_to(self, endpoint: str) -> list[model.Served]:
        """Requests that reached an endpoint ("oauth.token"), oldest first."""
        return [served for served in list(self.served) if served.endpoint == endpoint]
