"use strict";
(() => {
  // The order of a row is that of rows.py.
  const COLUMNS = ["id", "check", "title", "severity", "outcome", "underlying", "flags", "organization", "label", "name",
    "subject", "kind", "site", "app", "setting", "expected", "observed", "reason", "code", "due", "remediation",
    "console", "controls", "evidence", "waiver", "rule"];
  const C = Object.fromEntries(COLUMNS.map((name, place) => [name, place]));
  const data = JSON.parse(document.getElementById("data").textContent);
  const texts = data.texts, rows = data.rows;
  const $ = (id) => document.getElementById(id);
  const text = (row, name) => texts[row[C[name]]];
  const asked = new Map([...$("family").options].flatMap((one) => one.dataset.checks.split(" ").map((check) => [check, one.value])));
  const family = (row) => asked.get(text(row, "check")) ?? text(row, "check").split("-")[0];
  const PIECE = 100, ON_PAPER = 1000, GUESS = 44;
  const table = $("rows");
  const found = { rows, sort: "", down: false, open: new Set(), pieces: [] };

  const element = (tag, words, kind) => {
    const made = document.createElement(tag);
    if (words !== undefined) made.textContent = words;
    if (kind) made.className = kind;
    return made;
  };
  const badge = (word) => element("span", word, "badge o-" + word.replaceAll(" ", "-"));
  const many = (number) => number.toLocaleString("en");
  const inNumbers = (number, one) => `${many(number)} ${one}${number === 1 ? "" : "s"}`;

  // What is chosen stands in the address: "#findings?outcome=fail&site=acme.atlassian.net"

  const FACETS = ["outcome", "severity", "family", "check", "site", "organization"];
  const CHIPS = ["set", "setting", "kind", "fragile"];
  const NO_SITE = "no site"; // as in picture.py
  const LIST = "#findings", ONE = "#finding-";
  const address = () => location.hash.startsWith(LIST)
    ? new URLSearchParams(location.hash.slice(LIST.length + 1)) : new URLSearchParams();
  let choices = address();

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
    [...counts].filter(([key]) => key !== "").map(([key, number]) => option(key, `${called(key)} (${many(number)})`));
  const inOrder = (counts) => new Map([...counts].sort((one, other) => (one[0] < other[0] ? -1 : 1)));

  const TOGETHER = [["fail,conflict,not_achievable", "all that fail"], ["unknown,stale", "all unverified"]];
  const outcomes = count((row) => row[C.outcome]);
  const together = TOGETHER.map(([value, words]) => [value, words, value.split(",")
    .reduce((sum, key) => sum + (outcomes.get(data.keys.indexOf(key)) ?? 0), 0)]);
  fill("outcome", [...together.filter((one) => one[2]).map(([value, words, number]) => option(value, `${words} (${many(number)})`)),
    ...[...outcomes].map(([key, number]) => option(data.keys[key], `${data.outcomes[key]} (${many(number)})`))]);
  const severities = [...count((row) => row[C.severity])].sort((one, other) => one[0] - other[0]);
  fill("severity", severities.map(([key, number]) => option(data.severities[key], `${data.severities[key]} (${many(number)})`)));
  const titles = new Map([...$("family").options].map((one) => [one.value, one.textContent]));
  const families = count(family);
  fill("family", counted(new Map([...titles.keys()].map((key) => [key, families.get(key) ?? 0])), (key) => titles.get(key)));
  for (const id of ["check", "site", "organization"]) fill(id, counted(inOrder(count((row) => text(row, id)))));

  const show = () => {
    $("q").value = choices.get("q") ?? "";
    $("new").checked = choices.has("new");
    for (const id of FACETS) {
      const value = choices.get(id) ?? "";
      if (value && ![...$(id).options].some((one) => one.value === value))
        $(id).append(option(value, value.split(",").map((one) => data.outcomes[data.keys.indexOf(one)] ?? one).join(", ")));
      $(id).value = value;
    }
    const chips = CHIPS.filter((key) => choices.get(key)).map((key) => {
      const value = choices.get(key);
      const words = key === "set" ? data.sets[value]?.[0] ?? value : key === "fragile" ? "fragile passes" : `${key} ${value}`;
      const chip = element("button", words, "chip");
      chip.type = "button";
      chip.setAttribute("aria-label", `Remove the filter ${words}`);
      chip.addEventListener("click", () => choose(key, ""));
      return chip;
    });
    $("chips").replaceChildren(...chips.flatMap((chip) => [chip, " "]));
    $("chips").hidden = !chips.length;
  };
  const choose = (key, value) => {
    if (value) choices.set(key, value); else choices.delete(key);
    const told = choices.toString();
    history.replaceState(null, "", told ? `${LIST}?${told}` : LIST);
    show();
    filter();
  };

  // Filters

  const haystacks = new Array(rows.length);
  const place = new Map(rows.map((row, number) => [row, number]));
  const haystack = (row) => {
    const number = place.get(row);
    return haystacks[number] ??= [row[C.id], text(row, "check"), text(row, "title"), row[C.label], row[C.name],
      row[C.subject], text(row, "setting"), text(row, "observed"), text(row, "reason"), text(row, "organization"),
      data.outcomes[row[C.outcome]], data.severities[row[C.severity]]].join("\n").toLowerCase();
  };
  const filter = () => {
    const needles = (choices.get("q") ?? "").toLowerCase().split(/\s+/).filter(Boolean);
    const wanted = Object.fromEntries([...FACETS, ...CHIPS].map((key) => [key, choices.get(key) ?? ""]));
    const its = new Set(wanted.outcome.split(",").map((key) => data.keys.indexOf(key)));
    const settings = new Set(wanted.setting.split(",")), kinds = new Set(wanted.kind.split(","));
    const flags = (choices.has("new") ? 2 : 0) | (wanted.fragile ? 1 : 0);
    const among = wanted.set && new Set(data.sets[wanted.set]?.[1] ?? []);
    found.rows = rows.filter((row, number) =>
      (!wanted.outcome || its.has(row[C.outcome]))
      && (!wanted.severity || data.severities[row[C.severity]] === wanted.severity)
      && (!wanted.family || family(row) === wanted.family)
      && (!wanted.check || text(row, "check") === wanted.check)
      && (!wanted.site || (text(row, "site") || NO_SITE) === wanted.site)
      && (!wanted.organization || text(row, "organization") === wanted.organization)
      && (!wanted.kind || kinds.has(text(row, "kind")))
      && (!wanted.setting || settings.has(text(row, "setting")))
      && (row[C.flags] & flags) === flags
      && (!among || among.has(number))
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
    const [, sign, key] = /^(-?)(.*)$/.exec(choices.get("sort") ?? "");
    found.sort = key in KEYS ? key : "";
    found.down = found.sort !== "" && sign === "-";
    for (const button of table.querySelectorAll("[data-sort]")) {
      const mine = button.dataset.sort === found.sort;
      button.parentElement.setAttribute("aria-sort", mine ? (found.down ? "descending" : "ascending") : "none");
    }
    if (found.sort) {
      const turn = found.down ? -1 : 1;
      const keyed = found.rows.map((row) => [KEYS[found.sort](row), row]);
      keyed.sort((one, other) => (one[0] < other[0] ? -turn : one[0] > other[0] ? turn : 0));
      found.rows = keyed.map((pair) => pair[1]);
    }
    lay();
  };
  for (const button of table.querySelectorAll("[data-sort]")) {
    button.addEventListener("click", () => {
      const key = button.dataset.sort;
      choose("sort", found.sort === key && !found.down ? `-${key}` : key);
    });
  }

  // Only the first piece and those near the window hold rows; each other is one empty row, as high as its rows.

  const near = new IntersectionObserver((seen) => {
    for (const one of seen) if (one.isIntersecting) draw(one.target); else clear(one.target);
  }, { rootMargin: "1200px" });
  const numbers = new WeakMap();
  const of = (piece) => found.rows.slice(numbers.get(piece) * PIECE, (numbers.get(piece) + 1) * PIECE);
  const lay = () => {
    near.disconnect();
    for (const piece of found.pieces) piece.remove();
    found.pieces = [];
    for (let number = 0; number * PIECE < found.rows.length; number++) {
      const piece = element("tbody");
      numbers.set(piece, number);
      found.pieces.push(piece);
      if (number) gap(piece, GUESS * of(piece).length); else draw(piece);
    }
    table.append(...found.pieces);
    table.setAttribute("aria-rowcount", found.rows.length + 1);
    for (const piece of found.pieces) near.observe(piece);
    const part = found.rows.length === rows.length ? "" : `${many(found.rows.length)} of `;
    $("shown").textContent = `${part}${inNumbers(rows.length, "finding")}`;
  };
  const gap = (piece, height) => {
    const line = element("tr", undefined, "gap"), cell = element("td");
    cell.colSpan = 5;
    cell.style.height = `${height}px`;
    line.append(cell);
    piece.replaceChildren(line);
    piece.classList.add("away");
  };
  const draw = (piece) => {
    if (piece.firstChild && !piece.classList.contains("away")) return;
    piece.classList.remove("away");
    const first = numbers.get(piece) * PIECE;
    piece.replaceChildren(...of(piece).flatMap((row, number) => {
      const line = drawn(row, first + number);
      return found.open.has(row[C.id]) ? [line, details(row)] : [line];
    }));
  };
  const clear = (piece) => {
    if (!numbers.get(piece) || piece.classList.contains("away") || piece.contains(document.activeElement)) return;
    const height = piece.getBoundingClientRect().height;
    if (height) gap(piece, height);
  };
  const drawn = (row, number) => {
    const line = element("tr");
    line.dataset.id = row[C.id];
    line.setAttribute("aria-rowindex", number + 2);
    const outcome = element("td");
    outcome.append(badge(data.outcomes[row[C.outcome]]));
    if (row[C.flags] & 1) outcome.append(" ", badge("fragile"));
    if (row[C.flags] & 2) outcome.append(" ", badge("new"));
    const check = element("td");
    const open = element("button", text(row, "check"), "open");
    open.type = "button";
    open.setAttribute("aria-expanded", String(found.open.has(row[C.id])));
    open.setAttribute("aria-label", `${text(row, "check")}: details`);
    open.title = text(row, "title");
    open.addEventListener("click", () => toggle(line, open, row));
    check.append(open);
    const why = element("td", text(row, "reason"), "observed");
    const beside = [["expected", text(row, "expected")], ["observed", text(row, "observed")], ["finding", row[C.id]]];
    why.append(element("span", beside.filter((one) => one[1]).map((one) => one.join(" ")).join("; "), "paper small"));
    line.append(outcome, element("td", data.severities[row[C.severity]]), check, element("td", row[C.label], "observed"), why);
    return line;
  };
  const toggle = (line, open, row) => {
    const opened = !found.open.has(row[C.id]);
    open.setAttribute("aria-expanded", String(opened));
    if (opened) {
      found.open.add(row[C.id]);
      line.after(details(row));
    } else {
      found.open.delete(row[C.id]);
      line.nextElementSibling.remove();
    }
  };
  const details = (row) => {
    const below = element("tr", undefined, "details"), cell = element("td");
    cell.colSpan = 5;
    cell.append(facts(row));
    below.append(cell);
    return below;
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
    add("Rule", text(row, "rule"));
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
      add("Evidence", `${source.startsWith(grade) ? "" : `${grade}: `}${source}, ${at}${people ? `, ${people}` : ""}${seen[5] ? `\nSHA-256 ${seen[5]}` : ""}`);
    }
    if (!row[C.evidence].length) add("Evidence", "none");
    add("What to do", text(row, "remediation"));
    add("Where", text(row, "console"));
    add("Controls", text(row, "controls"));
    const link = element("a", row[C.id]);
    link.href = ONE + row[C.id];
    const cell = element("dd");
    cell.append(link);
    list.append(element("dt", "Finding"), cell);
    return list;
  };

  // Where an address leads

  const arrive = () => {
    if (location.hash.startsWith(ONE)) {
      reach(location.hash.slice(ONE.length));
    } else if (location.hash.startsWith(LIST)) {
      choices = address();
      show();
      filter();
      $("h-findings").scrollIntoView();
    }
  };
  const reach = (id) => {
    let number = found.rows.findIndex((row) => row[C.id] === id);
    if (number < 0) {
      choices = new URLSearchParams();
      show();
      filter();
      number = found.rows.findIndex((row) => row[C.id] === id);
    }
    if (number < 0) return;
    found.open.add(id);
    const piece = found.pieces[Math.floor(number / PIECE)];
    gap(piece, GUESS);
    draw(piece);
    const open = piece.querySelector(`tr[data-id="${CSS.escape(id)}"] .open`);
    open.scrollIntoView({ block: "center" });
    open.focus({ preventScroll: true });
  };

  // Events

  let waiting = 0;
  $("q").addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(() => choose("q", $("q").value), 60);
  });
  for (const id of FACETS) $(id).addEventListener("change", () => choose(id, $(id).value));
  $("new").addEventListener("change", () => choose("new", $("new").checked ? "1" : ""));
  $("filters").addEventListener("submit", (event) => event.preventDefault());
  $("filters").addEventListener("reset", (event) => {
    event.preventDefault();
    choices = new URLSearchParams();
    choose("q", "");
  });
  addEventListener("hashchange", arrive);
  addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input, select, textarea");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      $("q").focus();
      $("q").scrollIntoView({ block: "center" });
    }
  });
  addEventListener("beforeprint", () => {
    near.disconnect();
    found.pieces.forEach((piece, number) => {
      piece.hidden = number * PIECE >= ON_PAPER;
      if (!piece.hidden) draw(piece);
    });
    const left = found.rows.length - ON_PAPER;
    $("paper").textContent = left > 0 ? `and ${inNumbers(left, "more finding")} not on paper; findings.csv and report.json hold all.` : "";
  });
  addEventListener("afterprint", () => {
    for (const piece of found.pieces) {
      piece.hidden = false;
      near.observe(piece);
    }
  });

  $("list").hidden = false;
  show();
  filter();
  if (location.hash) arrive();
  performance.mark("interactive");
  document.documentElement.dataset.interactive = Math.round(performance.now());
})();
