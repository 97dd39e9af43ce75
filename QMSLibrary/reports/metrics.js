// Brings robotframework-metrics' page to life without anything from the network: sections, sorting, searching, charts.
"use strict";

const STATUS_COLORS = { Pass: "#2ecc71", Fail: "#fc6666", Skip: "#ffa500", "Failed and caught": "#a9b4bf" };

// --- sections
function showSection(name) {
  const known = document.getElementById(name) ? name : "dashboard";
  for (const section of document.querySelectorAll(".section")) section.style.display = section.id === known ? "" : "none";
  for (const link of document.querySelectorAll(".nav-link")) {
    link.classList.toggle("active", link.dataset.target === known);
  }
}
window.addEventListener("hashchange", () => showSection(location.hash.slice(1)));

// --- functions that the page's own markup calls
function openInNewTab(url) {
  window.open(url, "_blank", "noopener");
}
function updateDetails(id) {
  for (const content of document.querySelectorAll(".suite-content")) content.style.display = "none";
  const wanted = document.getElementById(id + "_details");
  if (wanted) wanted.style.display = "block";
}
function filterSuites() {}
function filterByStatus(status) {
  for (const card of document.querySelectorAll(".suite-card")) {
    card.style.display = status === "all" || card.dataset.status === status ? "" : "none";
  }
}

// --- tables
function value(row, column) {
  const text = row.cells[column] ? row.cells[column].textContent.trim() : "";
  const number = Number(text);
  return text !== "" && !Number.isNaN(number) ? number : text.toLowerCase();
}
function compare(a, b) {
  if (typeof a === typeof b) return a < b ? -1 : a > b ? 1 : 0;
  return typeof a === "number" ? -1 : 1;
}
for (const table of document.querySelectorAll("table.display")) {
  const body = table.tBodies[0];
  [...table.tHead.rows[0].cells].forEach((heading, column) => {
    let direction = 1;
    heading.addEventListener("click", () => {
      const rows = [...body.rows].sort((a, b) => direction * compare(value(a, column), value(b, column)));
      direction = -direction;
      body.append(...rows);
    });
  });
  const searches = table.tFoot ? [...table.tFoot.rows[0].cells].map((cell) => cell.querySelector("input")) : [];
  const search = () => {
    for (const row of body.rows) {
      const fits = searches.every(
        (input, column) => !input || row.cells[column].textContent.toLowerCase().includes(input.value.toLowerCase())
      );
      row.style.display = fits ? "" : "none";
    }
  };
  for (const input of searches) if (input) input.addEventListener("input", search);
}

// --- charts, drawn from the figures in the page's tables
function rowsOf(id) {
  const table = document.getElementById(id);
  return table ? [...table.tBodies[0].rows].map((row) => [...row.cells].map((cell) => cell.textContent.trim())) : [];
}
function svg(name, attributes, text) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, content] of Object.entries(attributes)) element.setAttribute(key, content);
  if (text !== undefined) element.textContent = text;
  return element;
}
function donut(id, counts) {
  const place = document.getElementById(id);
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  if (!place || !total) return;
  const chart = svg("svg", { viewBox: "0 0 42 42", width: 220, height: 220, role: "img" });
  let begun = 25; // twelve o'clock
  for (const [name, count] of Object.entries(counts)) {
    const share = (count / total) * 100;
    const ring = svg("circle", {
      cx: 21, cy: 21, r: 15.9155, fill: "none", stroke: STATUS_COLORS[name], "stroke-width": 6,
      "stroke-dasharray": `${share} ${100 - share}`, "stroke-dashoffset": begun,
    });
    ring.append(svg("title", {}, `${name}: ${count}`));
    if (count) chart.append(ring);
    begun -= share;
  }
  const share = `${Math.round((counts.Pass / total) * 100)} %`;
  chart.append(svg("text", { x: 21, y: 23.5, "text-anchor": "middle", "font-size": 7, fill: "#444" }, share));
  place.replaceChildren(chart);
}
function stack(id, counts) {
  const place = document.getElementById(id);
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  if (!place) return;
  if (!total) {
    place.textContent = "none";
    return;
  }
  const bar = document.createElement("div");
  bar.className = "stack";
  for (const [name, count] of Object.entries(counts)) {
    if (!count) continue;
    const part = document.createElement("div");
    part.style.flexGrow = count;
    part.style.background = STATUS_COLORS[name];
    part.title = `${name}: ${count}`;
    part.textContent = count;
    bar.append(part);
  }
  place.replaceChildren(bar);
}
function bars(id, entries, color) {
  const place = document.getElementById(id);
  if (!place) return;
  if (!entries.length) {
    place.textContent = "none";
    return;
  }
  const most = Math.max(...entries.map(([, count]) => count), 1);
  place.replaceChildren(
    ...entries.map(([name, count]) => {
      const line = document.createElement("div");
      line.className = "bar";
      const label = document.createElement("span");
      label.textContent = name;
      label.title = name;
      const bar = document.createElement("i");
      bar.style.width = `${(count / most) * 55}%`;
      bar.style.background = color;
      const figure = document.createElement("b");
      figure.textContent = count;
      line.append(label, bar, figure);
      return line;
    })
  );
}
function statuses(rows, column) {
  const counts = { Pass: 0, Fail: 0, Skip: 0 };
  for (const row of rows) {
    const name = row[column].charAt(0) + row[column].slice(1).toLowerCase();
    if (name in counts) counts[name] += 1;
  }
  return counts;
}
function byDuration(tests) {
  const limits = [0.1, 0.3, 1, 3, 10, 30, 100, Infinity];
  const counts = limits.map(() => 0);
  for (const test of tests) counts[limits.findIndex((limit) => Number(test[3]) <= limit)] += 1;
  return limits.map((limit, place) => [limit === Infinity ? "longer" : `up to ${limit} s`, counts[place]]);
}
const suites = rowsOf("sm");
const tests = rowsOf("tm");
const keywords = rowsOf("kmt");
const total = (column) => keywords.reduce((sum, row) => sum + Number(row[column]), 0);
const failedKeywords = total(2);
const counted = document.querySelector("#kmt td.caught");
const caughtKeywords = counted ? total(3) : 0;
const skippedKeywords = counted ? total(4) : 0;
donut("testPie", statuses(tests, 2));
stack("suitePie", statuses(suites, 1));
stack("keywordPie", {
  Pass: total(1) - failedKeywords - caughtKeywords - skippedKeywords,
  "Failed and caught": caughtKeywords,
  Skip: skippedKeywords,
  Fail: failedKeywords,
});
if (caughtKeywords) {
  const note = document.createElement("p");
  note.className = "note";
  note.textContent = "Grey: failed, and caught, because a test expected it, tried it or waited for it.";
  document.getElementById("keywordPie").after(note);
}
bars(
  "suiteFailureLineID",
  suites.filter((row) => Number(row[4])).sort((a, b) => b[4] - a[4]).slice(0, 10).map((row) => [row[0].split(".").pop(), Number(row[4])]),
  STATUS_COLORS.Fail
);
bars("testExecutionTrends", byDuration(tests), "#7fa8d1");

const firstSuite = document.querySelector(".suite-card");
if (firstSuite) updateDetails(firstSuite.id);
showSection(location.hash.slice(1));
