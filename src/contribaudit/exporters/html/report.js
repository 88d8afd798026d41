"use strict";
(() => {
  // The order of a row is that of rows.py.
  const COLUMNS = ["id", "check", "title", "severity", "outcome", "underlying", "flags", "organization", "label", "name",
    "subject", "kind", "site", "app", "setting", "expected", "observed", "reason", "code", "due", "remediation",
    "console", "controls", "evidence", "waiver"];
  const C = Object.fromEntries(COLUMNS.map((name, place) => [name, place]));
  const data = JSON.parse(document.getElementById("data").textContent);
  const texts = data.texts, rows = data.rows;
  const $ = (id) => document.getElementById(id);
  const text = (row, name) => texts[row[C[name]]];
  const family = (row) => text(row, "check").split("-")[0];
  const STEP = 100, ON_PAPER = 2000;
  const body = document.querySelector("#rows tbody");
  const state = { found: rows, drawn: 0, sort: null, down: false };

  const element = (tag, words, kind) => {
    const made = document.createElement(tag);
    if (words !== undefined) made.textContent = words;
    if (kind) made.className = kind;
    return made;
  };
  const badge = (word) => element("span", word, "badge o-" + word.replaceAll(" ", "-"));

  // Filters

  const haystacks = new Array(rows.length);
  const place = new Map(rows.map((row, number) => [row, number]));
  const haystack = (row) => {
    const number = place.get(row);
    return haystacks[number] ??= [row[C.id], text(row, "check"), text(row, "title"), row[C.label], row[C.name],
      row[C.subject], text(row, "setting"), text(row, "observed"), text(row, "reason"), text(row, "organization"),
      data.outcomes[row[C.outcome]], data.severities[row[C.severity]]].join("\n").toLowerCase();
  };
  const option = (value, words) => {
    const made = element("option", words);
    made.value = value;
    return made;
  };
  const count = (key) => {
    const counts = new Map();
    for (const row of rows) counts.set(key(row), (counts.get(key(row)) ?? 0) + 1);
    return counts;
  };
  const fill = (id, entries) => $(id).replaceChildren(option("", "all"), ...entries);
  const counted = (counts, called = (key) => key) =>
    [...counts].map(([key, number]) => option(key, `${called(key)} (${number})`));
  const inOrder = (counts) => new Map([...counts].sort((one, other) => (one[0] < other[0] ? -1 : 1)));

  const groups = count((row) => data.groups[row[C.outcome]]);
  const GROUPS = ["fails", "unverified", "all the rest"];
  fill("outcome", [
    ...[0, 1].filter((one) => groups.has(one)).map((one) => option("g" + one, `${GROUPS[one]} (${groups.get(one)})`)),
    ...counted(count((row) => row[C.outcome]), (key) => data.outcomes[key])]);
  const severities = count((row) => row[C.severity]);
  fill("severity", counted(new Map([...severities].sort((one, other) => one[0] - other[0])), (key) => data.severities[key]));
  const titles = new Map([...$("family").options].map((one) => [one.value, one.textContent]));
  const families = count(family);
  fill("family", counted(new Map([...titles.keys()].map((key) => [key, families.get(key) ?? 0])), (key) => titles.get(key)));
  fill("check", counted(inOrder(count((row) => text(row, "check")))));
  fill("organization", counted(inOrder(count((row) => text(row, "organization")))));

  const filter = () => {
    const needles = $("q").value.toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = Object.fromEntries(["outcome", "severity", "family", "check", "organization"].map((id) => [id, $(id).value]));
    const fresh = $("new").checked;
    state.found = rows.filter((row) =>
      (!wanted.outcome || (wanted.outcome[0] === "g"
        ? data.groups[row[C.outcome]] === Number(wanted.outcome[1])
        : row[C.outcome] === Number(wanted.outcome)))
      && (!wanted.severity || row[C.severity] === Number(wanted.severity))
      && (!wanted.family || family(row) === wanted.family)
      && (!wanted.check || text(row, "check") === wanted.check)
      && (!wanted.organization || text(row, "organization") === wanted.organization)
      && (!fresh || row[C.flags] & 2)
      && needles.every((needle) => haystack(row).includes(needle)));
    order();
  };

  // Order

  const KEYS = {
    outcome: (row) => data.groups[row[C.outcome]] * 100 + row[C.outcome],
    severity: (row) => row[C.severity],
    check: (row) => text(row, "check"),
    subject: (row) => row[C.label].toLowerCase(),
    why: (row) => text(row, "reason").toLowerCase(),
  };
  const order = () => {
    if (state.sort) {
      const sign = state.down ? -1 : 1;
      const keyed = state.found.map((row) => [KEYS[state.sort](row), row]);
      keyed.sort((one, other) => (one[0] < other[0] ? -sign : one[0] > other[0] ? sign : 0));
      state.found = keyed.map((pair) => pair[1]);
    }
    body.replaceChildren();
    state.drawn = 0;
    draw(STEP);
  };
  for (const button of document.querySelectorAll("#rows [data-sort]")) {
    button.addEventListener("click", () => {
      state.down = state.sort === button.dataset.sort && !state.down;
      state.sort = button.dataset.sort;
      for (const head of document.querySelectorAll("#rows th")) head.setAttribute("aria-sort", "none");
      button.parentElement.setAttribute("aria-sort", state.down ? "descending" : "ascending");
      order();
    });
  }

  // Rows

  const draw = (number) => {
    const next = state.found.slice(state.drawn, state.drawn + number);
    body.append(...next.map(drawn));
    state.drawn += next.length;
    $("more").hidden = state.drawn >= state.found.length;
    const whole = state.found.length === rows.length ? "" : ` of ${rows.length.toLocaleString("en")}`;
    $("shown").textContent = `${state.found.length.toLocaleString("en")}${whole} findings; the first ${state.drawn.toLocaleString("en")} are drawn.`;
  };
  const drawn = (row) => {
    const line = element("tr");
    line.dataset.id = row[C.id];
    const outcome = element("td");
    outcome.append(badge(data.outcomes[row[C.outcome]]));
    if (row[C.flags] & 1) outcome.append(" ", badge("fragile"));
    if (row[C.flags] & 2) outcome.append(" ", badge("new"));
    const check = element("td");
    const open = element("button", text(row, "check"), "open");
    open.type = "button";
    open.setAttribute("aria-expanded", "false");
    open.title = text(row, "title");
    open.addEventListener("click", () => toggle(line, open, row));
    check.append(open);
    line.append(outcome, element("td", data.severities[row[C.severity]]), check,
      element("td", row[C.label], "observed"), element("td", text(row, "reason"), "observed"));
    return line;
  };
  const toggle = (line, open, row) => {
    if (open.getAttribute("aria-expanded") === "true") {
      line.nextElementSibling.remove();
      open.setAttribute("aria-expanded", "false");
      return;
    }
    const below = element("tr", undefined, "details");
    const cell = element("td");
    cell.colSpan = 5;
    cell.append(facts(row));
    below.append(cell);
    line.after(below);
    open.setAttribute("aria-expanded", "true");
  };
  const facts = (row) => {
    const list = element("dl", undefined, "facts");
    const add = (name, value) => {
      if (value) list.append(element("dt", name), element("dd", value, "observed lines"));
    };
    add("Check", `${text(row, "check")}: ${text(row, "title")}`);
    add("Subject", `${row[C.name]} (${text(row, "kind")})`);
    add("Subject ID", row[C.subject]);
    add("Site, app", [text(row, "site"), text(row, "app")].filter(Boolean).join(", "));
    add("Organization", text(row, "organization"));
    add("Setting", text(row, "setting"));
    add("Expected", text(row, "expected"));
    add("Observed", text(row, "observed"));
    add("Why", `${text(row, "reason")} [${text(row, "code")}]`);
    if (row[C.underlying] !== row[C.outcome]) add("Without the waiver", data.outcomes[row[C.underlying]]);
    if (row[C.waiver]) {
      const [because, by, ticket, expires] = row[C.waiver].map((number) => texts[number]);
      add("Waiver", `${because}; approved by ${by}${ticket ? `, ${ticket}` : ""}; until ${expires}`);
    }
    add("Due", text(row, "due"));
    for (const seen of row[C.evidence]) {
      const [grade, source, at, by, second] = seen.slice(0, 5).map((number) => texts[number]);
      const people = [by && `by ${by}`, second && `confirmed by ${second}`].filter(Boolean).join(", ");
      add("Evidence", `${grade}: ${source}, ${at}${people ? `, ${people}` : ""}${seen[5] ? `\nSHA-256 ${seen[5]}` : ""}`);
    }
    if (!row[C.evidence].length) add("Evidence", "none");
    add("What to do", text(row, "remediation"));
    add("Where", text(row, "console"));
    add("Controls", text(row, "controls"));
    add("Finding", row[C.id]);
    return list;
  };

  // Events

  let waiting = 0;
  $("q").addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(filter, 60);
  });
  for (const id of ["outcome", "severity", "family", "check", "organization", "new"]) $(id).addEventListener("change", filter);
  $("filters").addEventListener("submit", (event) => event.preventDefault());
  $("filters").addEventListener("reset", () => setTimeout(filter));
  $("more").addEventListener("click", () => draw(STEP));
  new IntersectionObserver((seen) => {
    if (seen.some((one) => one.isIntersecting) && state.drawn < state.found.length) draw(STEP);
  }, { rootMargin: "600px" }).observe($("more"));
  for (const link of document.querySelectorAll("a.to-list")) {
    link.addEventListener("click", () => {
      $("filters").reset();
      $("check").value = link.dataset.check;
      $("outcome").value = link.dataset.outcome;
      filter();
    });
  }
  addEventListener("beforeprint", () => {
    for (const folded of document.querySelectorAll("details")) folded.open = true;
    if (state.drawn < ON_PAPER) draw(ON_PAPER - state.drawn);
    const left = state.found.length - state.drawn;
    $("paper").textContent = left > 0 ? `and ${left} more findings that are not on paper; the CSV and the JSON hold all.` : "";
  });

  $("list").hidden = false;
  order();
  performance.mark("interactive");
  document.documentElement.dataset.interactive = Math.round(performance.now());
})();
