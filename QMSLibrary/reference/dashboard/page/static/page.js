"use strict";
/* Keeps the page as it would be after a reload: it listens to the live stream and fetches each card that has changed,
   ready-made, from the server. Without this script everything works as well, but stands still. */
(() => {
  const body = document.body;
  const root = document.documentElement;
  const view = body.dataset.view;
  const repository = body.dataset.repository || null;
  const LANGUAGE = navigator.language || "en";

  // --- colours
  const themes = document.querySelector(".themes");
  themes.addEventListener("submit", (event) => {
    const wanted = event.submitter && event.submitter.value;
    if (!wanted) return;
    event.preventDefault();
    root.dataset.theme = wanted;
    document.cookie = `qms_theme=${wanted}; path=/; max-age=31536000; samesite=strict`;
    for (const one of themes.querySelectorAll("button")) one.setAttribute("aria-pressed", String(one.value === wanted));
  });
  if (!view) return;

  // --- times, in the words and the time zone of whoever looks. The server's clock counts, not this machine's.
  const ahead = Date.parse(body.dataset.now) - Date.now();
  const relative = new Intl.RelativeTimeFormat(LANGUAGE, { numeric: "auto" });
  const full = new Intl.DateTimeFormat(LANGUAGE, { dateStyle: "long", timeStyle: "long" });
  const clock = new Intl.DateTimeFormat(LANGUAGE, { timeStyle: "medium" });
  const UNITS = [["day", 86400], ["hour", 3600], ["minute", 60], ["second", 1]];
  const ago = (seconds) => {
    const [unit, size] = UNITS.find(([, one]) => Math.abs(seconds) >= one) || ["second", 1];
    return unit === "second" && Math.abs(seconds) < 5 ? relative.format(0, "second") : relative.format(Math.trunc(seconds / size), unit);
  };
  const tellTimes = (part) => {
    for (const one of part.querySelectorAll("time:not([data-fixed])")) {
      const moment = Date.parse(one.dateTime);
      const words = ago((moment - Date.now() - ahead) / 1000);
      if (one.textContent !== words) one.textContent = words;
      one.title = full.format(moment);
    }
  };
  tellTimes(document);
  setInterval(() => tellTimes(document), 10000);

  // --- messages
  const say = (text, tone) => {
    const one = document.createElement("p");
    one.className = `message ${tone}`;
    one.dataset.message = tone === "good" ? "done" : "refused";
    one.textContent = text;
    document.getElementById("messages").replaceChildren(one);
    if (tone === "bad") one.scrollIntoView({ block: "nearest" });
  };

  // --- cards
  // One at a time: the dashboard makes them one after the other anyway. So what somebody has to see to waits for one other
  // card at most, and what changes while it waits is fetched once.
  const FIRST = ["escalations", "active_alerts"];
  const rank = (card) => (FIRST.includes(card.dataset.card) ? 0 : card.dataset.card === "summary" ? 2 : 1);
  const query = repository ? `?repository=${encodeURIComponent(repository)}` : "";
  const waiting = new Set();
  let working = null;
  const refresh = (...wanted) => {
    for (const one of wanted) waiting.add(one);
    if (!working && waiting.size) working = work();
    return working;
  };
  const work = async () => {
    while (waiting.size) {
      const [card] = [...waiting].sort((one, other) => rank(one) - rank(other));
      waiting.delete(card);
      await fetchCard(card);
    }
    working = null;
  };
  const fetchCard = async (card) => {
    try {
      // One that gets no answer must not keep the others waiting for ever.
      const limit = { cache: "no-store", signal: AbortSignal.timeout(10000) };
      const answer = await fetch(`/dashboard/${view}/cards/${card.dataset.card}${query}`, limit);
      if (answer.status === 401) { waiting.clear(); ended(); return; }
      if (answer.ok) replace(card, await answer.text());
    } catch (error) {
      // The connection is lost, or nobody answers; what is missing is fetched when it is back.
    }
  };
  const replace = (card, html) => {
    const made = new DOMParser().parseFromString(html, "text/html").querySelector("[data-card]");
    const old = card.querySelector("[data-body]");
    const fresh = document.importNode(made.querySelector("[data-body]"), true);
    const focused = old.contains(document.activeElement) ? document.activeElement.id : "";
    const scrolled = [...old.querySelectorAll(".scroll, .decisions")].map((one) => [one.scrollLeft, one.scrollTop]);
    tellTimes(fresh);
    old.replaceWith(fresh);
    [...fresh.querySelectorAll(".scroll, .decisions")].forEach((one, index) => one.scrollTo(...(scrolled[index] || [0, 0])));
    const title = card.querySelector("h2");
    const words = made.querySelector("h2").textContent;
    if (title.textContent !== words) title.textContent = words;
    card.dataset.refresh = made.dataset.refresh || "";
    if (focused) (document.getElementById(focused) || fresh.querySelector("button, a, [tabindex]") || document.getElementById("main")).focus();
  };
  const cards = () => [...document.querySelectorAll("[data-card]")];
  const refreshAll = () => refresh(...cards());
  const refreshFor = (topic, state) => {
    const concerned = cards().filter((one) => one.dataset.topics.split(" ").some((each) => each === topic || each === `${topic}=${state}`));
    // The figures at the top are made of everything else, so they come after what somebody may be looking at.
    for (const one of concerned) setTimeout(() => refresh(one), one.dataset.card === "summary" ? 60 : 0);
  };

  // --- forms: sent without leaving the page
  document.addEventListener("submit", async (event) => {
    const form = event.target;
    if (!form.closest("[data-card]") || form.method !== "post") return;
    event.preventDefault();
    const button = form.querySelector("button");
    document.getElementById("messages").replaceChildren();
    button.disabled = true;
    try {
      const answer = await fetch(form.action, { method: "POST", body: new URLSearchParams(new FormData(form)) });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const said = page.querySelector("[data-message]");
      if (answer.status === 401) { ended(); return; }
      say(said ? said.textContent : answer.ok ? "Done." : "That was not done.", answer.ok ? "good" : "bad");
      const settings = form.closest("details");
      if (settings && answer.ok) { settings.open = false; settings.querySelector("summary").focus(); }
      await refreshAll();
    } catch (error) {
      say("The dashboard gives no answer, so nothing was done. Try again when the connection is back.", "bad");
    } finally {
      button.disabled = false;
    }
  });
  document.addEventListener("keydown", (event) => {
    const open = event.key === "Escape" && document.querySelector(".settings[open]");
    if (open) { open.open = false; open.querySelector("summary").focus(); }
  });

  // --- the live stream
  const TOPICS = ["workflow", "alert", "escalation", "routing", "agent"];
  const MOST_CHANGES = 50;
  let socket = null;
  let last = null; // the newest sequence number that is on the page
  let tries = 0;
  let over = false; // the session has ended
  let alive = null;

  const connection = (state, words) => {
    if (body.dataset.connection === state) return;
    body.dataset.connection = state;
    document.querySelector("#connection .word").textContent = words;
  };
  const ended = () => {
    over = true;
    connection("lost", "Session ended");
    say("Your session has ended. Reload the page to log in again.", "bad");
    if (socket) socket.close();
  };
  const connect = () => {
    if (over) return;
    if (body.dataset.connection === "off") connection("connecting", "Connecting …");
    const mine = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/api/live`);
    socket = mine;
    mine.onopen = () => {
      mine.send(JSON.stringify({ op: "subscribe", topics: TOPICS, repository, after: last }));
      listen(mine);
    };
    mine.onmessage = (event) => { listen(mine); hear(JSON.parse(event.data)); };
    mine.onclose = () => {
      clearTimeout(alive);
      if (socket !== mine || over) return;
      connection("lost", "Connection lost, trying again");
      // At once the first time, then ever less often, and not all browsers in the same moment.
      const pause = tries === 0 ? 100 : Math.min(250 * 2 ** tries, 5000) * (0.75 + Math.random() / 2);
      tries += 1;
      setTimeout(connect, pause);
    };
  };
  // A connection may be dead without a word: ask now and then, and begin a new one if nothing comes back.
  const listen = (mine) => {
    clearTimeout(alive);
    alive = setTimeout(() => {
      if (mine.readyState !== WebSocket.OPEN) return;
      mine.send('{"op": "ping"}');
      alive = setTimeout(() => mine.close(), 5000);
    }, 15000);
  };
  const hear = (message) => {
    if (message.op === "ready") {
      tries = 0;
      connection("live", "Live");
      // What happened between the making of the page and now was told to nobody.
      if (last === null) { last = message.sequence; refreshAll(); }
    } else if (message.op === "gone") {
      last = null;
      refreshAll();
    } else if (message.op === "update") {
      if (last !== null && message.sequence <= last) return; // it is on the page already
      last = message.sequence;
      note(message);
      refreshFor(message.topic, message.change.state);
    }
  };
  const SENTENCES = {
    workflow: (one) => [one.title || one.id, (one.state || "").replaceAll("_", " ").toLowerCase()],
    alert: (one) => [`Alert “${one.title}”`, one.state],
    escalation: (one) => [`Escalation “${one.reason || one.type}”`, one.state],
    routing: (one) => ["Routing", (one.assignments || []).map((each) => each.agent_id).join(", ") || "nobody was available"],
    agent: (one) => [one.agent_id, `${one.health}, ${one.load} of ${one.load_capacity} tasks`],
  };
  const note = (message) => {
    const list = document.getElementById("changes");
    const [what, now] = (SENTENCES[message.topic] || (() => [message.topic, ""]))(message.change);
    const item = document.createElement("li");
    item.dataset.sequence = message.sequence;
    item.className = "fresh";
    const time = document.createElement("time");
    time.dateTime = message.time;
    time.dataset.fixed = "";
    time.title = full.format(Date.parse(message.time));
    time.textContent = clock.format(Date.parse(message.time));
    const words = document.createElement("span");
    words.textContent = now ? `${what}: ${now}` : what;
    item.append(time, words);
    list.prepend(item);
    while (list.children.length > MOST_CHANGES) list.lastChild.remove();
  };
  // Without the stream, look as often as each card wants it.
  let looked = 0;
  setInterval(() => {
    looked += 1;
    if (over || body.dataset.connection === "live" || document.hidden) return;
    cards().filter((one) => looked % Number(one.dataset.refresh || 5) === 0).forEach((one) => refresh(one));
  }, 1000);
  window.addEventListener("online", () => { tries = 0; if (!socket || socket.readyState === WebSocket.CLOSED) connect(); });
  window.addEventListener("pagehide", () => { over = true; if (socket) socket.close(); });
  window.addEventListener("pageshow", (event) => { if (event.persisted) location.reload(); });
  connect();
})();
