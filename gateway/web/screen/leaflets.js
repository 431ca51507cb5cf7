/* Leaflets of a waiting-area screen: one at a time, ten seconds each, beside the calls; over the whole screen while there
   is no call. ES2018 and Chrome 69 only; what comes from outside is text, never HTML. */
window.hallLeaflets = function (given) {
  "use strict";

  const TURN_S = 10;
  const box = document.getElementById("leaflets");
  let turn = -1;

  function element(name, kind, text) {
    const made = document.createElement(name);
    made.className = kind;
    made.textContent = text;
    return made;
  }

  function picture(name) {
    const made = element("img", "picture", "");
    made.alt = "";
    made.onerror = function () { made.hidden = true; };
    made.dataset.name = name;
    made.src = given.base + "/pictures/" + name;
    return made;
  }

  function line(columns) {
    const made = element("div", "line", "");
    columns.forEach(function (column) { made.appendChild(element("bdi", "column", column)); });
    return made;
  }

  function sheet(leaflet) {
    const made = element("article", "", ""), inside = element("div", "sheet", "");
    made.hidden = true;
    made.dataset.whole = JSON.stringify(leaflet);
    inside.appendChild(element("h2", "heading", leaflet.title));
    leaflet.rows.forEach(function (columns) { inside.appendChild(line(columns)); });
    made.appendChild(inside);
    if (leaflet.picture) { made.appendChild(picture(leaflet.picture)); }
    return made;
  }

  /* Those that stay are left alone: a picture is not loaded again because a line of another one has changed. */
  function render(leaflets) {
    const before = Array.from(box.children), whole = leaflets.map(function (leaflet) { return JSON.stringify(leaflet); });
    if (before.map(function (each) { return each.dataset.whole; }).join() === whole.join()) { return; }
    const next = leaflets.map(function (leaflet, place) {
      return before.find(function (each) { return each.dataset.whole === whole[place]; }) || sheet(leaflet);
    });
    before.forEach(function (each) { if (next.indexOf(each) < 0) { each.remove(); } });
    next.forEach(function (each) { box.appendChild(each); });
    turn = -1;
  }

  /* Which one has its turn follows from the time alone, so that screens beside each other turn together. */
  function show(milliseconds) {
    const count = box.children.length, now = count ? Math.floor(milliseconds / 1000 / TURN_S) % count : -1;
    if (now === turn) { return; }
    turn = now;
    Array.from(box.children).forEach(function (each, place) { each.hidden = place !== now; });
    layout();
  }

  function layout() {
    const open = Array.from(box.children).find(function (each) { return !each.hidden; });
    if (!open || !box.clientHeight) { return; }
    const inside = open.firstChild, plain = open.querySelector(".line") !== null, height = open.clientHeight;
    given.fit(inside, height * (plain ? 1 : 0.15), Math.min(height * 0.075, open.clientWidth * 0.05));
    const image = open.querySelector("img");
    if (image) { image.style.height = Math.max(0, height - inside.offsetHeight) + "px"; }
  }

  function texts() {
    const found = [];
    Array.from(box.children).forEach(function (each) {
      Array.from(each.firstChild.querySelectorAll(".heading, .column")).forEach(function (text) { found.push(text.textContent); });
      const image = each.querySelector("img");
      found.push(image ? image.dataset.name : "");
    });
    return found;
  }

  function clear() {
    box.textContent = "";
    turn = -1;
  }

  return { render: render, show: show, layout: layout, texts: texts, clear: clear };
};
